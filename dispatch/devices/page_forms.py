"""What is typed on the stock pages -> plain values, or a refusal beside each field."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.devices.part_stock import MOST, WHOLE
from dispatch.errors import Invalid
from dispatch.typed import key_in, number_in
from dispatch.words import Text, say

MOST_NUMBERS = 500
COUNT = "count-"
PART = "n-"


@dataclass(frozen=True)
class IssueForm:
    """Who gets what from which store; `terminals` is by model, `parts` by id. `key` is the form's own UUID."""

    store_id: int
    person_id: int
    numbers: tuple[str, ...]
    terminals: dict[str, int]
    sims: int
    parts: dict[int, int]
    key: uuid.UUID


def read_issue(typed: Mapping[str, str]) -> IssueForm:
    """Texts by field name -> IssueForm. Raises Invalid."""
    errors: dict[str, Text] = {}
    person_id = _read_choice("technician", typed, say("Choose a technician."), errors)
    return _read_wanted(typed, person_id, errors)


def read_sending(typed: Mapping[str, str]) -> IssueForm:
    """What a branch sends to another: the same form, without a technician. Raises Invalid."""
    return _read_wanted(typed, 0, {})


def _read_wanted(typed: Mapping[str, str], person_id: int, errors: dict[str, Text]) -> IssueForm:
    numbers = read_numbers(typed.get("numbers", ""))
    if len(numbers) > MOST_NUMBERS:
        errors["numbers"] = say("At most %(n)s numbers at a time, please.", n=MOST_NUMBERS)
    counts = {name: _read_count(name, text, errors) for name, text in typed.items() if name.startswith(COUNT) or name == "sims"}
    form = IssueForm(
        store_id=_read_choice("store", typed, say("Choose a store."), errors),
        person_id=person_id,
        numbers=numbers,
        terminals={name.removeprefix(COUNT): n for name, n in counts.items() if name.startswith(COUNT) and n},
        sims=counts.get("sims", 0),
        parts={part_id: n for part_id, n in _read_parts(typed, errors, least=0).items() if n},
        key=read_key(typed.get("key", "")),
    )
    if errors:
        raise Invalid(errors)
    return form


def read_parts(typed: Mapping[str, str], *, least: int = 1) -> dict[int, int]:
    """How many of each part were entered, by its id; blanks are left out. Raises Invalid beside each that is no such number."""
    errors: dict[str, Text] = {}
    counts = _read_parts(typed, errors, least=least)
    if errors:
        raise Invalid(errors)
    return counts


def read_some_parts(typed: Mapping[str, str]) -> dict[int, int]:
    """The same where 0 says that none is meant."""
    return {part_id: count for part_id, count in read_parts(typed, least=0).items() if count}


def read_arrived(typed: Mapping[str, str]) -> dict[int, int]:
    """How many of each part have arrived. Raises Invalid beside a blank: it could mean none or all."""
    blank = {name: say("Say how many have arrived.") for name, text in typed.items() if _part_of(name) and not text.strip()}
    if blank:
        raise Invalid(blank)
    return read_parts(typed, least=0)


def _read_parts(typed: Mapping[str, str], errors: dict[str, Text], *, least: int) -> dict[int, int]:
    counts: dict[int, int] = {}
    for name, text in typed.items():
        part_id = _part_of(name) if text.strip() else None
        if part_id is not None:
            number = number_in(text)
            if number is None or not least <= number <= MOST:
                errors[name] = WHOLE if least else say("A whole number from 0 to %(n)s, please.", n=MOST)
            else:
                counts[part_id] = number
    return counts


def _part_of(name: str) -> int | None:
    """The part that a field of this name is about."""
    return number_in(name.removeprefix(PART)) if name.startswith(PART) else None


def read_numbers(text: str) -> tuple[str, ...]:
    """Scanned or pasted numbers: one a line, or with commas and semicolons between them."""
    return tuple(line for line in re.split(r"[\n,;\uff0c\uff1b\u3001]+", text) if line.strip())


def is_issue_field(name: str) -> bool:
    """Whether an address may fill a field of this name before the form is shown."""
    return name in ("technician", "store", "sims") or name.startswith(COUNT)


def _read_count(name: str, text: str, errors: dict[str, Text]) -> int:
    bare = text.strip() or "0"
    if not re.fullmatch(r"\d{1,4}", bare):
        errors[name] = say("A whole number, please.")
        return 0
    return int(bare)


def _read_choice(name: str, typed: Mapping[str, str], missing: Text, errors: dict[str, Text]) -> int:
    number = number_in(typed.get(name, ""))
    if number is None:
        errors[name] = missing
    return number or 0


def read_ids(texts: Iterable[str]) -> list[int]:
    """The numbers of checked rows."""
    return [number for text in texts if (number := number_in(text)) is not None]


def read_key(text: str) -> uuid.UUID:
    """The form's own UUID; a form without one counts as new."""
    return key_in(text) or uuid.uuid4()
