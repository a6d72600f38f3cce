"""The forms of limits and working hours: texts -> what is asked for, or a sentence beside the field."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dispatch.clock import read_hours, show_hours
from dispatch.orders.clock_rules import ANY_KIND, ANY_URGENCY, LONGEST_MINUTES, RECKONED, STAGES, Limit
from dispatch.typed import Typed, number_in
from dispatch.words import Text, say

MOST_AREA = 40
_HOURS = re.compile(r"(\d{1,4}) ?(?:h|小时|时)(?: ?(\d{1,2}) ?(?:m|min|分钟?)?)?")
_MINUTES = re.compile(r"(\d{1,6}) ?(?:m|min|分钟?)?")


def read_limit(texts: Mapping[str, Any]) -> Limit:
    """A limit as it was typed; what is left empty is every one. Raises Invalid."""
    typed = Typed(texts, longest=MOST_AREA)
    stage = typed.need("stage", _one_of(STAGES), "")
    minutes = typed.need("minutes", read_minutes, 0)
    reckoned = typed.need("reckoned", _one_of(RECKONED), "")
    kind, urgency = typed.choice("kind", ANY_KIND, ""), typed.choice("urgency", ANY_URGENCY, "")
    area, branch_id = typed.line("area"), typed.maybe("branch", number_in)
    typed.check()
    return Limit(stage, minutes, reckoned, kind, urgency, area, branch_id)


def read_minutes(text: str) -> int | Text:
    """Minutes as they are typed: 90, 90 min, 1h30, 8 小时; 0 for no limit."""
    folded = text.strip().lower()
    hours, plain = _HOURS.fullmatch(folded), _MINUTES.fullmatch(folded)
    minutes = int(hours[1]) * 60 + int(hours[2] or 0) if hours else int(plain[1]) if plain else LONGEST_MINUTES + 1
    if minutes > LONGEST_MINUTES:
        return say("Write minutes or hours, as in 90 or 4h, at most %(most)s minutes.", most=LONGEST_MINUTES)
    return minutes


def read_branch_hours(texts: Mapping[str, Any]) -> str:
    """The working hours of a branch, as they are kept; "" for the usual ones. Raises Invalid."""
    typed = Typed(texts)
    hours = typed.maybe("hours", _hours)
    typed.check()
    return hours or ""


def _hours(text: str) -> str | Text:
    pieces = read_hours(text)
    if pieces is None:
        return say("Write working hours as in 08:30-12:00,13:00-17:30, an hour at least; 22:00-06:00 goes over midnight.")
    return show_hours(pieces)


def _one_of(codes: Mapping[str, Text]) -> Callable[[str], str | None]:
    return lambda text: text if text in codes else None
