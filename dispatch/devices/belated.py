"""A swap that is told late: which units it means, where they are by now, what became of them since, and how they come back.

What a count or a store booked meanwhile is countered by an entry that names it; what has gone into another vehicle, to the bench
or to another branch has papers of its own, which are undone first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.audit.operations import record
from dispatch.devices.counts import BOOKED_FROM
from dispatch.devices.fitted import bag_units, matching, read_number, stands, whereabouts, wrong_kind
from dispatch.devices.models import CountUnit, CustodyEntry, Fitting, Holder, StockCount, TakenBack, Unit
from dispatch.devices.operations import lock_units, move_units
from dispatch.devices.queries import unit_anywhere, units_like
from dispatch.devices.reasons import reason_word
from dispatch.devices.slots import take_turn
from dispatch.devices.taking_back import LONGEST_WORDS
from dispatch.errors import RuleBroken
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def unit_meant(session: Session, number: str, person: Person, kind: str) -> Unit:
    """The unit of this kind that somebody meant by a number, wherever it is by now. Raises RuleBroken when none can be told."""
    typed, folded = read_number(number)
    found = unit_anywhere(session, {typed, folded}) or _ending(session, folded, person, kind)
    if found is None:
        raise RuleBroken(say("%(number)s is not on record.", number=typed))
    if found.kind != kind:
        raise RuleBroken(wrong_kind(found))
    return found


def _ending(session: Session, folded: str, person: Person, kind: str) -> Unit | None:
    """The one unit with these last digits: of his bag, else of his branch."""
    own = matching(bag_units(session, person.id, kind), folded)
    found = own or matching(units_like(session, folded, branch_id=person.branch_id, kind=kind), folded)
    return found[0] if len(found) == 1 else None


def in_the_way(unit: Unit, *, vehicle_id: int, branch_id: int) -> Text | None:
    """Why a unit cannot be fitted as it was told, or None: it is where only papers of their own get it out."""
    assert unit.position is not None
    holder = unit.position.holder
    if holder.kind == "slot" and holder.vehicle_id == vehicle_id:
        return say("%(unit)s is in this vehicle already.", unit=unit.number)
    place = whereabouts(holder, branch_id)
    if holder.kind == "slot":
        return say("%(unit)s is %(place)s now. That is undone first, where it was done.", unit=unit.number, place=place)
    if holder.kind not in BOOKED_FROM or holder.branch_id != branch_id:
        return say("%(unit)s is %(place)s. The papers of that are taken back first.", unit=unit.number, place=place)
    return None


def fitted_since(session: Session, vehicle_id: int, kinds: Collection[str], moment: datetime) -> Iterator[Text]:
    """What was fitted into a vehicle, or taken out of it, after the moment: over that nothing can be entered."""
    query = sa.select(Fitting).where(
        Fitting.vehicle_id == vehicle_id, Fitting.unit_kind.in_(kinds), Fitting.at > moment, stands()
    )
    units = [
        joinedload(end).options(joinedload(Unit.terminal), joinedload(Unit.sim)) for end in (Fitting.old_unit, Fitting.new_unit)
    ]
    for later in session.scalars(query.options(*units).order_by(Fitting.at, Fitting.id)).unique():
        moved = later.new_unit or later.old_unit
        if moved is not None:
            told = {"unit": moved.number, "name": later.by_name}
            yield say("%(name)s changed this vehicle later: %(unit)s. That is undone first.", **told)


@dataclass(frozen=True)
class Trace:
    """Something that happened to a unit, and when the record heard of it."""

    at: datetime
    told: Text


def traces_since(session: Session, unit_ids: Collection[int], moment: datetime, branch_id: int) -> dict[int, list[Trace]]:
    """What was booked and counted of these units after the moment, oldest first: unit id -> traces. Two statements."""
    ends = joinedload(CustodyEntry.to_holder).options(joinedload(Holder.person), joinedload(Holder.vehicle))
    booked = sa.select(CustodyEntry).where(CustodyEntry.unit_id.in_(unit_ids), CustodyEntry.at > moment).options(ends)
    entries = session.scalars(booked.order_by(CustodyEntry.seq)).all()
    counts = _counted(session, unit_ids, [entry.id for entry in entries], moment)
    by_entry = {line.entry_id: (line, count) for line, count in counts if line.entry_id is not None}
    found: dict[int, list[Trace]] = {unit_id: [] for unit_id in unit_ids}
    for line, count in counts:
        if line.counted_at is not None and line.counted_at > moment:
            place = whereabouts(count.holder, branch_id)
            told = {"place": place, "count": count.number, "name": line.counted_by_name or ""}
            found[line.unit_id].append(Trace(line.counted_at, say("%(name)s counted it %(place)s (%(count)s)", **told)))
    for entry in entries:
        found[entry.unit_id].append(Trace(entry.at, _booking(entry, by_entry.get(entry.id), branch_id)))
    return {unit_id: sorted(traces, key=lambda trace: trace.at) for unit_id, traces in found.items()}


def _counted(
    session: Session, unit_ids: Collection[int], entry_ids: Sequence[int], moment: datetime
) -> Sequence[tuple[CountUnit, StockCount]]:
    of_it = sa.or_(CountUnit.counted_at > moment, CountUnit.entry_id.in_(entry_ids))
    query = sa.select(CountUnit, StockCount).join(StockCount, StockCount.id == CountUnit.count_id)
    place = joinedload(StockCount.holder).joinedload(Holder.person)
    rows = session.execute(query.where(CountUnit.unit_id.in_(unit_ids), of_it).options(place).order_by(StockCount.id))
    return [(line, count) for line, count in rows.unique()]


def _booking(entry: CustodyEntry, counted: tuple[CountUnit, StockCount] | None, branch_id: int) -> Text:
    place, name = whereabouts(entry.to_holder, branch_id), entry.by_name
    if counted is None:
        return say("%(what)s: %(place)s (%(name)s)", what=reason_word(entry.reason), place=place, name=name)
    line, count = counted
    told = {"count": count.number, "name": name, "why": line.explanation or "—"}
    if line.outcome == "lost":
        return say("Missing in count %(count)s and booked as lost by %(name)s: %(why)s", **told)
    return say("Found in count %(count)s and booked %(place)s by %(name)s: %(why)s", place=place, **told)


def bring_back(
    session: Session, units: Sequence[Unit], bag: Holder, slot: Holder, *, reason: str, by: Actor, at: datetime
) -> None:
    """Book units into the bag in which they were, whatever was booked since: each new entry names the newest one of its unit.

    Locks bag, slot and where the units are, in the order of their ids. Raises RuleBroken when one has moved on meanwhile.
    """
    seen = {unit.id: unit.position.holder_id for unit in units if unit.position is not None}
    take_turn(session, {bag.id, slot.id, *seen.values()})
    for unit_id, holder_id in sorted(seen.items()):
        if holder_id != bag.id:
            _counter(session, unit_id, holder_id, bag, reason=reason, by=by, at=at)


def _counter(session: Session, unit_id: int, seen: int, bag: Holder, *, reason: str, by: Actor, at: datetime) -> None:
    lock_units(session, [unit_id], holder_id=seen)
    query = sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id).order_by(CustodyEntry.seq.desc()).limit(1)
    wrong = session.scalars(query).one()
    [made] = move_units(session, [unit_id], to=bag, expected_from=seen, reason="correct", corrects_id=wrong.id, by=by, at=at)
    if wrong.from_holder_id == bag.id:
        session.add(TakenBack(entry_id=made, wrong_id=wrong.id, reason=reason[:LONGEST_WORDS]))
        session.flush()
    detail = {"entry": made, "wrong": wrong.id, "reason": reason}
    record(session, ("unit", unit_id), "custody.take_back", by=by, at=at, detail=detail)
