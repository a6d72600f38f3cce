"""Reading everything that a pack is made of, in the same few statements however many visits there are."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.clock import day_bounds, local_day
from dispatch.devices.fitted import bag_units, fittings_at
from dispatch.devices.models import Fitting, Unit
from dispatch.devices.queries import fitted_by_role
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Warranty
from dispatch.fees.cash_queries import Held, held_by
from dispatch.fees.price_queries import kept_prices, whom_of
from dispatch.fees.price_rules import KeptPrice
from dispatch.fees.queries import asked_of_lines
from dispatch.field.packing.asked import About, everything
from dispatch.field.packing.sheaf import Sheaf, gathered, read_sheaf
from dispatch.field.presenting.day import lines_of
from dispatch.field.queries import SEEN
from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.staff.rules import Actor

AHEAD = timedelta(days=7)
"""So far the days to come are told."""

Inside = Mapping[int, Mapping[str, Mapping[str, Unit]]]


@dataclass(frozen=True)
class Read:
    """A technician's day as the database knows it."""

    by: Actor
    at: datetime
    today: Sequence[Visit]
    ahead: Sequence[Visit]
    bag: Sequence[Unit]
    inside: Inside
    fittings: Mapping[int, Sequence[Fitting]]
    """Line id -> what was changed there and stands."""
    warranties: Mapping[int, Warranty]
    """Line id -> the warranty of a repair as its order found it."""
    prices: Sequence[KeptPrice]
    held: Held | None
    sheaf: Sheaf

    @property
    def day(self) -> date:
        """Today where he works."""
        return local_day(self.at, self.by.zone)

    @cached_property
    def visits_of(self) -> Mapping[int, Sequence[Visit]]:
        """Order id -> its visits, each with those of the day's vehicles that it was for."""
        lines = self.sheaf.by("visit_lines", "visit_id")
        made = self.sheaf.made("visits", Visit)
        for visit in made:
            visit.visit_lines = [VisitLine(line_id=row["line_id"]) for row in lines.get(visit.id, ())]
        return gathered(made, lambda visit: visit.order_id)


def read_day(session: Session, *, by: Actor, device: str | None, at: datetime) -> Read:
    """Read the day of a technician; `device` is the phone whose receipt numbers are asked for."""
    visits = _visits(session, by, at)
    _, tomorrow = day_bounds(local_day(at, by.zone), by.zone)
    ahead = [visit for visit in visits if visit.starts_at >= tomorrow and visit.status == "dispatched"]
    today = [visit for visit in visits if visit not in ahead]
    lines = [line for visit in today for line in lines_of(visit)]
    vehicles = sorted({line.vehicle_id for line in lines})
    of = _about(by, local_day(at, by.zone), device, today, lines)
    fittings = fittings_at(session, of.lines) if of.lines else ()
    return Read(
        by,
        at,
        today,
        ahead,
        bag_units(session, by.id or 0),
        fitted_by_role(session, vehicles) if vehicles else {},
        gathered(fittings, lambda fitting: fitting.line_id),
        _warranties(session, today, by, at),
        kept_prices(session, [whom_of(visit.order) for visit in today], local_day(at, by.zone) - timedelta(days=1)),
        held_by(session, by.id or 0, at=at),
        read_sheaf(session, everything(of)),
    )


def _about(by: Actor, day: date, device: str | None, visits: Sequence[Visit], lines: Sequence[OrderLine]) -> About:
    orders = {visit.order_id for visit in visits}
    customers = {visit.order.customer_id for visit in visits}
    return About(by, day, device, _ids(visits), orders, _ids(lines), {line.vehicle_id for line in lines}, customers)


def _ids(rows: Sequence[Visit] | Sequence[OrderLine]) -> Collection[int]:
    return {row.id for row in rows}


def _visits(session: Session, by: Actor, at: datetime) -> Sequence[Visit]:
    """His visits of today and those he has not begun, as `visits_today` knows them, and those of the next days: one statement."""
    start, end = day_bounds(local_day(at, by.zone), by.zone)
    today = sa.and_(Visit.starts_at >= start, Visit.starts_at < end, Visit.status.in_(SEEN))
    to_come = sa.and_(Visit.starts_at < end + AHEAD, Visit.status == "dispatched")
    order = joinedload(Visit.order)
    line = joinedload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = (
        order.options(joinedload(Order.customer), joinedload(Order.site), joinedload(Order.branch)),
        line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
        joinedload(Visit.technician),
    )
    mine = sa.select(Visit).where(Visit.technician_id == by.id, sa.or_(today, to_come, Visit.status.in_(VISIT_MOVING)))
    return session.scalars(mine.options(*whole).order_by(Visit.starts_at, Visit.id)).unique().all()


def _warranties(session: Session, visits: Sequence[Visit], by: Actor, at: datetime) -> Mapping[int, Warranty]:
    """One statement for what was in the vehicles and one for each zone in which there are any: mostly one."""
    repairs = [visit.order for visit in visits if visit.order.kind == "repair"]
    asked = [
        (visit.order, line, local_day(at, visit.order.branch.zone))
        for visit in visits
        if visit.order in repairs
        for line in lines_of(visit)
    ]
    questions = asked_of_lines(session, asked)
    found: dict[int, Warranty] = {}
    for zone in sorted({order.branch.zone for order in repairs}):
        own = {line.id: questions[line.id] for order, line, _ in asked if order.branch.zone == zone}
        found |= warranties(session, own, zone)
    return found
