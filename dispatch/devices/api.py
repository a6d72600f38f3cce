"""What other programs ask about devices. Answers are JSON; times are ISO 8601 in UTC.

A no is `{"error": sentence}`, with `"errors": {field: sentence}` where fields are to blame; 401 for who is not signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request

from dispatch.clock import now
from dispatch.customers.models import Vehicle
from dispatch.db import transaction
from dispatch.devices.fitted import unit_numbers
from dispatch.devices.looking_back import Asked, Seen, look_back, read_asked
from dispatch.devices.models import OwnershipEntry
from dispatch.devices.moments import Stay, Together
from dispatch.devices.operations import describe
from dispatch.devices.ownership_queries import owners_at
from dispatch.orders.ties import order_numbers
from dispatch.web.access import current, may
from dispatch.web.locale import tr

api = Blueprint("devices_api", __name__, url_prefix="/api/v1")

OURS = {"kind": "ours", "name": None}


@dataclass(frozen=True)
class Known:
    """What stands elsewhere of what was seen: the numbers of orders by id, and by unit whose it was then, if it was not ours."""

    numbers: Mapping[int, str]
    owners: Mapping[int, dict[str, Any]]


@api.get("/fitted")
@may("customer.see")
def fitted_at() -> dict[str, Any]:
    """`?number=…&at=…`: what was in a vehicle, or where a unit was and in what company, at a moment (none: now), and whose.

    422 for a number that nothing has, or a moment that is none.
    """
    asked = read_asked(request.args, zone=current().zone, at=now())
    with transaction() as db:
        seen = look_back(db, asked, by=current())
        numbers = order_numbers(db, {stay.order_id for stay in seen.stays if stay.order_id}, current())
        owners = owners_at(db, [stay.unit.id for stay in seen.stays], asked.moment)
        return _seen(asked, seen, Known(numbers, {unit_id: _owner(entry) for unit_id, entry in owners.items()}))


def _owner(entry: OwnershipEntry) -> dict[str, Any]:
    return {"kind": entry.to_owner, "name": entry.to_customer.name if entry.to_customer else entry.to_name}


def _seen(asked: Asked, seen: Seen, known: Known) -> dict[str, Any]:
    return {
        "number": asked.number,
        "at": _time(asked.moment),
        "vehicle": seen.vehicle and _vehicle(seen.vehicle),
        "unit": seen.unit and {"id": seen.unit.id, "kind": seen.unit.kind, "number": seen.unit.number},
        "slots": [_slot(slot, known) for slot in seen.slots],
        "place": seen.place and _place(seen.place, known),
    }


def _slot(slot: Together, known: Known) -> dict[str, Any]:
    inside = {"terminal": _stay(slot.terminal, known), "sim": _stay(slot.sim, known)}
    return {"vehicle": _vehicle(slot.vehicle), "role": slot.slot.role, **inside}


def _vehicle(vehicle: Vehicle) -> dict[str, Any]:
    return {"id": vehicle.id, "plate": vehicle.plate, "plate_colour": vehicle.plate_colour, "vin": vehicle.vin}


def _stay(stay: Stay | None, known: Known) -> dict[str, Any] | None:
    if stay is None:
        return None
    when = {"since": _time(stay.since), "until": _time(stay.until), "order": known.numbers.get(stay.order_id or 0)}
    return {"id": stay.unit.id, **unit_numbers(stay.unit), **when, "owner": known.owners.get(stay.unit.id, OURS)}


def _place(stay: Stay, known: Known) -> dict[str, Any]:
    where = {"kind": stay.holder.kind, "name": tr(describe(stay.holder))}
    owner = known.owners.get(stay.unit.id, OURS)
    return {**where, "since": _time(stay.since), "until": _time(stay.until), "owner": owner}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
