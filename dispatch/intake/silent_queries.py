"""The terminals that are silent now, as the page shows them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.devices.models import Observation, PlatformLook, TerminalRestart
from dispatch.errors import NotFound
from dispatch.intake.models import Outage, Silence
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import ENDED
from dispatch.staff.rules import Actor

MOST = 500
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

    def dismissed(self, at: datetime) -> bool:
        """Whether somebody said that nobody has to be sent for now."""
        return self.row.dismissed_until is not None and self.row.dismissed_until > at


def silent_now(session: Session, by: Actor) -> Sequence[Silent]:
    """Those of the reader's branch that belong to no outage (any more), the longest silent first; 500 at most."""
    inside = sa.exists().where(Outage.id == Silence.outage_id, Outage.ended_at.is_(None))
    query = _silent().where(Silence.ended_at.is_(None), _own(by), ~inside)
    return [Silent(*row) for row in session.execute(query.order_by(Silence.last_heard_at, Silence.id).limit(MOST))]


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
    line = sa.select(Order.number).join(OrderLine, OrderLine.order_id == Order.id)
    order = line.where(OrderLine.vehicle_id == Silence.vehicle_id, Order.status.not_in(ENDED)).order_by(Order.id.desc()).limit(1)
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
