"""Reading one order: what it says, how its vehicles and visits stand, and a page of either; there may be thousands."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from dispatch.customers.models import Driver, Vehicle
from dispatch.errors import NotFound
from dispatch.lists import LEAF, Cut, Part
from dispatch.orders.lifecycle import LINE_STATUSES, VISIT_LIVE
from dispatch.orders.models import Approval, ClockNotice, Order, OrderClock, OrderLine, Recall, Visit, VisitLine
from dispatch.orders.queries import visible
from dispatch.orders.standing import Standing
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.search import normalise
from dispatch.staff.rules import Actor

# --- how its vehicles and visits stand


def _counts() -> tuple[sa.ScalarSelect[Any], sa.ScalarSelect[Any]]:
    """SQL: the rows of `Standing` for an order, as JSON in a text: what joins them row by row has to be comparable."""
    sent = Visit.dispatched_at.is_not(None)
    lines = _counted(OrderLine.order_id == Order.id, OrderLine.position, OrderLine.status, OrderLine.model)
    return lines, _counted(Visit.order_id == Order.id, Visit.id, Visit.status, sent)


def _counted(mine: sa.ColumnElement[bool], place: Any, *by: Any) -> sa.ScalarSelect[Any]:
    named = [each.label(f"by_{index}") for index, each in enumerate(by)]
    rows = sa.select(*named, sa.func.count().label("many"), sa.func.min(place).label("first")).where(mine).group_by(*by)
    found = rows.correlate(Order).subquery()
    told = sa.func.jsonb_build_array(*(found.c[each.name] for each in named), found.c.many)
    rows_told = sa.func.jsonb_agg(aggregate_order_by(told, found.c.first))
    return sa.select(sa.func.coalesce(sa.cast(rows_told, sa.Text), "[]")).scalar_subquery()


# --- the order


def order_numbered(session: Session, number: str, by: Actor) -> Order:
    """One order with customer, site, approvals and clocks, and of its vehicles the first.

    Three statements whatever its size: the order with its approvals by word, the approvals, the clocks. Raises NotFound when
    there is none or it is not the reader's.
    """
    return order_standing(session, number, by)[0]


def order_standing(session: Session, number: str, by: Actor) -> tuple[Order, Standing]:
    """The same, with how its vehicles and visits stand; no statement more."""
    first = joinedload(Order.lines.and_(OrderLine.position == 1))
    query = sa.select(Order, *_counts()).where(Order.number == number, visible(by))
    whole = query.options(
        joinedload(Order.customer),
        joinedload(Order.site),
        joinedload(Order.owner),
        joinedload(Order.created_by),
        joinedload(Order.owned),
        joinedload(Order.papers),
        joinedload(Order.left_from).load_only(Order.number),
        first.joinedload(OrderLine.vehicle),
        selectinload(Order.approvals).joinedload(Approval.decided_by),
        selectinload(Order.approvals).joinedload(Approval.requested_by),
        selectinload(Order.approvals).joinedload(Approval.decided_for),
        joinedload(Order.verbal_approvals).options(
            joinedload(VerbalApproval.approver),
            joinedload(VerbalApproval.recorded_by),
            joinedload(VerbalApproval.decided_by),
            joinedload(VerbalApproval.settled_by),
        ),
        selectinload(Order.clocks).joinedload(OrderClock.notices).joinedload(ClockNotice.person),
    )
    found = session.execute(whole).unique().one_or_none()
    if found is None:
        raise NotFound
    return found[0], Standing(json.loads(found[1]), json.loads(found[2]))


def order_and_total(session: Session, number: str, by: Actor) -> tuple[Order, int]:
    """One order and how many vehicles it has, for what shows a part of it. Raises NotFound when it is not the reader's."""
    total = sa.select(sa.func.count()).where(OrderLine.order_id == Order.id).correlate(Order).scalar_subquery()
    found = session.execute(sa.select(Order, total).where(Order.number == number, visible(by))).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def line_at(session: Session, order: Order, position: int) -> OrderLine:
    """One vehicle of an order. Raises NotFound."""
    query = sa.select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.position == position)
    found = session.scalar(query.options(joinedload(OrderLine.vehicle)))
    if found is None:
        raise NotFound
    return found


def lines_named(session: Session, line_ids: Collection[int]) -> dict[int, OrderLine]:
    """Vehicles of orders with their plates, by id."""
    if not line_ids:
        return {}
    query = sa.select(OrderLine).where(OrderLine.id.in_(line_ids)).options(joinedload(OrderLine.vehicle))
    return {line.id: line for line in session.scalars(query)}


# --- its vehicles

_RANK = sa.case({status: rank for rank, status in enumerate(LINE_STATUSES)}, value=OrderLine.status)
LINE_SORTS = {
    "position": (OrderLine.position,),
    "vehicle": (Vehicle.plate, Vehicle.vin, OrderLine.position),
    "status": (_RANK, OrderLine.position),
}


@dataclass(frozen=True)
class LineFilter:
    """Which vehicles of an order: by part of a plate, a VIN or a driver's name, and by status."""

    words: str = ""
    status: str | None = None

    def __bool__(self) -> bool:
        return bool(self.words.strip() or self.status)


LineSeen = tuple[OrderLine, Visit | None]
"""A vehicle, and the visit that says most about it: a live one, else the latest that was not abandoned."""


def lines_part(session: Session, order: Order, chosen: LineFilter, cut: Cut) -> Part[LineSeen]:
    """A page of an order's vehicles, in one statement."""
    rows = sa.select(OrderLine.id, sa.func.count().over().label("total")).join(OrderLine.vehicle)
    page = cut.of(rows.where(OrderLine.order_id == order.id, *called(chosen)), LINE_SORTS).subquery()
    visit = aliased(Visit)
    query = sa.select(OrderLine, visit, page.c.total).join(page, page.c.id == OrderLine.id).join(OrderLine.vehicle)
    query = query.outerjoin(visit, visit.id == _telling_visit())
    vehicle = contains_eager(OrderLine.vehicle).joinedload(Vehicle.drivers)
    whole = query.options(vehicle, joinedload(OrderLine.own_site), _recall(), joinedload(visit.technician))
    found = session.execute(whole.order_by(*cut.order(LINE_SORTS))).unique().all()
    return Part([(line, best) for line, best, _ in found], cut.number, found[0][2] if found else 0)


def called(chosen: LineFilter) -> list[sa.ColumnElement[bool]]:
    """SQL: the vehicles that are chosen, of lines joined with their vehicles."""
    found = [OrderLine.status == chosen.status] if chosen.status else []
    return found + [_named(word) for word in map(normalise, chosen.words.split()) if word]


def _named(word: str) -> sa.ColumnElement[bool]:
    """SQL: vehicles that are called so. Among those of one order the index of all vehicles would only cost time."""
    drives = sa.exists().where(Driver.vehicle_id == Vehicle.id, Driver.search_text.contains(word, autoescape=True))
    return sa.or_(Vehicle.search_text.contains(word, autoescape=True), drives)


def _telling_visit() -> sa.ScalarSelect[int]:
    """SQL: the visit that says most about a vehicle."""
    of_it = sa.select(Visit.id).join(VisitLine, VisitLine.visit_id == Visit.id).where(VisitLine.line_id == OrderLine.id)
    told = (Visit.status.in_(VISIT_LIVE).desc(), (Visit.status == "finished").desc(), Visit.starts_at.desc())
    return of_it.order_by(*told).limit(1).correlate(OrderLine).scalar_subquery()


def _recall() -> Any:
    recall = joinedload(OrderLine.recall)
    number = joinedload(Recall.cause_order).load_only(Order.number)
    return recall.options(joinedload(Recall.cause), number, joinedload(Recall.technician), joinedload(Recall.decided_by))


def recalled(session: Session, order: Order) -> Sequence[OrderLine]:
    """The vehicles of an order that may be recalls, as many as fit on a page."""
    query = sa.select(OrderLine).join(Recall, Recall.line_id == OrderLine.id).where(Recall.order_id == order.id)
    found = query.options(_recall(), joinedload(OrderLine.vehicle)).order_by(OrderLine.position).limit(LEAF)
    return session.scalars(found).unique().all()


# --- its visits


@dataclass(frozen=True)
class VisitSeen:
    """A visit, how many vehicles it is for, and the first of them: plate, colour and VIN."""

    visit: Visit
    count: int
    vehicles: Sequence[tuple[str | None, str | None, str | None]]


FIRST_VEHICLES = 2
VISIT_SORTS = {"when": (Visit.starts_at, Visit.id), "status": (Visit.status, Visit.starts_at, Visit.id)}


def visits_part(session: Session, order: Order, total: int, cut: Cut) -> Part[VisitSeen]:
    """A page of an order's visits, of `total` that there are, in one statement."""
    count = sa.select(sa.func.count()).where(VisitLine.visit_id == Visit.id).correlate(Visit).scalar_subquery()
    query = sa.select(Visit, count, _first_vehicles()).where(Visit.order_id == order.id).options(joinedload(Visit.technician))
    rows = session.execute(cut.of(query, VISIT_SORTS)).all()
    return Part([VisitSeen(visit, many, vehicles or ()) for visit, many, vehicles in rows], cut.number, total)


def _first_vehicles() -> sa.ScalarSelect[Any]:
    own = sa.select(Vehicle.plate, Vehicle.plate_colour, Vehicle.vin, VisitLine.line_id).join(OrderLine.vehicle)
    own = own.join(VisitLine, VisitLine.line_id == OrderLine.id).where(VisitLine.visit_id == Visit.id)
    first = own.order_by(VisitLine.line_id).limit(FIRST_VEHICLES).correlate(Visit).subquery()
    told = sa.func.jsonb_build_array(first.c.plate, first.c.plate_colour, first.c.vin)
    return sa.select(sa.func.jsonb_agg(aggregate_order_by(told, first.c.line_id), type_=JSONB)).scalar_subquery()
