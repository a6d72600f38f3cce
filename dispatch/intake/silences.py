"""Finding terminals that fell silent, and letting those go that report again: the worker does it, nobody presses anything."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Customer, Vehicle
from dispatch.devices.models import CustodyPosition, Holder, Observation, PlatformLook, Sim
from dispatch.devices.sim_rules import OUT_OF_USE
from dispatch.fees.terms import late_payers
from dispatch.intake.models import Silence
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import ENDED
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor

DEAF_AFTER = timedelta(hours=1)
"""When nothing at all was heard for so long, it is we who hear nothing."""
AT_ONCE = 1_000
_card = aliased(CustodyPosition)


@dataclass(frozen=True)
class Missed:
    """A fitted terminal that has not reported for longer than its customer wants to wait, and what it said last."""

    unit_id: int
    vehicle_id: int
    customer_id: int
    branch_id: int
    carrier: str | None
    last_heard_at: datetime
    lat: float | None
    lon: float | None
    source: str


def watched_fleet(at: datetime) -> sa.Select[int]:
    """SQL: the terminals whose silence somebody wants to know of: those of the fleet whose customers pay in time."""
    return _fleet(at).where(Customer.id.not_in(late_payers(at)))


def _fleet(at: datetime) -> sa.Select[int]:
    """SQL: terminals that are fitted in a vehicle in use, with a SIM that works, of customers who want to know."""
    today = sa.cast(sa.func.timezone(Branch.zone, sa.literal(at)), sa.Date)
    query = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    query = query.join(Vehicle, Vehicle.id == Holder.vehicle_id).join(Customer, Customer.id == Vehicle.customer_id)
    query = query.join(Branch, Branch.id == Vehicle.branch_id)
    beside = sa.and_(_card.holder_id == CustodyPosition.holder_id, _card.unit_kind == "sim")
    query = query.outerjoin(_card, beside).outerjoin(Sim, Sim.unit_id == _card.unit_id)
    inside = (CustodyPosition.unit_kind == "terminal", CustodyPosition.holder_kind == "slot")
    dead = sa.or_(Sim.expires_on < today, Sim.state.in_(OUT_OF_USE))
    alive = sa.func.coalesce(~dead, sa.true())
    return query.where(*inside, Customer.silent_hours.is_not(None), Vehicle.parked_at.is_(None), alive)


def missed(session: Session, *, at: datetime, only: Collection[int] | None = None) -> list[Missed]:
    """Those that are silent for too long, were heard in this very vehicle before, and that nobody looks after yet.

    `only` names the terminals to look at; without it, all.
    """
    own = sa.true() if only is None else CustodyPosition.unit_id.in_(list(only))
    found = session.execute(_silent(watched_fleet(at), at).where(own).order_by(CustodyPosition.unit_id))
    return [Missed(*row) for row in found]


def left_out(session: Session, by: Actor, *, at: datetime) -> int:
    """How many terminals of the reader's branch would be missed if their customers did not owe beyond their terms."""
    owing = set(session.scalars(late_payers(at)))  # few, by name: so only their vehicles are looked at
    if not owing:
        return 0
    theirs = _silent(_fleet(at).where(Customer.id.in_(owing)), at)
    own = sa.true() if by.may("branches.all") else Vehicle.branch_id == by.branch_id
    return session.scalar(sa.select(sa.func.count()).select_from(theirs.where(own).subquery())) or 0


def _silent(fleet: sa.Select[int], at: datetime) -> sa.Select[Any]:
    """SQL: those of a fleet that are silent for too long, as the columns of Missed."""
    of_unit = (Observation.unit_id == CustodyPosition.unit_id, Observation.kind == "position")
    told = (Observation.received_at, Observation.lat, Observation.lon, Observation.source)
    last = sa.select(*told).where(*of_unit).order_by(Observation.received_at.desc()).limit(1).lateral("last_told")
    silent_for = sa.func.make_interval(0, 0, 0, 0, sa.cast(Customer.silent_hours, sa.Integer))
    known = sa.exists().where(Silence.unit_id == CustodyPosition.unit_id, Silence.ended_at.is_(None))
    columns = (Vehicle.id.label("vehicle_id"), Vehicle.customer_id, Vehicle.branch_id, Sim.carrier, *last.c)
    return (
        fleet.add_columns(*columns)
        .join(last, sa.true())
        .where(
            last.c.received_at < sa.literal(at) - silent_for,
            last.c.received_at > CustodyPosition.since,
            ~known,
            ~has_open_order(Vehicle.id),
        )
    )


def has_open_order(vehicle_id: sa.orm.InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    """SQL: whether an order is under way for a vehicle."""
    lines = sa.select(OrderLine.id).join(Order, Order.id == OrderLine.order_id)
    return lines.where(OrderLine.vehicle_id == vehicle_id, Order.status.not_in(ENDED)).exists()


def hears(session: Session, source: str, *, at: datetime) -> bool:
    """Whether anything at all came in over a source lately; if not, it is we who hear nothing."""
    lately = sa.select(Observation.id).where(Observation.received_at > at - DEAF_AFTER, Observation.source == source)
    return session.scalar(lately.limit(1)) is not None


def propose(session: Session, found: Sequence[Missed], *, at: datetime) -> int:
    """Put them on the list; those that are on it already stay as they are. How many are new."""
    rows = [
        {
            **{name: getattr(one, name) for name in Missed.__dataclass_fields__ if name != "source"},
            "found_at": at,
            "request_key": uuid.uuid4(),
        }
        for one in found
    ]
    made = insert(Silence).on_conflict_do_nothing().returning(Silence.id)
    chunks = [rows[first : first + AT_ONCE] for first in range(0, len(rows), AT_ONCE)]
    return sum(len(session.scalars(made, chunk).all()) for chunk in chunks)


def listed_by_platform(session: Session) -> dict[int, datetime]:
    """The terminals on the list that a platform knows, and when each was last heard of."""
    query = sa.select(Silence.unit_id, Silence.last_heard_at).join(PlatformLook, PlatformLook.unit_id == Silence.unit_id)
    return dict(session.execute(query.where(Silence.ended_at.is_(None), PlatformLook.device_id.is_not(None))).all())


def let_go(session: Session, *, at: datetime) -> int:
    """End those whose terminal has reported again, is not in the vehicle any more, whose customer owes beyond his terms, or that
    are not watched any more; how many did.
    """
    still_open = Silence.ended_at.is_(None)
    told = sa.select(Observation.id).where(
        Observation.unit_id == Silence.unit_id, Observation.kind == "position", Observation.received_at > Silence.last_heard_at
    )
    place = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    inside = place.where(CustodyPosition.unit_id == Silence.unit_id, Holder.vehicle_id == Silence.vehicle_id)
    theirs = sa.select(Vehicle.id).where(Vehicle.customer_id.in_(late_payers(at)))
    causes = {
        "reported": told.exists(),
        "removed": ~inside.exists(),
        "owes": Silence.vehicle_id.in_(theirs),
        "not_watched": ~watched_fleet(at).where(CustodyPosition.unit_id == Silence.unit_id).exists(),
    }
    ended = 0
    for cause, holds in causes.items():
        gone = sa.update(Silence).where(still_open, holds).values(ended_at=at, ended_by=cause)
        ended += len(session.scalars(gone.returning(Silence.id), execution_options={"synchronize_session": False}).all())
    return ended


def renew_keys(session: Session) -> None:
    """Where the order that was made has ended and the terminal is silent still, another one may be made."""
    over = sa.select(Order.id).where(Order.request_key == Silence.request_key, Order.status.in_(ENDED))
    fresh = sa.update(Silence).where(Silence.ended_at.is_(None), over.exists()).values(request_key=sa.func.gen_random_uuid())
    session.execute(fresh, execution_options={"synchronize_session": False})
