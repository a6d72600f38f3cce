"""What is typed on the board: a day, and who shall start when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from dispatch.board.rules import Choice, seconds_of_clock
from dispatch.errors import Invalid
from dispatch.typed import number_in
from dispatch.words import Text, say

_PICK = re.compile(r"(?P<technician>\d{1,18})@(?P<start>\d{1,5})")
_CLOCK = re.compile(r"(?P<hours>\d{1,2})[:：.]?(?P<minutes>\d{2})(?::\d{2})?")

DAY_SECONDS = 24 * 3600


FARTHEST_DAYS = 5 * 366


def read_day(typed: str | None, default: date) -> date:
    """A day out of an address or a form; `default` where there is none or it is nonsense."""
    try:
        day = date.fromisoformat((typed or "").strip())
    except ValueError:
        return default
    return day if abs((day - default).days) < FARTHEST_DAYS else default


@dataclass(frozen=True)
class Assignment:
    """Who shall start when, and for how many of the vehicles that wait (None: all of them)."""

    choice: Choice
    count: int | None


def read_assignment(values: Mapping[str, Any], *, waiting: int) -> Assignment:
    """From the fields technician, start, anyway, count; `pick` (a proposal) replaces the first two. Raises Invalid."""
    count = _count(values, waiting)
    return Assignment(read_choice(values), count)


def _count(values: Mapping[str, Any], waiting: int) -> int | None:
    typed = str(values.get("count") or "").strip()
    if not typed:
        return None
    count = number_in(typed)
    if not count or count > waiting:
        raise Invalid({"count": say("Choose a number from 1 to %(n)s.", n=waiting)})
    return count


def read_choice(values: Mapping[str, Any]) -> Choice:
    """Who shall start when. Raises Invalid with a sentence for each field that is wrong."""
    anyway = bool(values.get("anyway"))
    pick = _PICK.fullmatch(str(values.get("pick") or ""))
    if pick:
        return Choice(int(pick["technician"]), min(int(pick["start"]), DAY_SECONDS - 1), anyway)
    technician, start = number_in(values.get("technician")), read_clock(values.get("start"))
    wrong: dict[str, Text] = {}
    if technician is None:
        wrong["technician"] = say("Choose a technician.")
    if start is None:
        wrong["start"] = say("Give a time such as 14:30.")
    if technician is None or start is None:
        raise Invalid(wrong)
    return Choice(technician, start, anyway)


def read_clock(typed: Any) -> int | None:
    """ "14:30", "1430" or "9:05" -> seconds after midnight; None for anything else."""
    found = _CLOCK.fullmatch(str(typed or "").strip())
    if not found:
        return None
    try:
        return seconds_of_clock(time(int(found["hours"]), int(found["minutes"])))
    except ValueError:
        return None
