"""What somebody asks of the past: a number and a moment in, what was where in whose company out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.queries import vehicle_numbered
from dispatch.devices.models import Unit
from dispatch.devices.moments import Stay, Together, inside_at, together, units_at
from dispatch.devices.queries import units_numbered
from dispatch.devices.rules import tidy
from dispatch.errors import Invalid
from dispatch.staff.rules import Actor
from dispatch.tabular.cells import read_moment
from dispatch.typed import FILL_IN
from dispatch.words import Text, say

NOTHING_HAS_IT = say("Nothing has this number. Enter all of it: a plate, VIN, serial, IMEI, ICCID or SIM number.")


@dataclass(frozen=True)
class Asked:
    """A number as somebody typed it, and a moment."""

    number: str
    moment: datetime


@dataclass(frozen=True)
class Seen:
    """What the number belongs to, and where it or what was in it was at the moment."""

    vehicle: Vehicle | None
    unit: Unit | None
    stays: Sequence[Stay]

    @property
    def slots(self) -> list[Together]:
        """What was together in a vehicle."""
        return together(self.stays)

    @property
    def place(self) -> Stay | None:
        """Where a unit was that was in no vehicle."""
        return next((stay for stay in self.stays if stay.holder.kind != "slot"), None)


def read_asked(typed: Mapping[str, Any], *, zone: str, at: datetime) -> Asked:
    """A question as typed: `number`, and `at` in ISO 8601 or as people write it, by the branch's clock unless it says another.

    No moment means now (`at`). Raises Invalid.
    """
    number, text = str(typed.get("number") or "").strip(), str(typed.get("at") or "").strip()
    moment = _moment(text, zone) if text else at
    errors = {"number": FILL_IN} if not number else {}
    if isinstance(moment, Text):
        raise Invalid(errors | {"at": moment})
    if errors:
        raise Invalid(errors)
    return Asked(number, moment)


def _moment(text: str, zone: str) -> datetime | Text:
    try:
        moment: datetime | Text | None = datetime.fromisoformat(text)
    except ValueError:
        moment = read_moment(text)
    if not isinstance(moment, datetime):
        return say("This is no moment. Write it like 2026-11-20 14:30.")
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def look_back(session: Session, asked: Asked, *, by: Actor) -> Seen:
    """What was where. Raises Invalid (`number`) when nothing that the reader may see has this very number."""
    vehicle = vehicle_numbered(session, asked.number, by)
    if vehicle is not None:
        return Seen(vehicle, None, inside_at(session, asked.moment, vehicle_id=vehicle.id))
    units = units_numbered(session, [tidy(asked.number)], by)
    if not units:
        raise Invalid({"number": NOTHING_HAS_IT})
    return Seen(None, units[0], units_at(session, asked.moment, unit_id=units[0].id))
