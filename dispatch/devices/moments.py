"""Which SIM was in which terminal in which vehicle at a moment: read off the ledger, which forgets nothing (P16).

A unit is where its newest entry of that moment had brought it, by the time of the device that did it where one told it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.customers.models import Vehicle
from dispatch.devices.models import CustodyEntry, Holder, Unit

HAPPENED = sa.func.coalesce(CustodyEntry.device_at, CustodyEntry.at)


@dataclass(frozen=True)
class Stay:
    """A unit at one place from `since` until `until` (None: it is there still), brought there by an entry of the ledger."""

    unit: Unit
    holder: Holder
    since: datetime
    until: datetime | None
    order_id: int | None


@dataclass(frozen=True)
class Together:
    """What was in one slot of a vehicle at a moment: a terminal, a SIM, or both."""

    slot: Holder
    terminal: Stay | None
    sim: Stay | None

    @property
    def vehicle(self) -> Vehicle:
        """The vehicle whose slot it is."""
        assert self.slot.vehicle is not None
        return self.slot.vehicle


def units_at(session: Session, moment: datetime, *, unit_id: int) -> Sequence[Stay]:
    """Where a unit was at a moment, and whatever shared its slot if that was in a vehicle. Empty before it was on record."""
    slots = sa.select(CustodyEntry.to_holder_id).join(CustodyEntry.to_holder)
    slots = slots.where(CustodyEntry.unit_id == unit_id, Holder.kind == "slot")
    found = _stays(session, moment, slots, also=unit_id)
    own = next((stay for stay in found if stay.unit.id == unit_id), None)
    return [stay for stay in found if own and stay.holder.id == own.holder.id and (stay is own or own.holder.kind == "slot")]


def inside_at(session: Session, moment: datetime, *, vehicle_id: int) -> Sequence[Stay]:
    """What was in a vehicle at a moment."""
    slots = sa.select(Holder.id).where(Holder.vehicle_id == vehicle_id)
    return [stay for stay in _stays(session, moment, slots) if stay.holder.vehicle_id == vehicle_id]


def together(stays: Iterable[Stay]) -> list[Together]:
    """The same by slot, without what was in no vehicle."""
    slots: dict[int, dict[str, Stay]] = {}
    for stay in stays:
        if stay.holder.kind == "slot":
            slots.setdefault(stay.holder.id, {})[stay.unit.kind] = stay
    return [
        Together(next(iter(kinds.values())).holder, kinds.get("terminal"), kinds.get("sim")) for _, kinds in sorted(slots.items())
    ]


def _stays(session: Session, moment: datetime, slots: sa.Select[int], *, also: int | None = None) -> list[Stay]:
    """Where everything that ever was in one of these slots, and one unit more, was at the moment; a terminal before its SIM."""
    ever = sa.select(CustodyEntry.unit_id).where(CustodyEntry.to_holder_id.in_(slots))
    those = ever.union(sa.select(sa.literal(also, sa.BigInteger)))  # no OR: each half is found by its own index
    one_of = CustodyEntry.unit_id == sa.any_(sa.func.array(those.scalar_subquery()))
    newest = sa.select(CustodyEntry).where(one_of, moment >= HAPPENED)
    newest = newest.ext(distinct_on(CustodyEntry.unit_id))
    entry = aliased(CustodyEntry, newest.order_by(CustodyEntry.unit_id, CustodyEntry.seq.desc()).subquery())
    following = aliased(CustodyEntry)
    place = joinedload(entry.to_holder)
    query = (
        sa.select(entry, Unit, sa.func.coalesce(following.device_at, following.at))
        .join(Unit, Unit.id == entry.unit_id)
        .outerjoin(following, sa.and_(following.unit_id == entry.unit_id, following.seq == entry.seq + 1))
        .options(joinedload(Unit.terminal), joinedload(Unit.sim))
        .options(place.joinedload(Holder.vehicle).joinedload(Vehicle.customer), place.joinedload(Holder.person))
        .order_by(Unit.kind.desc(), Unit.id)
    )
    return [
        Stay(unit, one.to_holder, one.device_at or one.at, until, one.order_id)
        for one, unit, until in session.execute(query).unique()
    ]
