"""What people type into forms, and what addresses bring: texts -> values, with what is wrong gathered field by field."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Container, Mapping
from datetime import date, time
from typing import Any, TypeVar

from dispatch.errors import Invalid
from dispatch.tabular.cells import read_date, read_time, tidy_text
from dispatch.words import Text, say

V = TypeVar("V")

FILL_IN = say("Please fill this in.")
LONGEST_LINE, LONGEST_TEXT = 200, 4000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
"""No money of ours is older or later: a day beyond them is a slip of the hand, and some cannot be counted with."""

_NUMBER = re.compile(r"[0-9]{1,18}")


def number_in(typed: object) -> int | None:
    """A whole number of at most 18 digits, as rows and versions are numbered; None for anything else."""
    text = str(typed or "").strip()
    return int(text) if _NUMBER.fullmatch(text) else None


def day_in(typed: object) -> date | None:
    """A day of an address, as 2026-12-01; None for anything else, and for one beyond all books."""
    try:
        day = date.fromisoformat(str(typed or "").strip())
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def read_day(text: str) -> date | Text | None:
    """A day that can stand in the books, or what is wrong with it."""
    day = read_date(text)
    if isinstance(day, date) and not FIRST_DAY <= day <= LAST_DAY:
        return say("“%(text)s” is too far away: a day from 2000 to 2099, please.", text=text)
    return day


def key_in(typed: str) -> uuid.UUID | None:
    """The form's own UUID; None when it has none."""
    try:
        return uuid.UUID(typed)
    except ValueError:
        return None


class Typed:
    """Reads typed texts and gathers what is wrong with them. A field that repeats counts as empty."""

    def __init__(self, texts: Mapping[str, Any], *, longest: int = LONGEST_LINE) -> None:
        self._texts = texts
        self._longest = longest
        self.errors: dict[str, Text] = {}

    def line(self, name: str) -> str:
        """One line of text, "" when missing."""
        return self._short(name, " ".join(self._tidy(name).split()), self._longest)

    def text(self, name: str) -> str:
        """Text that may have several lines."""
        return self._short(name, self._tidy(name), LONGEST_TEXT)

    def needed(self, name: str) -> str:
        """One line that must be there."""
        line = self.line(name)
        if not line:
            self.errors.setdefault(name, FILL_IN)
        return line

    def maybe(self, name: str, reader: Callable[[str], V | Text | None]) -> V | None:
        """A line through a reader; None when blank or wrong (then noted)."""
        line = self.line(name)
        value = reader(line) if line else None
        if isinstance(value, Text):
            self.errors.setdefault(name, value)
            return None
        return value

    def need(self, name: str, reader: Callable[[str], V | Text | None], default: V) -> V:
        """Like `maybe`, but a blank is wrong too. `default` only fills the place until the form is refused."""
        value = self.maybe(name, reader)
        if value is None:
            self.errors.setdefault(name, FILL_IN)
            return default
        return value

    def choice(self, name: str, codes: Container[str], default: str) -> str:
        """One of the codes; anything else counts as not chosen."""
        chosen = self.line(name)
        return chosen if chosen in codes else default

    def span(self, start: str, end: str) -> tuple[time, time] | None:
        """Two times of a day, the second later; both or none."""
        first, last = self.maybe(start, read_time), self.maybe(end, read_time)
        if first and last and first >= last:
            self.errors[end] = say("This must be later than the beginning.")
        elif (first is None) != (last is None):
            self.errors.setdefault(end if last is None else start, say("Give both hours, or none."))
        return (first, last) if first is not None and last is not None else None

    def check(self) -> None:
        """Raises Invalid when anything was wrong."""
        if self.errors:
            raise Invalid(self.errors)

    def _tidy(self, name: str) -> str:
        typed = self._texts.get(name)
        return tidy_text(typed) if isinstance(typed, str) else ""

    def _short(self, name: str, text: str, most: int) -> str:
        if len(text) > most:
            self.errors.setdefault(name, say("At most %(n)s characters, please.", n=most))
        return text
