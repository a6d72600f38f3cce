"""Which units of a paper were scanned: whoever takes them over reads their numbers one by one. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dispatch.devices.models import Unit
from dispatch.devices.rules import ICCID_KEY, LEAST_ENDING, tidy
from dispatch.errors import Invalid
from dispatch.words import say


def units_scanned(units: Iterable[Unit], typed: Sequence[str]) -> set[int]:
    """The ids of those units that these numbers name: whole, or by last digits that only one of them ends in.

    Raises Invalid beside `numbers` for the first one that names none, or several.
    """
    known = {unit.id: list(_numbers(unit)) for unit in units}
    return {_named(number, known) for number in typed}


def _numbers(unit: Unit) -> Iterator[str]:
    if unit.terminal:
        yield from (tidy(number) for number in (unit.terminal.serial, unit.terminal.imei) if number)
    elif unit.sim:
        yield from (tidy(number) for number in (unit.sim.iccid, unit.sim.iccid[:ICCID_KEY], unit.sim.msisdn) if number)
    else:
        yield tidy(unit.number)


def _named(typed: str, known: dict[int, list[str]]) -> int:
    number = tidy(typed)
    whole = [unit_id for unit_id, numbers in known.items() if number in numbers]
    ends = [unit_id for unit_id, numbers in known.items() if any(each.endswith(number) for each in numbers)]
    found = whole or (ends if len(number) >= LEAST_ENDING else [])
    if len(found) == 1:
        return found[0]
    if found:
        raise Invalid({"numbers": say("%(number)s fits %(n)s of these; scan the whole number.", number=typed, n=len(found))})
    raise Invalid({"numbers": say("%(number)s is none of these.", number=typed)})
