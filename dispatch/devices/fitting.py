"""Changing what a vehicle carries: install, swap, remove, undo. Each is one act: units, ledger, fitting and the order's trail."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.bench_following import open_return
from dispatch.devices.fitted import standing_entry, whereabouts
from dispatch.devices.found import register_found
from dispatch.devices.lending import check_lending, follow_fitting
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder, Unit
from dispatch.devices.moving import MOVES, line_of_vehicle, other_bench, pair_of, units_to_move
from dispatch.devices.operations import move_units
from dispatch.devices.ownership_following import follow_fitting_owners, must_suit
from dispatch.devices.rules import Spot
from dispatch.devices.slots import Work, open_bench, places_of, take_turn, work_of
from dispatch.devices.swap_rules import NOT_TOLD, Why
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

__all__ = ["Work", "install", "move", "register_found", "remove", "swap", "undo", "work_of"]

_other = aliased(Fitting)


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
    moved_from_id: int | None = None
    reason: str | None = None
    lend_until: date | None = None
    why: Why | None = None


def install(
    session: Session, work: Work, new_unit_id: int, *, lend_until: date | None = None, by: Actor, at: datetime
) -> Fitting:
    """Put a unit of the own bag into the empty slot, for good or as a loan. Raises RuleBroken when it is elsewhere, another
    customer's, or the slot is taken, Invalid for what cannot be lent so."""
    bench = open_bench(session, work, [new_unit_id], by=by)
    new = bench.from_bag(new_unit_id)
    bench.must_be_free_for(new)
    _check_lending(work, new, lend_until, by)
    change = _Change("install", bench.slot, into=_Move(new, bench.slot, "install"), lend_until=lend_until)
    return _carry_out(session, work, change, by=by, at=at)


def swap(
    session: Session,
    work: Work,
    new_unit_id: int,
    *,
    old_unit_id: int | None = None,
    lend_until: date | None = None,
    why: Why = NOT_TOLD,
    by: Actor,
    at: datetime,
) -> Fitting:
    """Put a unit of the own bag in place of the one of its kind in the vehicle, which goes into the bag.

    The old unit is read from the record; one that is named must be the one there. The other kind in the slot stays as it is. With
    `lend_until` the new one is a loaner; taken out again, it is given back. `why` is its reason, one of WHYS.
    """
    if old_unit_id == new_unit_id:
        raise RuleBroken(say("The old and the new number are the same."))
    bench = open_bench(session, work, [unit_id for unit_id in (new_unit_id, old_unit_id) if unit_id is not None], by=by)
    new = bench.from_bag(new_unit_id)
    out = _Move(bench.old_for(new, old_unit_id), bench.bag, "swap_out")
    _check_lending(work, new, lend_until, by)
    into = _Move(new, bench.slot, "swap_in")
    return _carry_out(session, work, _Change("swap", bench.slot, out, into, lend_until=lend_until, why=why), by=by, at=at)


def _check_lending(work: Work, new: Unit, lend_until: date | None, by: Actor) -> None:
    if lend_until is not None:
        check_lending(new, lend_until, local_day(work.device_at, by.zone))


def remove(session: Session, work: Work, unit_id: int, *, by: Actor, at: datetime) -> Fitting:
    """Take a unit out of the vehicle into the own bag. Raises RuleBroken when it is not in this vehicle."""
    bench = open_bench(session, work, [unit_id], by=by)
    out = _Move(bench.from_slot(unit_id), bench.bag, "remove")
    return _carry_out(session, work, _Change("remove", bench.slot, out), by=by, at=at)


def move(
    session: Session, work: Work, from_vehicle_id: int, kinds: Collection[str], *, by: Actor, at: datetime
) -> Sequence[Fitting]:
    """Move terminal, SIM or both from another vehicle of the customer into this one; two fittings for each, out and in.

    All or nothing. Raises as `other_bench` and `units_to_move` do.
    """
    source, target = other_bench(session, work, from_vehicle_id, by=by)
    units = units_to_move(session, source, target, kinds)
    there = replace(work, vehicle_id=from_vehicle_id, line_id=line_of_vehicle(session, work, from_vehicle_id))
    done: list[Fitting] = []
    for unit in units:
        out = _Change("move_out", source.slot, out=_Move(unit, source.bag, "move_out"))
        gone = _carry_out(session, there, out, by=by, at=at)
        into = _Change("move_in", target.slot, into=_Move(unit, target.slot, "move_in"), moved_from_id=gone.id)
        done += [gone, _carry_out(session, work, into, by=by, at=at)]
    return done


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
    spot: Spot | None = None,
) -> Fitting:
    """Put everything back as it was before a fitting, if the units have not been moved since; each entry names the first. Of a
    move between vehicles both halves go back, whichever is named.

    Who did it may, and who changes stock. `order_id`, where given, must be the fitting's. Raises NotFound, NotAllowed, Invalid
    without a reason, Conflict when it was undone before, RuleBroken saying where a unit is now or that an undo is final.
    """
    first = _undoable(session, fitting_id, order_id, by=by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    whole = pair_of(session, first) if first.kind in MOVES else (first,)
    _take_turn_with(session, whole)
    undone = []
    for each in whole:
        _must_be_as_left(session, each)
        work = replace(work_of(each, device_at=device_at or at, fact_id=fact_id), spot=spot)
        undone.append(_carry_out(session, work, _backwards(each, reason.strip()), by=by, at=at))
    return undone[whole.index(first)]


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


def _take_turn_with(session: Session, whole: Sequence[Fitting]) -> None:
    """Wait for whoever works with the places these fittings have touched. Raises Conflict when one was undone meanwhile."""
    ins = {each.in_entry.from_holder_id for each in whole if each.in_entry}
    outs = {each.out_entry.to_holder_id for each in whole if each.out_entry}
    take_turn(session, {each.slot_id for each in whole} | {end for end in ins | outs if end is not None})
    if session.scalar(sa.select(Fitting.id).where(Fitting.undoes_id.in_([each.id for each in whole])).limit(1)) is not None:
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
            yield say("%(unit)s is %(place)s now", unit=place.unit.number, place=where)
        elif standing_entry(session, unit_id).id != entry.id:
            yield say("%(unit)s was moved in between; undo what came later first", unit=place.unit.number)
    for unit_id, place in places.items():
        if unit_id not in entries and place.unit_kind == first.unit_kind:
            yield say("%(unit)s is in this vehicle now", unit=place.unit.number)
    for later in _later(session, first):
        moved = later.new_unit or later.old_unit
        assert moved is not None
        yield say("%(unit)s was moved in between; undo what came later first", unit=moved.number)


def _later(session: Session, first: Fitting) -> Iterator[Fitting]:
    """What came after a fitting in its slot, and stands: the papers would end there, and not at what the slot holds."""
    undone = sa.exists().where(_other.undoes_id == Fitting.id)
    same = (Fitting.slot_id == first.slot_id, Fitting.unit_kind == first.unit_kind)
    yield from session.scalars(sa.select(Fitting).where(*same, Fitting.id > first.id, Fitting.kind != "undo", ~undone))


def _carry_out(session: Session, work: Work, change: _Change, *, by: Actor, at: datetime) -> Fitting:
    """Move the units, out first, and write down what was changed."""
    if change.into is not None:
        must_suit(session, change.into.unit, work.vehicle_id)
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
        moved_from_id=change.moved_from_id,
        reason=change.reason,
        why=change.why.code if change.why else None,
        why_words=change.why.words if change.why else None,
        fact_id=work.fact_id,
        by_id=by.id,
        by_name=by.name,
        at=work.device_at,
        recorded_at=at,
    )
    session.add(fitting)
    session.flush()
    _tell_order(session, fitting, old, new, by=by, at=at)
    follow_fitting(session, fitting, due_on=change.lend_until, by=by, at=at)
    follow_fitting_owners(session, fitting, lent=change.lend_until is not None, by=by, at=at)
    open_return(session, fitting, branch_id=work.branch_id, by=by, at=at)
    return fitting


def _move(session: Session, work: Work, move: _Move | None, *, by: Actor, at: datetime) -> int | None:
    if move is None:
        return None
    facts: dict[str, Any] = {"order_id": work.order_id, "device_at": work.device_at, "corrects_id": move.corrects_id}
    facts["spot"] = work.spot
    (entry_id,) = move_units(session, [move.unit.id], to=move.to, reason=move.reason, by=by, at=at, **facts)
    return entry_id


def _tell_order(session: Session, fitting: Fitting, old: Unit | None, new: Unit | None, *, by: Actor, at: datetime) -> None:
    detail = {
        "line": fitting.line_id,
        "fitting": fitting.id,
        "kind": fitting.kind,
        "unit_kind": fitting.unit_kind,
        "old": old.number if old else None,
        "new": new.number if new else None,
        "reason": fitting.reason,
        "why": fitting.why if fitting.why_told else None,
        "why_words": fitting.why_words,
        "device_at": fitting.at.isoformat(),
        "vehicle": fitting.vehicle.plate or fitting.vehicle.vin if fitting.kind in MOVES else None,
    }
    kept = {name: value for name, value in detail.items() if value is not None}
    record(session, ("order", fitting.order_id), "line.fit", by=by, at=at, detail=kept)
