"""One visit of a pack, with its vehicles. See `shapes` for how moments, money and sentences are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from dispatch.field.packing.price_shapes import Charge, Prices, Receipt
from dispatch.field.packing.saying import Person, Place, Said


@dataclass(frozen=True)
class Stop:
    """A visit. `version` counts its changes; `status` is dispatched, on_the_way, on_site, finished or abandoned; `earlier` is the
    day it was planned for, where that is over."""

    id: int
    version: int
    status: str
    starts_at: datetime
    ends_at: datetime
    departed_at: datetime | None
    arrived_at: datetime | None
    finished_at: datetime | None
    earlier: date | None
    order: Job
    site: Place
    customer: Customer
    lines: Sequence[Line]
    """His own vehicles of the order, by position: what he does is at these."""
    others: int
    """How many vehicles the order has besides."""
    colleagues: int
    """How many other visits the order has that are dispatched or going on."""
    charges: Sequence[Charge]
    """What stands on the bill of the order, of earlier visits, too."""
    receipts: Sequence[Receipt]
    total: Decimal
    due: Decimal
    prices: Prices
    allowed: Sequence[Allowed]
    """What was allowed by word during the work."""
    signature: Signature | None
    disputes: Sequence[Dispute]
    """What he sent from there that the office has to decide, or has."""
    summary: Mapping[str, Any]
    """The summary that the customer would sign if nothing more was done: `field/app/steps/summary.js` makes it from this pack and
    the phone's own facts, and `POST /api/field/facts` takes it with `sign`, as `summary` with `summary_hash`."""


@dataclass(frozen=True)
class Job:
    """The order a visit is for. `symptom` is what a repair is about, `symptom_text` the caller's words, `window` the clock times
    that were promised for `wanted_on`."""

    id: int
    number: str
    kind: str
    status: str
    urgency: str
    symptom: Said | None
    symptom_text: str | None
    diagnosis: str | None
    note: str | None
    product_model: str | None
    purchased_on: date | None
    wanted_on: date | None
    window: tuple[str, str] | None
    usual_why: str | None
    """The reason for a swap of a terminal that the symptom lets expect: a key of `lists["why_terminal"]`."""


@dataclass(frozen=True)
class Customer:
    """Whose vehicles they are. `contact` is whom the order names; `contacts` are the customer's people."""

    id: int
    name: str
    tier: str
    note: str | None
    contact: Person
    contacts: Sequence[Person]


@dataclass(frozen=True)
class Line:
    """One vehicle, with what is to be done, what is in it and what was done on this order. `role`: which of its terminals the
    order is about; `inside`: role -> kind ("terminal", "sim") -> unit, as the record has it."""

    id: int
    position: int
    status: str
    reason: str | None
    role: str
    model: str | None
    parking: str | None
    remark: str | None
    vehicle: Vehicle
    inside: Mapping[str, Mapping[str, Unit]]
    fittings: Sequence[Fitting]
    tests: Mapping[str, str]
    """Point -> the result that counts: none from before the last fitting."""
    parts: Sequence[UsedPart]
    photos: Sequence[str]
    """The kinds of photos that were taken of it, those that a change has made worthless left out."""
    asked: Mapping[str, Asked] | None
    """Work -> what is asked for, where its test-run began under an older list; else null: `Pack.works` holds."""
    work: str
    """What was done at it so far, a key of `Pack.works`: "installation" or "repair" as long as nothing was. After the phone's own
    fittings: terminal in an empty place -> installation; terminal for terminal -> terminal; only a SIM -> sim (installation on
    an installation's order); taken out without another one -> removal; moved in -> move. Of several terminals in one vehicle the
    first of that list counts."""
    photos_owed: Sequence[str]
    """What closing will miss: "vehicle" stands for a photo of the vehicle itself (a repair: kind condition; an installation: any
    of condition, work, unit or those that are asked for)."""
    warranty: Said | None
    """In words, of a repair; null for an installation."""
    in_warranty: bool | None
    history: Sequence[Event]


@dataclass(frozen=True)
class Vehicle:
    """A vehicle, known by its plate or, without one, its VIN."""

    id: int
    plate: str | None
    plate_colour: str | None
    vin: str | None
    kind: str | None
    make: str | None
    fleet_no: str | None
    drivers: Sequence[Person]


@dataclass(frozen=True)
class Unit:
    """A terminal or SIM. `numbers` as on papers: serial, model, imei, terminal_id, phone_808 of a terminal; iccid, msisdn,
    carrier of a SIM. `scans`: what a label may read, folded as `devices.rules.tidy` does (capitals, no blanks and dashes)."""

    id: int
    kind: str
    numbers: Mapping[str, str | None]
    scans: Sequence[str]
    lent_until: date | None = None


@dataclass(frozen=True)
class Fitting:
    """What was changed and stands, as in the summary: numbers of the old and the new unit. `fact`: the act it came with, which
    `line.undo` may name instead of the `id`: then all that came with it is undone."""

    id: int
    fact: str | None
    kind: str
    unit_kind: str
    role: str
    at: datetime
    told: Mapping[str, Any]
    """The same as the summary tells it."""


@dataclass(frozen=True)
class UsedPart:
    """So many of a counted part went into the vehicle; `entry`, or the act it came with (`fact`), is named to put it back."""

    entry: int
    fact: str | None
    code: str
    name: str
    unit: str
    quantity: int


@dataclass(frozen=True)
class Asked:
    """Points of the test-run that must pass and that may stay open; photos that must and may be taken. Of the photos imei is
    asked for only where a terminal was put in, iccid only where a SIM was."""

    must: Sequence[str]
    may: Sequence[str]
    photos: Sequence[str]
    photos_may: Sequence[str]


@dataclass(frozen=True)
class Event:
    """Something that happened to a vehicle before, the newest first: nobody's name, what and when."""

    at: datetime
    what: Said
    number: str | None
    """The order it belongs to."""
    old: str | None = None
    new: str | None = None
    why: Said | None = None


@dataclass(frozen=True)
class Allowed:
    """Something that was allowed by word."""

    what: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Signature:
    """The customer's newest word under this visit. `changed`: something was changed after it, so it is to be signed again."""

    signer: str
    refused: bool
    reason: str | None
    at: datetime
    changed: bool


@dataclass(frozen=True)
class Dispute:
    """A fact of his own that fitted nothing. `answer` is what the office says to it, `how` "applied", "set_aside" or "settled";
    both are empty as long as nobody has decided."""

    id: str
    kind: str
    line: int | None
    why: Said | None
    answer: str | None
    how: str
