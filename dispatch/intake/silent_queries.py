"""The terminals that are silent now, as the page shows them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.customers.models import Customer
from dispatch.devices.models import Observation, PlatformLook, TerminalRestart
from dispatch.errors import NotFound
from dispatch.intake.models import Outage, Silence
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import ENDED
from dispatch.staff.rules import Actor

CONNECTED_FOR = timedelta(minutes=15)
"""The listener hangs up on who says nothing for so long; whoever said something since then can be told something."""


@dataclass(frozen=True)
class Silent:
    """One terminal that is silent, with the order that is under way for its vehicle, and what it was told to do from afar.

    `called_at` is when it last said anything at all over JT/T 808; `device_id` the platform's number for it, if that knows it.
    """

    row: Silence
    order: str | None
    called_at: datetime | None
    device_id: int | None
    restart: TerminalRestart | None

    @property
    def carrier(self) -> str | None:
        """The SIM's carrier."""
        return self.row.carrier

    @property
    def last_heard_at(self) -> datetime:
        """When it last told its position."""
        return self.row.last_heard_at

    @property
    def lat(self) -> float | None:
        """Where it was then, WGS-84."""
        return self.row.lat

    @property
    def lon(self) -> float | None:
        """Where it was then, WGS-84."""
        return self.row.lon

    def connected(self, at: datetime) -> bool:
        """Whether it still talks to our listener, although it tells no position."""
        return self.called_at is not None and self.called_at > at - CONNECTED_FOR


SILENT_SORTS = {
    "heard": (Silence.last_heard_at, Silence.id),
    "customer": (Customer.name, Silence.id),
    "carrier": (Silence.carrier, Silence.id),
}


@dataclass(frozen=True)
class SilentNow:
    """Those that belong to no outage (any more): a page of those to see to, and those that somebody looks after already."""

    single: Part[Silent]
    ordered: Part[Silent]
    dismissed: Part[Silent]


def silent_now(session: Session, by: Actor, *, at: datetime, cut: Cut = FIRST) -> SilentNow:
    """All of the reader's branch, the longest silent first unless they are sorted otherwise; of those looked after the first."""
    inside = sa.exists().where(Outage.id == Silence.outage_id, Outage.ended_at.is_(None))
    ordered = _order_number().exists()
    aside = sa.and_(Silence.dismissed_until.is_not(None), Silence.dismissed_until > at, ~ordered)
    groups = (sa.and_(~ordered, ~sa.func.coalesce(aside, sa.false())), ordered, aside)
    where = (Silence.ended_at.is_(None), _own(by), ~inside)
    totals = session.execute(sa.select(*(sa.func.count().filter(group) for group in groups)).where(*where)).one()
    query = _silent().join(Customer, Customer.id == Silence.customer_id).where(*where)
    return SilentNow(
        *(
            _part(session, query.where(group), one, total)
            for group, one, total in zip(groups, (cut, FIRST, FIRST), totals, strict=True)
        )
    )


def _part(session: Session, query: sa.Select[Any], cut: Cut, total: int) -> Part[Silent]:
    rows = [Silent(*row) for row in session.execute(cut.of(query, SILENT_SORTS))] if total else []
    return Part(rows, cut.number, total)


def silent_of(session: Session, outage_id: int, *, page: int, size: int) -> Sequence[Silent]:
    """A page of those that an outage has silenced: the silent ones first."""
    query = _silent().where(Silence.outage_id == outage_id)
    ordered = query.order_by(Silence.ended_at.is_not(None), Silence.last_heard_at, Silence.id)
    return [Silent(*row) for row in session.execute(ordered.limit(size).offset((page - 1) * size))]


def silent_one(session: Session, silence_id: int, by: Actor) -> Silent:
    """One that is not over, in an outage or not. Raises NotFound."""
    row = session.execute(_silent().where(Silence.id == silence_id, Silence.ended_at.is_(None), _own(by))).first()
    if row is None:
        raise NotFound
    return Silent(*row)


def silent_keyed(session: Session, request_key: uuid.UUID) -> Silent | None:
    """The one for which the order with this key is to be made, if it is not over."""
    row = session.execute(_silent().where(Silence.request_key == request_key, Silence.ended_at.is_(None))).first()
    return Silent(*row) if row else None


def _silent() -> sa.Select[Any]:
    """SQL: silences as the columns of Silent."""
    order = _order_number().order_by(Order.id.desc()).limit(1)
    of_unit = (Observation.unit_id == Silence.unit_id, Observation.source == "jt808")
    other = Observation.kind.in_(("online", "heartbeat", "properties"))
    called = sa.select(sa.func.max(Observation.received_at)).where(*of_unit, other)
    told = aliased(TerminalRestart)
    newest = sa.select(sa.func.max(told.id)).where(told.unit_id == Silence.unit_id, told.at > Silence.last_heard_at)
    return (
        sa.select(Silence, order.scalar_subquery(), called.scalar_subquery(), PlatformLook.device_id, TerminalRestart)
        .outerjoin(PlatformLook, PlatformLook.unit_id == Silence.unit_id)
        .outerjoin(TerminalRestart, TerminalRestart.id == newest.scalar_subquery())
        .options(joinedload(Silence.vehicle), joinedload(Silence.customer), joinedload(Silence.terminal))
    )


def _order_number() -> sa.Select[str]:
    """SQL: the numbers of the orders that are under way for a silent vehicle."""
    line = sa.select(Order.number).join(OrderLine, OrderLine.order_id == Order.id)
    return line.where(OrderLine.vehicle_id == Silence.vehicle_id, Order.status.not_in(ENDED)).correlate(Silence)


def silence(session: Session, silence_id: int, by: Actor) -> Silence:
    """One that is not over. Raises NotFound."""
    query = sa.select(Silence).where(Silence.id == silence_id, Silence.ended_at.is_(None), _own(by))
    found = session.scalar(query.options(joinedload(Silence.terminal)))
    if found is None:
        raise NotFound
    return found


def ended_since(session: Session, by: Actor, since: datetime) -> dict[str, int]:
    """How those ended that ended since then: cause -> how many."""
    query = sa.select(Silence.ended_by, sa.func.count()).where(Silence.ended_at >= since, _own(by)).group_by(Silence.ended_by)
    return {cause: count for cause, count in session.execute(query) if cause is not None}


def _own(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else Silence.branch_id == by.branch_id
