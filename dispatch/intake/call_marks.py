"""The rows of a list of calls against the record and one another: whose vehicle it is, and which order a further call joins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.calls import RepairCall
from dispatch.intake.rules import OnRecord, Register, colour_of
from dispatch.orders.contact_queries import orders_under_way
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Standing:
    """What stands in the way of a row, and what it joins: an order under way, or the order that another row becomes."""

    refused: Text | None = None
    order: str = ""
    first: int | None = None


def standings(session: Session, rows: Sequence[RepairCall], by: Actor) -> dict[int, Standing]:
    """How each row of a list of calls stands to the record and to the rows before it."""
    plates, vins = {row.plate for row in rows} - {""}, {row.vin for row in rows} - {""}
    query = sa.select(Vehicle, Branch.name).join(Branch, Branch.id == Vehicle.branch_id)
    query = query.where(sa.or_(Vehicle.plate.in_(plates), Vehicle.vin.in_(vins))).options(joinedload(Vehicle.customer))
    known = [_on_record(vehicle, branch, by) for vehicle, branch in session.execute(query)]
    under_way = orders_under_way(session, {vehicle.id for vehicle in known}, by)
    return standings_in(rows, Register(known), {vehicle_id: found.number for vehicle_id, found in under_way.items()})


def standings_in(
    rows: Sequence[RepairCall], register: Register | None = None, under_way: Mapping[int, str] | None = None
) -> dict[int, Standing]:
    """The same, when the vehicles on record and their orders under way (vehicle -> number) are known."""
    register = register or Register(())
    told: dict[int, Standing] = {}
    seen: dict[tuple[str, object], RepairCall] = {}
    for row in rows:
        found = _found(row, register)
        named: list[tuple[str, object]] = [("id", found.id)] if found else []
        named += [(kind, text) for kind, text in (("plate", row.plate), ("vin", row.vin)) if text]
        before = next((seen[name] for name in named if name in seen), None)
        told[row.row] = _standing(row, found, before, told, under_way or {})
        if told[row.row].refused is None and not call_reasons(row)[0]:
            for name in named:
                seen.setdefault(name, before or row)
    return told


def _standing(
    row: RepairCall,
    found: OnRecord | None,
    before: RepairCall | None,
    told: Mapping[int, Standing],
    under_way: Mapping[int, str],
) -> Standing:
    refused = _elsewhere(row, found) if found else None
    if refused is not None or (found and found.id in under_way):
        return Standing(refused, under_way[found.id] if found and refused is None else "")
    if before is None:
        return Standing()
    if before.customer != row.customer:
        shown = {"vehicle": _shown(row), "row": before.row, "owner": before.customer}
        return Standing(say("%(vehicle)s stands in row %(row)s under %(owner)s.", **shown))
    order = told[before.row].order
    return Standing(order=order, first=None if order else before.row)


def _on_record(vehicle: Vehicle, branch: str, by: Actor) -> OnRecord:
    seen = by.sees_branch(vehicle.branch_id)
    owner = vehicle.customer.name if seen else None
    facts = (vehicle.id, vehicle.plate, vehicle.plate_colour, vehicle.vin)
    return OnRecord(*facts, owner=owner, branch=None if seen else branch)


def _found(row: RepairCall, register: Register) -> OnRecord | None:
    colour = colour_of(row.plate, "", register.colours(row.plate))
    return register.plated(row.plate, colour) or register.with_vin(row.vin)


def _elsewhere(row: RepairCall, found: OnRecord) -> Text | None:
    if found.branch is not None:
        return say("%(vehicle)s is on record at another branch: %(branch)s.", vehicle=_shown(row), branch=found.branch)
    if found.owner != row.customer:
        return say("%(vehicle)s is on record under %(owner)s.", vehicle=_shown(row), owner=found.owner)
    return None


def _shown(row: RepairCall) -> str:
    return show_plate(row.plate) if row.plate else row.vin
