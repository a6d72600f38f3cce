"""The life of a vehicle as rows: what went in, what came out, and what took the place of what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.devices.fitted import moved_between
from dispatch.devices.models import CustodyEntry, Holder, Unit
from dispatch.devices.operations import describe
from dispatch.devices.queries import fitted_by_role, units_by_id, vehicle_history
from dispatch.devices.slot_rules import ROLES
from dispatch.orders.models import OrderLine
from dispatch.orders.queries import lines_of_vehicle
from dispatch.orders.ties import order_numbers
from dispatch.sheets.queries import released_about
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

KIND_WORDS: dict[str, Text] = {"terminal": say("Terminal"), "sim": say("SIM")}


@dataclass(frozen=True)
class Fitting:
    """One change to what a vehicle carries. With both `old` and `new` it is a swap; `place` is where the other end was.

    `mends` is true for one that took an earlier one back.
    """

    kind: Text
    icon: str
    old: Unit | None
    new: Unit | None
    place: Text | str | None
    order_id: int | None
    who: str
    at: datetime
    device_at: datetime | None
    mends: bool
    entry_id: int = 0
    moved: bool = False

    @property
    def what(self) -> Text:
        """The sentence above the numbers."""
        if self.moved:
            to = say("%(kind)s moved in from another vehicle", kind=self.kind)
            return to if self.new else say("%(kind)s moved to another vehicle", kind=self.kind)
        if self.mends:
            return say("%(kind)s put back as it was before", kind=self.kind)
        if self.old and self.new:
            return say("%(kind)s swapped", kind=self.kind)
        return say("%(kind)s fitted", kind=self.kind) if self.new else say("%(kind)s taken out", kind=self.kind)


def life(session: Session, vehicle_id: int, by: Actor) -> dict[str, Any]:
    """What the life page of a vehicle shows: what is in it, what went in and out, its orders and their sheets."""
    entries = vehicle_history(session, vehicle_id)
    lines = lines_of_vehicle(session, vehicle_id, by)
    return {
        "inside": fitted_by_role(session, [vehicle_id]).get(vehicle_id, {}),
        "roles": ROLES,
        "fittings": fittings(
            entries, units_by_id(session, {entry.unit_id for entry in entries}), vehicle_id, moved_between(session, entries)
        ),
        "lines": lines,
        "order_numbers": _numbers(session, entries, lines, by),
        "sheets": released_about(session, {line.order_id for line in lines}, {line.id for line in lines}),
    }


def _numbers(session: Session, entries: Iterable[CustodyEntry], lines: Iterable[OrderLine], by: Actor) -> dict[int, str]:
    """The orders that the life names: those about the vehicle, and those that have moved something out of it."""
    numbers = {line.order_id: line.order.number for line in lines}
    others = {entry.order_id for entry in entries if entry.order_id is not None} - numbers.keys()
    return numbers | order_numbers(session, others, by)


def fittings(
    entries: Iterable[CustodyEntry], units: Mapping[int, Unit], vehicle_id: int, moved: Mapping[int, Vehicle] | None = None
) -> list[Fitting]:
    """Custody entries, newest first -> fittings; one unit out and one of its kind in by the same act are a swap.

    `moved`: entry id -> the other vehicle of a move.
    """
    found: list[Fitting] = []
    for _act, same in groupby(entries, key=_act_of):
        moves = list(same)
        for kind in KIND_WORDS:
            found += _of_one_kind([move for move in moves if units[move.unit_id].kind == kind], units, vehicle_id)
    return [_of_move(one, moved or {}) for one in found]


def _of_move(one: Fitting, moved: Mapping[int, Vehicle]) -> Fitting:
    """The same with the other vehicle instead of the bag through which it went."""
    other = moved.get(one.entry_id)
    return replace(one, moved=True, place=vehicle_name(other)) if other and not one.mends else one


def vehicle_name(vehicle: Vehicle) -> str:
    """The plate as it is written, else the VIN."""
    return show_plate(vehicle.plate) if vehicle.plate else vehicle.vin or ""


def _act_of(entry: CustodyEntry) -> tuple[object, ...]:
    """What the entries of one act have in common: without an order each stands for itself."""
    moves = entry.reason in ("move_out", "move_in")
    return (entry.order_id, entry.at, entry.corrects_id is None, moves) if entry.order_id else (entry.id,)


def _of_one_kind(entries: list[CustodyEntry], units: Mapping[int, Unit], vehicle_id: int) -> list[Fitting]:
    ins = [entry for entry in entries if _goes_in(entry, vehicle_id)]
    outs = [entry for entry in entries if not _goes_in(entry, vehicle_id)]
    if len(ins) == len(outs) == 1:
        return [_fitting(ins[0], units, old=units[outs[0].unit_id], new=units[ins[0].unit_id], other=outs[0].to_holder)]
    return [_single(entry, units, vehicle_id) for entry in entries]


def _goes_in(entry: CustodyEntry, vehicle_id: int) -> bool:
    return entry.to_holder.vehicle_id == vehicle_id


def _single(entry: CustodyEntry, units: Mapping[int, Unit], vehicle_id: int) -> Fitting:
    unit = units[entry.unit_id]
    if _goes_in(entry, vehicle_id):
        return _fitting(entry, units, old=None, new=unit, other=entry.from_holder)
    return _fitting(entry, units, old=unit, new=None, other=entry.to_holder)


def _fitting(
    entry: CustodyEntry, units: Mapping[int, Unit], *, old: Unit | None, new: Unit | None, other: Holder | None
) -> Fitting:
    kind = units[entry.unit_id].kind
    return Fitting(
        kind=KIND_WORDS[kind],
        icon="cpu" if kind == "terminal" else "sim",
        old=old,
        new=new,
        place=describe(other) if other else None,
        order_id=entry.order_id,
        who=entry.by_name,
        at=entry.at,
        device_at=entry.device_at,
        mends=entry.corrects_id is not None,
        entry_id=entry.id,
    )
