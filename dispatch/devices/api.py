"""What other programs ask about devices. Answers are JSON; times are ISO 8601 in UTC.

A no is `{"error": sentence}`, with `"errors": {field: sentence}` where fields are to blame; 401 for who is not signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, request

from dispatch.clock import now
from dispatch.customers.models import Vehicle
from dispatch.db import transaction
from dispatch.devices.fitted import unit_numbers
from dispatch.devices.looking_back import Asked, Seen, look_back, read_asked
from dispatch.devices.moments import Stay, Together
from dispatch.devices.operations import describe
from dispatch.orders.ties import order_numbers
from dispatch.web.access import current, may
from dispatch.web.locale import tr

api = Blueprint("devices_api", __name__, url_prefix="/api/v1")

Numbers = Mapping[int, str]


@api.get("/fitted")
@may("customer.see")
def fitted_at() -> dict[str, Any]:
    """`?number=…&at=…`: what was in a vehicle, or where a unit was and in what company, at a moment (none: now).

    422 for a number that nothing has, or a moment that is none.
    """
    asked = read_asked(request.args, zone=current().zone, at=now())
    with transaction() as db:
        seen = look_back(db, asked, by=current())
        return _seen(asked, seen, order_numbers(db, {stay.order_id for stay in seen.stays if stay.order_id}, current()))


def _seen(asked: Asked, seen: Seen, numbers: Numbers) -> dict[str, Any]:
    return {
        "number": asked.number,
        "at": _time(asked.moment),
        "vehicle": seen.vehicle and _vehicle(seen.vehicle),
        "unit": seen.unit and {"id": seen.unit.id, "kind": seen.unit.kind, "number": seen.unit.number},
        "slots": [_slot(slot, numbers) for slot in seen.slots],
        "place": seen.place and _place(seen.place),
    }


def _slot(slot: Together, numbers: Numbers) -> dict[str, Any]:
    inside = {"terminal": _stay(slot.terminal, numbers), "sim": _stay(slot.sim, numbers)}
    return {"vehicle": _vehicle(slot.vehicle), "role": slot.slot.role, **inside}


def _vehicle(vehicle: Vehicle) -> dict[str, Any]:
    return {"id": vehicle.id, "plate": vehicle.plate, "plate_colour": vehicle.plate_colour, "vin": vehicle.vin}


def _stay(stay: Stay | None, numbers: Numbers) -> dict[str, Any] | None:
    if stay is None:
        return None
    order = numbers.get(stay.order_id or 0)
    return {"id": stay.unit.id, **unit_numbers(stay.unit), "since": _time(stay.since), "until": _time(stay.until), "order": order}


def _place(stay: Stay) -> dict[str, Any]:
    where = {"kind": stay.holder.kind, "name": tr(describe(stay.holder))}
    return {**where, "since": _time(stay.since), "until": _time(stay.until)}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
