"""What is promised to callers: windows of some hours, on days to come, held for some minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from typing import Protocol

from dispatch.board.rules import clock_of
from dispatch.orders.rules import MAY_BE_PROMISED
from dispatch.orders.status_words import WORDS
from dispatch.words import Text, say

Span = tuple[int, int]
LEAST_S = 3600
"""What is left of a window today must be so long that somebody can say it."""
STEP_S = 1800
DAY_S = 24 * 3600
LONGEST_LINE = 8
"""Vehicles of one order on a first visit, unless its half day is full before."""
HALF_DAY_MINUTES = 240


class PromiseSettings(Protocol):
    """The settings that are read for it."""

    @property
    def promise_days(self) -> int: ...
    @property
    def promise_minutes(self) -> int: ...
    @property
    def hold_minutes(self) -> int: ...


@dataclass(frozen=True)
class Manners:
    """Over how many days times are offered, how long a window is, and for how long it is held."""

    days: int = 7
    window_s: int = 7200
    hold_s: int = 300

    @classmethod
    def of(cls, settings: PromiseSettings) -> Manners:
        """From the settings of the process."""
        return cls(settings.promise_days, settings.promise_minutes * 60, settings.hold_minutes * 60)


def why_not_promised(status: str) -> Text | None:
    """Why no time is promised for an order that stands so; None where one may be."""
    if status in MAY_BE_PROMISED:
        return None
    if status in ("planned", "dispatched", "working"):
        return say("A visit is planned already: another time is given there.")
    return say("The order is %(status)s: no time is promised for it.", status=WORDS["order"][status])


def left_of(windows: Sequence[Span], not_before: int | None) -> tuple[Span, ...]:
    """What of the windows can still be promised: today from the next half hour on, and never less than an hour."""
    if not_before is None:
        return tuple(windows)
    soonest = -(-not_before // STEP_S) * STEP_S
    cut = ((max(opens, soonest), closes) for opens, closes in windows)
    return tuple((opens, closes) for opens, closes in cut if closes - opens >= LEAST_S)


def is_window(opens: int, closes: int) -> bool:
    """Whether a window can be told at all."""
    return 0 <= opens < closes < DAY_S


def first_lines(count: int, minutes: int, setup_minutes: int) -> int:
    """How many of `count` vehicles the first visit is thought to do: what fits into half a day, one at least."""
    fits = (HALF_DAY_MINUTES - setup_minutes) // max(1, minutes)
    return max(1, min(count, LONGEST_LINE, fits))


def time_of(seconds: int) -> time:
    """A clock on the wall."""
    return time.fromisoformat(clock_of(seconds))
