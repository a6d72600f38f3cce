"""What is typed while a time is looked for: the day that a caller wishes, the window he chose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from dispatch.board.promise_rules import Span
from dispatch.errors import Invalid
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed, day_in, number_in
from dispatch.words import say

FARTHEST_DAYS = 92
MOST_SKIPPED = 300
_PICK = re.compile(r"(?P<day>[0-9-]{10})/(?P<opens>[0-9]{1,5})-(?P<closes>[0-9]{1,5})")


def read_wished(values: Mapping[str, Any], today: date) -> date | None:
    """The day that is wished, None where none is. Raises Invalid, field "day"."""
    typed = Typed(values)
    day = typed.maybe("day", read_date)
    typed.check()
    if day is not None and day < today:
        raise Invalid({"day": say("This day is over: choose today or a later one.")})
    if day is not None and day > today + timedelta(days=FARTHEST_DAYS):
        raise Invalid({"day": say("Nothing is planned so far ahead: choose a day within %(n)s days.", n=FARTHEST_DAYS)})
    return day


def read_first(typed: Any, today: date, wanted: date | None) -> date:
    """From which day on is looked: as the address says, else from the day that the customer wants, never before today."""
    first = max(day_in(typed) or wanted or today, today)
    return min(first, today + timedelta(days=FARTHEST_DAYS))


def read_skip(typed: Any) -> int:
    """How many windows were offered before."""
    return min(number_in(typed) or 0, MOST_SKIPPED)


def read_window(values: Mapping[str, Any]) -> tuple[date, Span]:
    """The window that was chosen, as 2026-12-03/37800-45000. Raises Invalid, field "pick"."""
    found = _PICK.fullmatch(str(values.get("pick") or ""))
    day = day_in(found["day"]) if found else None
    if day is None or not found:
        raise Invalid({"pick": say("Choose one of the times.")})
    return day, (int(found["opens"]), int(found["closes"]))
