"""Clocks as pages show them: what is due next in a list, all of them on an order's page, the limits of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dispatch.orders.clock_models import OrderClock
from dispatch.orders.clock_rules import RECKONED, STAGES, lasting
from dispatch.words import Text, say


@dataclass(frozen=True)
class DueMark:
    """What is due next: which stage and when; `mark` is "breached" or "risk". Without a moment the clocks stand still."""

    stage: Text
    at: datetime | None
    mark: str | None

    @property
    def what(self) -> Text:
        """The mark in words."""
        if self.at is None:
            return say("its clocks stand still")
        if self.mark == "breached":
            return say("the limit is broken: %(stage)s", stage=self.stage)
        return say("the limit is near: %(stage)s", stage=self.stage) if self.mark else say("due: %(stage)s", stage=self.stage)


def due_mark(clocks: Iterable[OrderClock], at: datetime) -> DueMark | None:
    """Of an order's clocks the one that runs out first; None where none runs."""
    open_ = [clock for clock in clocks if clock.state in ("running", "paused")]
    if not open_:
        return None
    first = min(open_, key=lambda clock: clock.due_at)
    if first.state == "paused":
        return DueMark(STAGES[first.stage], None, None)
    return DueMark(STAGES[first.stage], first.due_at, first.mark(at))


@dataclass(frozen=True)
class ClockRow:
    """One clock on the page of its order. `tone` and `icon` name its look."""

    stage: Text
    limit: Text
    clock: OrderClock
    word: Text
    tone: str
    icon: str


LOOKS: dict[str, tuple[Text, str, str]] = {
    "kept": (say("in time"), "done", "check-lg"),
    "late": (say("too late"), "breached", "exclamation-circle"),
    "breached": (say("overdue"), "breached", "exclamation-circle"),
    "risk": (say("soon due"), "risk", "clock"),
    "running": (say("running"), "planned", "clock"),
    "paused": (say("stands still"), "waiting", "pause-circle"),
    "stopped": (say("stopped"), "closed", "dash-circle"),
}


def clock_rows(clocks: Iterable[OrderClock], at: datetime) -> list[ClockRow]:
    """The clocks of an order from the first stage to the last."""
    order = list(STAGES)
    return [_row(clock, at) for clock in sorted(clocks, key=lambda clock: order.index(clock.stage))]


def _row(clock: OrderClock, at: datetime) -> ClockRow:
    mark = clock.mark(at)
    look = ("late" if mark else "kept") if clock.state == "met" else mark or clock.state
    word, tone, icon = LOOKS[look]
    return ClockRow(STAGES[clock.stage], limit_words(clock.minutes, clock.reckoned), clock, word, tone, icon)


def limit_words(minutes: int, reckoned: str) -> Text:
    """A limit in words."""
    if not minutes:
        return say("no limit")
    return say("%(time)s %(how)s", time=lasting(minutes), how=RECKONED[reckoned])
