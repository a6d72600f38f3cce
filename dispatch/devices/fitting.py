"""Changing what a vehicle carries: install, swap, remove, undo. Each is one act: units, ledger, fitting and the order's trail."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.audit.operations import record
from dispatch.devices.bench_following import open_return
from dispatch.devices.fitted import standing_entry, unit_name, whereabouts
from dispatch.devices.found import register_found
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder, Unit
from dispatch.devices.operations import move_units
from dispatch.devices.slots import Work, open_bench, places_of, take_turn, work_of
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

__all__ = ["Work", "install", "register_found", "remove", "swap", "undo", "work_of"]


@dataclass(frozen=True)
class _Move:
    """One unit on its way into or out of a slot; `corrects_id` is the ledger entry that this one takes back."""

    unit: Unit
    to: Holder
    reason: str
    corrects_id: int | None = None


@dataclass(frozen=True)
class _Change:
    """What happens to one kind of unit in one slot: something out, something in, or one for the other."""

    kind: str
    slot: Holder
    out: _Move | None = None
    into: _Move | None = None
    undoes_id: int | None = None
    reason: str | None = None


def install(session: Session, work: Work, new_unit_id: int, *, by: Actor, at: datetime) -> Fitting:
    """Put a unit of the own bag into the empty slot. Raises RuleBroken when it is elsewhere or the slot is taken."""
    bench = open_bench(session, work, [new_unit_id], by=by)
    new = bench.from_bag(new_unit_id)
    bench.must_be_free_for(new)
    return _carry_out(session, work, _Change("install", bench.slot, into=_Move(new, bench.slot, "install")), by=by, at=at)


def swap(session: Session, work: Work, new_unit_id: int, *, old_unit_id: int | None = None, by: Actor, at: datetime) -> Fitting:
    """Put a unit of the own bag in place of the one of its kind in the vehicle, which goes into the bag.

    The old unit is read from the record; one that is named must be the one there. The other kind in the slot stays as it is.
    """
    if old_unit_id == new_unit_id:
        raise RuleBroken(say("The old and the new number are the same."))
    bench = open_bench(session, work, [unit_id for unit_id in (new_unit_id, old_unit_id) if unit_id is not None], by=by)
    new = bench.from_bag(new_unit_id)
    out = _Move(bench.old_for(new, old_unit_id), bench.bag, "swap_out")
    return _carry_out(session, work, _Change("swap", bench.slot, out, _Move(new, bench.slot, "swap_in")), by=by, at=at)


def remove(session: Session, work: Work, unit_id: int, *, by: Actor, at: datetime) -> Fitting:
    """Take a unit out of the vehicle into the own bag. Raises RuleBroken when it is not in this vehicle."""
    bench = open_bench(session, work, [unit_id], by=by)
    out = _Move(bench.from_slot(unit_id), bench.bag, "remove")
    return _carry_out(session, work, _Change("remove", bench.slot, out), by=by, at=at)


def undo(
    session: Session,
    fitting_id: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    order_id: int | None = None,
    fact_id: uuid.UUID | None = None,
    device_at: datetime | None = None,
) -> Fitting:
    """Put everything back as it was before a fitting, if the units have not been moved since; each entry names the first.

    Who did it may, and who changes stock. `order_id`, where given, must be the fitting's. Raises NotFound, NotAllowed, Invalid
    without a reason, Conflict when it was undone before, RuleBroken saying where a unit is now or that an undo is final.
    """
    first = _undoable(session, fitting_id, order_id, by=by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    _take_turn_with(session, first)
    _must_be_as_left(session, first)
    work = work_of(first, device_at=device_at or at, fact_id=fact_id)
    return _carry_out(session, work, _backwards(first, reason.strip()), by=by, at=at)


def _undoable(session: Session, fitting_id: int, order_id: int | None, *, by: Actor) -> Fitting:
    """The fitting with what it moved. Raises unless it is one that this person may take back."""
    by.must("line.settle")
    units = [
        joinedload(unit).options(joinedload(Unit.terminal), joinedload(Unit.sim)) for unit in (Fitting.old_unit, Fitting.new_unit)
    ]
    entries = (joinedload(Fitting.in_entry).joinedload(CustodyEntry.from_holder), joinedload(Fitting.out_entry))
    query = sa.select(Fitting).where(Fitting.id == fitting_id).options(*units, *entries, joinedload(Fitting.slot))
    first = session.scalars(query).unique().one_or_none()
    if first is None or order_id not in (None, first.order_id) or not by.sees_branch(first.slot.branch_id):
        raise NotFound
    if first.kind == "undo":
        raise RuleBroken(say("What was undone stays undone: do the work anew."))
    if by.id != first.by_id and not by.may("stock.change"):
        raise NotAllowed(say("Only %(name)s or the office can undo this.", name=first.by_name))
    return first


def _take_turn_with(session: Session, first: Fitting) -> None:
    """Wait for whoever works with the places a fitting has touched. Raises Conflict when it was undone meanwhile."""
    ends = [first.in_entry.from_holder_id if first.in_entry else None, first.out_entry.to_holder_id if first.out_entry else None]
    take_turn(session, {first.slot_id, *(end for end in ends if end is not None)})
    if session.scalar(sa.select(Fitting.id).where(Fitting.undoes_id == first.id)) is not None:
        raise Conflict(say("Somebody has undone this already."))


def _backwards(first: Fitting, reason: str) -> _Change:
    """The change that takes a fitting back: the new unit to where it came from, the old one into the slot."""
    out = into = None
    if first.new_unit and first.in_entry and first.in_entry.from_holder:
        out = _Move(first.new_unit, first.in_entry.from_holder, "correct", first.in_entry.id)
    if first.old_unit and first.out_entry:
        into = _Move(first.old_unit, first.slot, "correct", first.out_entry.id)
    return _Change("undo", first.slot, out, into, undoes_id=first.id, reason=reason)


def _must_be_as_left(session: Session, first: Fitting) -> None:
    """Raises RuleBroken when a unit of a fitting was moved since, or something else is in the slot by now."""
    entries = {entry.unit_id: entry for entry in (first.out_entry, first.in_entry) if entry}
    places = places_of(session, entries, first.slot)
    for problem in _changed_since(session, first, entries, places):
        raise RuleBroken(say("This cannot be undone: %(why)s.", why=problem))


def _changed_since(
    session: Session, first: Fitting, entries: dict[int, CustodyEntry], places: dict[int, CustodyPosition]
) -> Iterator[Text]:
    for unit_id, entry in entries.items():
        place = places[unit_id]
        if place.holder_id != entry.to_holder_id:
            where = whereabouts(place.holder, first.slot.branch_id)
            yield say("%(unit)s is %(place)s now", unit=unit_name(place.unit), place=where)
        elif standing_entry(session, unit_id).id != entry.id:
            yield say("%(unit)s was moved in between; undo what came later first", unit=unit_name(place.unit))
    for unit_id, place in places.items():
        if unit_id not in entries and place.unit_kind == first.unit_kind:
            yield say("%(unit)s is in this vehicle now", unit=unit_name(place.unit))
    for later in _later(session, first):
        moved = later.new_unit or later.old_unit
        assert moved is not None
        yield say("%(unit)s was moved in between; undo what came later first", unit=unit_name(moved))


def _later(session: Session, first: Fitting) -> Iterator[Fitting]:
    """What came after a fitting in its slot, and stands: the papers would end there, and not at what the slot holds."""
    other = aliased(Fitting)
    undone = sa.exists().where(other.undoes_id == Fitting.id)
    same = (Fitting.slot_id == first.slot_id, Fitting.unit_kind == first.unit_kind)
    yield from session.scalars(sa.select(Fitting).where(*same, Fitting.id > first.id, Fitting.kind != "undo", ~undone))


def _carry_out(session: Session, work: Work, change: _Change, *, by: Actor, at: datetime) -> Fitting:
    """Move the units, out first, and write down what was changed."""
    out_entry_id = _move(session, work, change.out, by=by, at=at)
    in_entry_id = _move(session, work, change.into, by=by, at=at)
    old, new = (move.unit if move else None for move in (change.out, change.into))
    fitting = Fitting(
        kind=change.kind,
        unit_kind=(old or new).kind,  # type: ignore[union-attr]
        vehicle_id=work.vehicle_id,
        slot_id=change.slot.id,
        order_id=work.order_id,
        line_id=work.line_id,
        visit_id=work.visit_id,
        old_unit_id=old.id if old else None,
        new_unit_id=new.id if new else None,
        out_entry_id=out_entry_id,
        in_entry_id=in_entry_id,
        undoes_id=change.undoes_id,
        reason=change.reason,
        fact_id=work.fact_id,
        by_id=by.id,
        by_name=by.name,
        at=work.device_at,
        recorded_at=at,
    )
    session.add(fitting)
    session.flush()
    _tell_order(session, fitting, old, new, by=by, at=at)
    open_return(session, fitting, branch_id=work.branch_id, by=by, at=at)
    return fitting


def _move(session: Session, work: Work, move: _Move | None, *, by: Actor, at: datetime) -> int | None:
    if move is None:
        return None
    facts: dict[str, Any] = {"order_id": work.order_id, "device_at": work.device_at, "corrects_id": move.corrects_id}
    (entry_id,) = move_units(session, [move.unit.id], to=move.to, reason=move.reason, by=by, at=at, **facts)
    return entry_id


def _tell_order(session: Session, fitting: Fitting, old: Unit | None, new: Unit | None, *, by: Actor, at: datetime) -> None:
    detail = {
        "line": fitting.line_id,
        "fitting": fitting.id,
        "kind": fitting.kind,
        "unit_kind": fitting.unit_kind,
        "old": unit_name(old) if old else None,
        "new": unit_name(new) if new else None,
        "reason": fitting.reason,
        "device_at": fitting.at.isoformat(),
    }
    kept = {name: value for name, value in detail.items() if value is not None}
    record(session, ("order", fitting.order_id), "line.fit", by=by, at=at, detail=kept)
