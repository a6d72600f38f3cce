"""The clocks of an order (P4): what runs from the call on, how long it may take, and who hears when it takes longer.

Pure: limits, calendar and pauses in, moments out. `work` is reckoned in the working time of a branch, `round` around the clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dispatch.clock import Piece, moment_of, seconds_of_clock
from dispatch.orders.rules import KIND_WORDS, URGENCY_WORDS
from dispatch.staff.calendar_rules import Calendar, add_work_minutes, work_minutes_between
from dispatch.words import Text, say

STAGES: dict[str, Text] = {
    "approval": say("Approval"),
    "departure": say("Departure"),
    "arrival": say("Arrival"),
    "repair": say("Completion"),
}
"""What each clock waits for; all begin with the call."""
RECKONED: dict[str, Text] = {"work": say("working time"), "round": say("around the clock")}
STATES = ("running", "paused", "met", "stopped")
TELLINGS: dict[str, Text] = {
    "warned": say("Warned: the limit is near"),
    "supervisor": say("Told: the limit is broken"),
    "manager": say("Told: the limit is broken and nobody has mended it"),
}
"""Who hears of a limit: whoever owns the order before it breaks, then the supervisor, then the manager."""

ANY_KIND: dict[str, Text] = {"": say("Every kind")} | KIND_WORDS
ANY_URGENCY: dict[str, Text] = {"": say("Every urgency")} | URGENCY_WORDS
LONGEST_MINUTES = 100_000

_warn_percent = 80
_pausing = frozenset({"part", "customer", "vehicle", "unsafe"})
_manager_after = timedelta(minutes=60)


def configure(warn_percent: int, pausing: Iterable[str], manager_minutes: int) -> None:
    """CLOCK_WARN_PERCENT, CLOCK_PAUSES and CLOCK_MANAGER_MINUTES."""
    global _warn_percent, _pausing, _manager_after
    _warn_percent, _pausing, _manager_after = warn_percent, frozenset(pausing), timedelta(minutes=manager_minutes)


def pauses(why: str) -> bool:
    """Whether clocks stand still while an order waits for this."""
    return why in _pausing


def broken_before(at: datetime) -> datetime:
    """What was due before this moment and is still open goes to the manager at `at`."""
    return at - _manager_after


@dataclass(frozen=True)
class Limit:
    """How many minutes a stage may take, for orders of a kind and urgency ("" each: all), in an area and branch.

    `area` is a part of the address, "" everywhere; `branch_id` None is every branch. No minutes: no clock.
    """

    stage: str
    minutes: int
    reckoned: str
    kind: str = ""
    urgency: str = ""
    area: str = ""
    branch_id: int | None = None

    def fits(self, about: About) -> bool:
        """Whether it speaks of such an order."""
        here = self.branch_id in (None, about.branch_id) and self.area in about.address
        return here and self.kind in ("", about.kind) and self.urgency in ("", about.urgency)

    @property
    def exactness(self) -> tuple[bool, int, bool, bool]:
        """The greater, the more exactly it speaks: of a branch, then a longer area, then an urgency, then a kind."""
        return self.branch_id is not None, len(self.area), self.urgency != "", self.kind != ""

    @property
    def scope(self) -> tuple[str, str, str, str, int | None]:
        """What it speaks of; a second one about the same replaces it."""
        return self.stage, self.kind, self.urgency, self.area, self.branch_id


@dataclass(frozen=True)
class About:
    """What of an order its limits hang on."""

    kind: str
    urgency: str
    address: str
    branch_id: int


def limits_for(about: About, limits: Iterable[Limit]) -> dict[str, Limit]:
    """Stage -> the limit that speaks most exactly of the order; of two alike the later one. None for what has no clock."""
    found: dict[str, Limit] = {}
    for limit in limits:
        before = found.get(limit.stage)
        if limit.fits(about) and (before is None or limit.exactness >= before.exactness):
            found[limit.stage] = limit
    return {stage: limit for stage, limit in found.items() if limit.minutes}


@dataclass(frozen=True)
class Hours:
    """When a branch works: its calendar, the pieces of its working day, and its zone."""

    calendar: Calendar
    pieces: tuple[Piece, ...]
    zone: str


@dataclass(frozen=True)
class Pause:
    """A time for which an order's clocks stand still; one without an end lasts."""

    since: datetime
    until: datetime | None = None


def begin(stage: str, received_at: datetime, wanted: date | None, window_from: time | None, zone: str) -> datetime:
    """When a clock begins: with the call; what leads to the customer not before the day and hour for which he wants somebody."""
    if stage == "approval" or wanted is None:
        return received_at
    return max(received_at, moment_of(seconds_of_clock(window_from or time.min), wanted, zone))


def due_at(since: datetime, minutes: int, reckoned: str, hours: Hours, stops: Sequence[Pause] = ()) -> datetime:
    """When a clock that began at `since` runs out; pauses that have ended do not count. Raises ValueError beyond ten years."""
    due = _add(since, minutes, reckoned, hours)
    for stop in sorted(stops, key=lambda one: one.since):
        if stop.until is not None and stop.since < due:
            due = _add(due, _between(max(stop.since, since), stop.until, reckoned, hours), reckoned, hours)
    return due


def warn_at(since: datetime, minutes: int, reckoned: str, hours: Hours, stops: Sequence[Pause] = ()) -> datetime:
    """When it is told that a clock will soon run out."""
    return due_at(since, minutes * _warn_percent // 100, reckoned, hours, stops)


def _add(start: datetime, minutes: int, reckoned: str, hours: Hours) -> datetime:
    if reckoned == "round":
        return start + timedelta(minutes=minutes)
    return add_work_minutes(hours.calendar, hours.pieces, hours.zone, start, minutes)


def _between(start: datetime, end: datetime, reckoned: str, hours: Hours) -> int:
    if reckoned == "round":
        return max(0, int((end - start).total_seconds() // 60))
    return work_minutes_between(hours.calendar, hours.pieces, hours.zone, start, end)


def state_of(status: str, *, met: bool, paused: bool) -> str:
    """How a clock stands while its order has a status."""
    if met:
        return "met"
    if status in ("cancelled", "rejected", "closed", "done"):
        return "stopped"
    return "paused" if paused else "running"


def lasting(minutes: int) -> Text:
    """So many minutes in words."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return say("%(minutes)s min", minutes=rest)
    return say("%(hours)s h %(minutes)s min", hours=hours, minutes=rest) if rest else say("%(hours)s h", hours=hours)
