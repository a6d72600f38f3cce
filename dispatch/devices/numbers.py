"""Numbers as they are scanned, typed or pasted -> the units that go by them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from dispatch.devices.models import Unit
from dispatch.devices.queries import units_anywhere, units_ending, units_numbered
from dispatch.devices.rules import ICCID_KEY, LEAST_ENDING, tidy
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def units_called(session: Session, typed: Sequence[str], *, holder_id: int, by: Actor | None) -> dict[str, Unit | Text]:
    """Each number, tidied and once, -> the unit that goes by it, or a sentence that says why none does.

    Serials, IMEIs, ICCIDs and SIM numbers of what the reader may see (`by` None: of all branches); last digits of what is at
    the holder.
    """
    numbers = plain_numbers(typed)
    if not numbers:
        return {}
    asked = [*numbers, *map(tidy, numbers)]
    known = _by_number(units_numbered(session, asked, by) if by else units_anywhere(session, asked))
    endings = [number for number in numbers if len(number) >= LEAST_ENDING and not _exact(known, number)]
    here = units_ending(session, endings, holder_id)
    return {number: _exact(known, number) or _ending_in(here, number) for number in numbers}


def plain_numbers(typed: Iterable[str]) -> list[str]:
    """Numbers without gaps, in capitals, each once and in their order."""
    return list(dict.fromkeys(number for number in map(plain_number, typed) if number))


def plain_number(text: str) -> str:
    """One number without gaps, in capitals."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _by_number(units: Iterable[Unit]) -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for unit in units:
        for number in _numbers_of(unit):
            found.setdefault(number, unit)
    return found


def _numbers_of(unit: Unit) -> list[str]:
    """The numbers a unit goes by; an ICCID by its key."""
    if unit.terminal:
        return [number for number in (unit.terminal.serial, unit.terminal.imei) if number]
    if unit.sim:
        return [number for number in (unit.sim.iccid_key, unit.sim.msisdn) if number]
    return [unit.number]


def _exact(known: Mapping[str, Unit], number: str) -> Unit | None:
    """By the number as typed, without a label in front ("IMEI: 8615…"), or as an ICCID with its check digit."""
    bare = tidy(number)
    return known.get(number) or known.get(bare) or known.get(bare[:ICCID_KEY])


def _ending_in(units: Sequence[Unit], ending: str) -> Unit | Text:
    """The one unit of the store with these last digits, or why there is no such."""
    fitting = [unit for unit in units if len(ending) >= LEAST_ENDING and any(n.endswith(ending) for n in _printed(unit))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        return say("%(number)s fits %(n)s units of this store; type more digits.", number=ending, n=len(fitting))
    return say("%(number)s is not on record.", number=ending)


def _printed(unit: Unit) -> list[str]:
    if unit.terminal:
        return [unit.terminal.serial, unit.terminal.imei or ""]
    return [unit.number]
