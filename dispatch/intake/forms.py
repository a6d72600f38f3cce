"""What is typed about a call or a request -> frozen dataclasses, or `Invalid` with a sentence for each field."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time

from dispatch.customers.rules import (
    COLOURS,
    FOUND_BY_ADDRESS,
    PIN_M,
    Doubt,
    Plate,
    likely_colour,
    normalise_vin,
    phone_doubt,
    plate_warnings,
    read_phone,
    read_plate,
    vin_warnings,
)
from dispatch.devices.slot_rules import MAIN, ROLES
from dispatch.geo.forms import read_place
from dispatch.geo.rules import Coordinates
from dispatch.intake.doubts import RIGHT_AS_TYPED, Confirm, Doubtful
from dispatch.intake.help_forms import Help, help_in
from dispatch.orders.rules import CHANNELS, SYMPTOMS, URGENCIES, symptom_in
from dispatch.tabular.cells import read_date, tidy_text
from dispatch.tabular.days import read_near_day
from dispatch.typed import FILL_IN, LONGEST_LINE, LONGEST_TEXT, Typed, key_in, number_in
from dispatch.words import Text, say

FOR_VISIT = ("address", "model")
NO_VEHICLE = say("Give the plate, or the VIN of a vehicle without one.")


@dataclass(frozen=True)
class Call:
    """A repair call, complete (P2). Texts that were not given are ""; `colour` is "" when it has to be guessed from the plate.

    `place` is WGS-84 and comes from `place_source` with `accuracy_m`. `received_at` None means now.
    """

    customer: str
    contact: str
    phone: str
    address: str
    model: str
    symptom: str
    plate: str = ""
    colour: str = ""
    vin: str = ""
    symptom_text: str = ""
    purchased_on: date | None = None
    place: Coordinates | None = None
    place_source: str = "pin"
    accuracy_m: int = PIN_M
    channel: str = "phone"
    urgency: str = "normal"
    diagnosis: str = ""
    note: str = ""
    wanted_on: date | None = None
    window_from: time | None = None
    window_to: time | None = None
    received_at: datetime | None = None
    request_key: uuid.UUID | None = None
    role: str = MAIN
    help: Help | None = None
    contact_id: int | None = None
    """What the customer came with before and goes on as this call: remote help that did not help."""


@dataclass(frozen=True)
class Header:
    """The facts of an installation request that hold for all its vehicles."""

    customer: str
    contact: str
    phone: str
    address: str
    place: Coordinates | None
    model: str
    wanted_on: date | None
    urgency: str
    note: str


HEADER_FIELDS = ("customer", "customer_is", "contact", "phone", "address", "place", "model", "wanted_on", "urgency", "note")
NEW_CUSTOMER = "new"


# --- a repair call


def read_call(texts: Mapping[str, str], *, visit: bool = True) -> Call:
    """The call page's texts -> Call. Raises Invalid, or Doubtful when something only looks wrong and was not confirmed.

    Without a `visit`, remote help has ended the matter: it must be told, and where somebody would have to go need not.
    """
    typed = Typed(texts)
    for_visit = typed.needed if visit else typed.line
    plate = read_plate(typed.line("plate"), typed.line("colour"))
    symptom_text = typed.text("symptom_text")
    window_from, window_to = typed.span("window_from", "window_to") or (None, None)
    call = Call(
        customer=typed.needed("customer"),
        contact=typed.needed("contact"),
        phone=read_phone(typed.needed("phone")).written,
        address=for_visit("address"),
        model=for_visit("model"),
        symptom=typed.choice("symptom", SYMPTOMS, symptom_in(symptom_text) if symptom_text else ""),
        plate=plate.text,
        colour=plate.colour,
        vin=normalise_vin(typed.line("vin")),
        symptom_text=symptom_text,
        purchased_on=typed.maybe("purchased_on", read_near_day),
        place=typed.maybe("place", read_place),
        place_source=typed.choice("place_source", FOUND_BY_ADDRESS, "pin"),
        accuracy_m=number_in(typed.line("accuracy_m")) or PIN_M,
        channel=typed.choice("channel", CHANNELS, "phone"),
        urgency=typed.choice("urgency", URGENCIES, "normal"),
        diagnosis=typed.text("diagnosis"),
        note=typed.text("note"),
        wanted_on=typed.maybe("wanted_on", read_date),
        window_from=window_from,
        window_to=window_to,
        request_key=key_in(texts.get("request_key", "")),
        role=typed.choice("role", ROLES, MAIN),
        help=help_in(typed, must=not visit),
        contact_id=number_in(typed.line("contact_id")),
    )
    missing = missing_in(call)
    errors = (missing if visit else {name: text for name, text in missing.items() if name not in FOR_VISIT}) | typed.errors
    _doubt(errors, call_doubts(call), texts)
    return call


def missing_in(call: Call) -> dict[str, Text]:
    """What a full record (P2) lacks, by field."""
    needed = {name: FILL_IN for name in ("customer", "contact", "phone", "address", "model") if not getattr(call, name)}
    symptom = {} if call.symptom else {"symptom": say("Choose a symptom, or write down what the caller says.")}
    vehicle = {} if call.plate or call.vin else {"plate": NO_VEHICLE}
    return needed | symptom | vehicle


def call_doubts(call: Call) -> dict[str, tuple[str, Doubt]]:
    """What looks wrong and may be right: field -> (its value, the gravest doubt)."""
    plate = Plate(call.plate, call.colour or (likely_colour(call.plate) if call.plate else ""))
    phone = phone_doubt(read_phone(call.phone)) if call.phone else None
    found = (
        ("plate", call.plate, plate_warnings(plate)),
        ("vin", call.vin, vin_warnings(call.vin)),
        ("phone", call.phone, (phone,) if phone else ()),
    )
    return {name: (value, doubts[0]) for name, value, doubts in found if doubts}


def _doubt(errors: dict[str, Text], doubts: Mapping[str, tuple[str, Doubt]], texts: Mapping[str, str]) -> None:
    """Raise what is wrong and what is doubtful together; a doubt that was confirmed for this very value is none."""
    open_doubts = {name: (value, doubt) for name, (value, doubt) in doubts.items() if texts.get(f"sure_{name}") != value}
    fields = {name: doubt.text for name, (_, doubt) in open_doubts.items()} | errors
    if fields:
        doubtful = {name: value for name, (value, _) in open_doubts.items() if name not in errors}
        raise Doubtful(fields, {name: Confirm(f"sure_{name}", value, RIGHT_AS_TYPED) for name, value in doubtful.items()})


# --- an installation request


def read_header(texts: Mapping[str, str]) -> Header:
    """The preview's texts -> Header. Raises Invalid."""
    typed = Typed(texts)
    header = Header(
        customer=typed.needed("customer"),
        contact=typed.needed("contact"),
        phone=read_phone(typed.needed("phone")).written,
        address=typed.needed("address"),
        place=typed.maybe("place", read_place),
        model=typed.line("model"),
        wanted_on=typed.maybe("wanted_on", read_date),
        urgency=typed.choice("urgency", URGENCIES, "normal"),
        note=typed.text("note"),
    )
    typed.check()
    return header


def customer_named_in(texts: Mapping[str, str]) -> str:
    """The customer's name in a header's texts, on one line."""
    return " ".join(tidy_text(texts.get("customer", "")).split())


def answer_for(customer_id: int | None, name: str) -> str:
    """“It is this customer” (None: a new one) as a choice. It counts only while the header still says `name`."""
    return f"{customer_id or NEW_CUSTOMER}:{name}"


@dataclass(frozen=True)
class LineEdit:
    """A line's plate, colour and VIN as a person typed them; `drivers` are name and phone of those on the page, by index."""

    plate: str
    colour: str
    vin: str
    drivers: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Edits:
    """What a person changed in the preview: the header as typed, lines by index, lines left out, vehicles to be moved; and
    whether the very same file is to be taken in `again`."""

    header: dict[str, str]
    lines: dict[int, LineEdit]
    left_out: frozenset[int]
    moved: frozenset[int]
    version: int | None = None
    again: bool = False


def read_edits(texts: Mapping[str, str], left_out: Iterable[str], moved: Iterable[str]) -> Edits:
    """The preview's form -> Edits; nothing is refused here. Lines are named `plate-0`, `colour-0`, `vin-0`,
    and the second driver of that line `driver-0-1`, `phone-0-1`."""
    tidy = {name: tidy_text(text)[:LONGEST_TEXT] for name, text in texts.items()}
    indexes = {int(found[1]) for name in tidy if (found := re.fullmatch(r"(?:plate|vin)-(\d{1,6})", name))}
    drivers = _drivers(tidy)
    lines = {i: _line_edit(tidy, i, drivers.get(i, {})) for i in indexes}
    header = {name: tidy[name] for name in HEADER_FIELDS if name in tidy}
    version = tidy.get("version", "")
    shown = int(version) if version.isdecimal() else None
    return Edits(header, lines, _numbers(left_out), _numbers(moved), shown, again=tidy.get("again") == "1")


def _line_edit(tidy: Mapping[str, str], index: int, drivers: Mapping[int, tuple[str, str]]) -> LineEdit:
    plate, colour, vin = (_code(tidy, f"{part}-{index}") for part in ("plate", "colour", "vin"))
    return LineEdit(plate, colour, vin, drivers)


def _drivers(tidy: Mapping[str, str]) -> dict[int, dict[int, tuple[str, str]]]:
    """Name and phone as typed, by line and place in the line."""
    found: dict[int, dict[int, tuple[str, str]]] = {}
    for name in tidy:
        if key := re.fullmatch(r"phone-(\d{1,6})-(\d{1,2})", name):
            typed = (_code(tidy, f"driver-{key[1]}-{key[2]}"), _code(tidy, name))
            found.setdefault(int(key[1]), {})[int(key[2])] = typed
    return found


def _code(tidy: Mapping[str, str], name: str) -> str:
    return tidy.get(name, "")[:LONGEST_LINE]


def _numbers(texts: Iterable[str]) -> frozenset[int]:
    return frozenset(int(text) for text in texts if re.fullmatch(r"\d{1,6}", text))


def colour_options() -> list[tuple[str, Text]]:
    """The colours of plates, as choices."""
    return list(COLOURS.items())
