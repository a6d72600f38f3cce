"""The rows of a list of calls against the record: one whose vehicle is somebody else's cannot be taken from the list."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.intake.calls import RepairCall
from dispatch.intake.rules import OnRecord, Register, colour_of
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def vehicles_elsewhere(session: Session, rows: Sequence[RepairCall], by: Actor) -> dict[int, Text]:
    """Row -> whose its vehicle is, where that is not the customer who calls."""
    plates, vins = {row.plate for row in rows} - {""}, {row.vin for row in rows} - {""}
    query = sa.select(Vehicle, Branch.name).join(Branch, Branch.id == Vehicle.branch_id)
    query = query.where(sa.or_(Vehicle.plate.in_(plates), Vehicle.vin.in_(vins))).options(joinedload(Vehicle.customer))
    register = Register(_on_record(vehicle, branch, by) for vehicle, branch in session.execute(query))
    said = ((row.row, _elsewhere(row, register)) for row in rows)
    return {row: text for row, text in said if text is not None}


def _on_record(vehicle: Vehicle, branch: str, by: Actor) -> OnRecord:
    seen = by.sees_branch(vehicle.branch_id)
    owner = vehicle.customer.name if seen else None
    facts = (vehicle.id, vehicle.plate, vehicle.plate_colour, vehicle.vin)
    return OnRecord(*facts, owner=owner, branch=None if seen else branch)


def _elsewhere(row: RepairCall, register: Register) -> Text | None:
    colour = colour_of(row.plate, "", register.colours(row.plate))
    found = register.plated(row.plate, colour) if row.plate else register.with_vin(row.vin)
    if found is None:
        return None
    shown = show_plate(row.plate) if row.plate else row.vin
    if found.branch is not None:
        return say("%(vehicle)s is on record at another branch: %(branch)s.", vehicle=shown, branch=found.branch)
    if found.owner != row.customer:
        return say("%(vehicle)s is on record under %(owner)s.", vehicle=shown, owner=found.owner)
    return None
