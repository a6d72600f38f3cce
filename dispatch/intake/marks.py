"""What each row of a list would do to the record: new, known already, an update, or not possible. Asked anew at every look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.forms import SimRow, TerminalRow
from dispatch.devices.models import Part
from dispatch.devices.part_forms import PartRow
from dispatch.devices.part_queries import parts_coded
from dispatch.devices.queries import models, numbers_taken, stores
from dispatch.fees.forms import PriceRow
from dispatch.fees.models import Price
from dispatch.fees.price_rules import Whom
from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.call_marks import Standing, standings, standings_in
from dispatch.intake.calls import RepairCall
from dispatch.intake.lists import Reading, Row
from dispatch.intake.owned import Found, owner_problem, owners_meant
from dispatch.intake.priced import Meant, Refused, whose_prices
from dispatch.intake.technicians import Difference, differences
from dispatch.staff.forms import TechnicianRow
from dispatch.staff.models import Person
from dispatch.staff.queries import people_numbered
from dispatch.staff.rules import GIVEN_BY_ADMINISTRATOR, Actor
from dispatch.words import Text, listed, say

Known = Mapping[str, Collection[str | None]]
"""The names on record, by what they name: "model", "store"."""


@dataclass(frozen=True)
class Marked:
    """A row and what it would do: `change` is "new", "update", "same", or "repriced": a known article's price from a day on.

    `refused` says why it cannot be taken, and `field` which column that is about; `before` is what it replaces or follows,
    `differs` what changes of a person on record; `makes` names what comes on record with the row besides itself:
    "model", "store". A call `joins` an order under way, or the one that another row (`first`) becomes.
    """

    row: Any
    change: str = "new"
    refused: Text | None = None
    field: str = ""
    before: Any = None
    differs: Sequence[Difference] = ()
    makes: frozenset[str] = frozenset()
    joins: str = ""
    first: int | None = None


def marked_rows(session: Session, kind: str, reading: Reading, by: Actor) -> list[Marked]:
    """The rows of a reading against the record."""
    return _MARKERS[kind](session, reading.rows, by)


def alone(reading: Reading) -> list[Marked]:
    """The rows of a reading as they are, without asking the record."""
    calls = standings_in([row for row in reading.rows if isinstance(row, RepairCall)])
    return [_call(row, calls[row.row]) if isinstance(row, RepairCall) else Marked(row) for row in reading.rows]


def _terminals(session: Session, rows: Sequence[TerminalRow], by: Actor) -> list[Marked]:
    imeis = [row.imei for row in rows if row.imei]
    taken = numbers_taken(session, serials=[row.serial for row in rows], imeis=imeis)
    known: Known = {"model": {model.name for model in models(session)}, "store": _stores(session, by)}
    meant = owners_meant(session, rows, by)
    return [_unit(row, {"serial": row.serial, "imei": row.imei}, taken, meant, known) for row in rows]


def _sims(session: Session, rows: Sequence[SimRow], by: Actor) -> list[Marked]:
    msisdns = [row.msisdn for row in rows if row.msisdn]
    taken = numbers_taken(session, iccid_keys=[row.iccid.key for row in rows], msisdns=msisdns)
    known: Known = {"store": _stores(session, by)}
    meant = owners_meant(session, rows, by)
    return [_unit(row, {"iccid": row.iccid.key, "msisdn": row.msisdn}, taken, meant, known) for row in rows]


def _unit(
    row: TerminalRow | SimRow, numbers: Mapping[str, str | None], taken: set[str], meant: Mapping[str, Found], known: Known
) -> Marked:
    """A terminal or SIM, which cannot be taken if one of its numbers is on record or nobody knows whose it is."""
    twice = [key for key, number in numbers.items() if number in taken]
    refused = _on_record([str(numbers[key]) for key in twice]) or owner_problem(row, meant)
    return Marked(row, refused=refused, field=(*twice, "owner")[0] if refused else "", makes=_makes(row, known))


def _parts(session: Session, rows: Sequence[PartRow], by: Actor) -> list[Marked]:
    on_record = parts_coded(session, [row.code for row in rows])
    known: Known = {"store": _stores(session, by)}
    first = {row.code: row for row in reversed(rows)}
    return [_part(row, on_record.get(row.code), first[row.code], known) for row in rows]


def _part(row: PartRow, found: Part | None, first: PartRow, known: Known) -> Marked:
    """A code says what a part is: a row that calls it otherwise, or counts it in another unit, is no delivery of it.

    `found` is the part on record; where there is none the `first` row with the code says what it is.
    """
    stands = found or first
    if (stands.name, stands.unit) != (row.name, row.unit):
        told = {"code": row.code, "name": stands.name, "unit": stands.unit}
        other = say("%(code)s is %(name)s, counted in %(unit)s", **told)
        return Marked(row, refused=other, field="name", before=found)
    if found is None:
        return Marked(row, makes=_makes(row, known))
    refused = None if found.active or not row.quantity else say("%(part)s is no longer used.", part=found.name)
    return Marked(row, "same", refused=refused, field="code" if refused else "", before=found, makes=_makes(row, known))


def _stores(session: Session, by: Actor) -> set[str | None]:
    """The names of the branch's own stores."""
    return {store.name for store in stores(session, by) if store.branch_id == by.branch_id}


def _makes(row: TerminalRow | SimRow | PartRow, known: Known) -> frozenset[str]:
    """Which of the names in a row nobody has used before."""
    return frozenset(kind for kind, names in known.items() if getattr(row, kind) and getattr(row, kind) not in names)


def names_made(marked: Sequence[Marked], kind: str) -> dict[str, int]:
    """The new models or stores that taking these rows would make, with how many rows each."""
    return dict(Counter(getattr(each.row, kind) for each in marked if kind in each.makes))


def _on_record(known: Sequence[str]) -> Text | None:
    return say("%(numbers)s is on record already", numbers=listed(known)) if known else None


def _technicians(session: Session, rows: Sequence[TechnicianRow], by: Actor) -> list[Marked]:
    known = people_numbered(session, [row.staff_no for row in rows])
    return [_technician(row, known.get(row.staff_no), by) for row in rows]


def _technician(row: TechnicianRow, person: Person | None, by: Actor) -> Marked:
    night = _night(row)
    refused = night or (_not_his(person, by) if person else None)
    if person is None or refused:
        return Marked(row, refused=refused, field="" if not refused else "shift" if night else "staff_no", before=person)
    differs = differences(person, row)
    return Marked(row, "update" if differs else "same", before=person, differs=differs)


def _night(row: TechnicianRow) -> Text | None:
    if row.shift and row.shift.until <= row.shift.start:
        return say("shifts over midnight cannot be planned")
    return None


def _not_his(person: Person, by: Actor) -> Text | None:
    """Why a known person is not brought up to date from a list."""
    if person.branch_id != by.branch_id:
        return say("this staff number belongs to another branch")
    if not person.active:
        return say("this staff number belongs to somebody who left")
    if "technician" not in person.roles or person.roles & GIVEN_BY_ADMINISTRATOR:
        return say("this staff number belongs to somebody with another role")
    return None


def _prices(session: Session, rows: Sequence[PriceRow], by: Actor) -> list[Marked]:
    query = sa.select(Price).where(Price.code.in_({row.code for row in rows})).order_by(Price.valid_from)
    meant = whose_prices(session, rows, by)
    known: dict[tuple[str, Whom], list[Price]] = {}
    for price in session.scalars(query):
        known.setdefault((price.code, Whom(price.branch_id, price.customer_id)), []).append(price)
    return [_price(row, meant[row.row], known) for row in rows]


def _price(row: PriceRow, whose: Meant, on_record: Mapping[tuple[str, Whom], Sequence[Price]]) -> Marked:
    """`on_record` are the prices of each code by whose they are, the oldest first."""
    if isinstance(whose, Refused):
        return Marked(row, refused=whose.text, field=whose.field)
    known = on_record.get((row.code, whose), [])
    if not known:
        return Marked(row)
    before = next((price for price in reversed(known) if price.valid_from <= row.valid_from), None)
    if before is None or before.valid_from < row.valid_from:
        return Marked(row, "repriced", before=before)
    facts = ("name", "category", "amount", "tax_rate", "valid_to")
    same = all(getattr(row, name) == getattr(before, name) for name in facts) and (row.contract or None) == before.contract
    return Marked(row, "same" if same else "update", before=before)


def _calls(session: Session, rows: Sequence[RepairCall], by: Actor) -> list[Marked]:
    stand = standings(session, rows, by)
    return [_call(row, stand[row.row]) for row in rows]


def _call(row: RepairCall, stands: Standing) -> Marked:
    missing, _ = call_reasons(row)
    if missing:
        key, text = next(iter(missing.items()))
        return Marked(row, refused=text, field=key)
    field = ("plate" if row.plate else "vin") if stands.refused else ""
    return Marked(row, refused=stands.refused, field=field, joins=stands.order, first=stands.first)


_MARKERS: dict[str, Callable[[Session, Sequence[Any], Actor], list[Marked]]] = {
    "terminals": _terminals,
    "sims": _sims,
    "parts": _parts,
    "technicians": _technicians,
    "prices": _prices,
    "calls": _calls,
}


def takeable(marked: Sequence[Marked]) -> list[Marked]:
    """The rows that can be taken in."""
    return [each for each in marked if each.refused is None]


def stores_named(reading: Reading) -> dict[str, int]:
    """The stores a list names, with how many rows go to each; "" for rows that name none."""
    counts: dict[str, int] = {}
    for row in reading.rows:
        name = _store_of(row)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _store_of(row: Row) -> str:
    return getattr(row, "store", "")
