"""What people type about customers and vehicles: text -> frozen dataclasses, or Invalid."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.customers.operations import CustomerFacts, VehicleFacts
from dispatch.customers.rules import (
    COLOURS,
    Doubt,
    Plate,
    normalise_vin,
    phone_doubt,
    plate_warnings,
    read_phone,
    read_plate,
    vin_warnings,
)
from dispatch.customers.wishes import KINDS, NewWish
from dispatch.errors import Invalid
from dispatch.tabular.days import read_near_day
from dispatch.typed import FILL_IN, Typed, number_in
from dispatch.words import Text, say

TIERS: dict[str, Text] = {"vip": say("VIP"), "a": say("A"), "b": say("B"), "c": say("C")}
"""Service classes (Q11), the best first."""

LONGEST = 200
NUMBERS = {"silent_hours": (1, 8760), "payment_days": (0, 365)}
"""Numbers of a customer that may be left out, with their ends."""
TOO_LONG = say("At most %(n)s characters, please.", n=LONGEST)


def read_customer(typed: Mapping[str, str]) -> CustomerFacts:
    """Name, tier and note of a customer, after how long his terminals are missed, and when he pays. Raises Invalid."""
    name, tier = typed.get("name", "").strip(), typed.get("tier", "")
    errors = {"name": FILL_IN} if not name else {"name": TOO_LONG} if len(name) > LONGEST else {}
    if tier not in TIERS:
        errors["tier"] = say("Choose one of the tiers.")
    numbers = {field: _whole(typed, field, *ends, errors) for field, ends in NUMBERS.items()}
    if errors:
        raise Invalid(errors)
    same = bool(typed.get("same_technician"))
    return CustomerFacts(name, tier, typed.get("note", "").strip() or None, **numbers, same_technician=same)


def _whole(typed: Mapping[str, str], field: str, least: int, most: int, errors: dict[str, Text]) -> int | None:
    """A number that may be left out; what is none goes into `errors`."""
    text = typed.get(field, "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and least <= int(text[:6]) <= most:
        return int(text)
    errors[field] = say("A whole number from %(least)s to %(most)s, or nothing.", least=least, most=most)
    return None


def read_contact(typed: Mapping[str, str]) -> tuple[str, str]:
    """Name and phone of a customer's contact, ("", "") when neither was typed. Raises Invalid for half a contact."""
    name, phone = typed.get("contact_name", "").strip(), typed.get("contact_phone", "").strip()
    if not name and not phone:
        return "", ""
    errors = {field: FILL_IN for field, text in (("contact_name", name), ("contact_phone", phone)) if not text}
    doubt = phone_doubt(read_phone(phone)) if phone else None
    if doubt:
        errors["contact_phone"] = doubt.text
    if errors:
        raise Invalid(errors)
    return name, read_phone(phone).written


def read_wish(typed: Mapping[str, str]) -> NewWish:
    """A technician whom a customer prefers, or does not let in. Raises Invalid."""
    reader = Typed(typed)
    kind, site = reader.choice("kind", KINDS, ""), reader.line("site")
    who, reason = number_in(reader.line("person")), reader.needed("reason")
    if who is None:
        reader.errors["person"] = say("Choose one of the technicians.")
    if not kind:
        reader.errors["kind"] = say("Choose what the customer wants.")
    reader.check()
    return NewWish(who or 0, kind, reason, (number_in(site) or 0) if site else None)


def read_vehicle(typed: Mapping[str, str]) -> VehicleFacts:
    """A vehicle's facts, corrected by hand. Raises Invalid; what only looks wrong is taken once `sure` is ticked."""
    plate, vin = read_plate(typed.get("plate", ""), typed.get("plate_colour", "")), normalise_vin(typed.get("vin", ""))
    reader = Typed(typed)
    purchased_on = reader.maybe("purchased_on", read_near_day)
    errors = _wrong(plate, vin) | reader.errors
    if not errors and not typed.get("sure"):
        errors = _doubtful(plate, vin)
    if errors:
        raise Invalid(errors)
    return VehicleFacts(
        plate=plate.text or None,
        plate_colour=plate.colour if plate.text else None,
        vin=vin or None,
        kind=_plain(typed, "kind"),
        make=_plain(typed, "make"),
        engine_no=_plain(typed, "engine_no"),
        fleet_no=_plain(typed, "fleet_no"),
        purchased_on=purchased_on,
    )


def _plain(typed: Mapping[str, str], name: str) -> str | None:
    return typed.get(name, "").strip()[:LONGEST] or None


def _wrong(plate: Plate, vin: str) -> dict[str, Text]:
    if not plate.text and not vin:
        return {"plate": say("A vehicle needs a plate or a VIN.")}
    if plate.text and plate.colour not in COLOURS:
        return {"plate_colour": say("Choose the colour of the plate.")}
    return {}


def _doubtful(plate: Plate, vin: str) -> dict[str, Text]:
    doubts: dict[str, tuple[Doubt, ...]] = {
        "plate": plate_warnings(plate) if plate.text else (),
        "vin": vin_warnings(vin) if vin else (),
    }
    return {name: found[0].text for name, found in doubts.items() if found}
