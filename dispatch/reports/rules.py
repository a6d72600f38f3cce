"""The formulae behind the figures of a day (Q18). Pure: rows in, figures out; times in seconds, money in yuan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from zoneinfo import ZoneInfo

from dispatch.words import Text, say

TREND_DAYS = 14

FORMULAE: dict[str, tuple[Text, Text]] = {
    "received": (say("Came in"), say("Orders whose call or request came in on this day.")),
    "approved": (say("Approved"), say("Orders whose last level of approval was given on this day.")),
    "planned": (say("Planned"), say("Orders for which a visit was put on the plan on this day, whenever it is to be.")),
    "done": (say("Done"), say("Orders of which every vehicle was settled on this day, after the last visit.")),
    "closed": (say("Closed"), say("Orders that were closed on this day with all their papers.")),
    "open": (
        say("Open"),
        say("Orders that had come in and were neither done, closed, rejected nor cancelled: at the end of the day, today now."),
    ),
    "left_over": (
        say("Left over"),
        say("Orders with a visit on this day that were not done at its end; today: that are not done yet. Cancelled ones aside."),
    ),
    "to_arrival": (
        say("Call to arrival"),
        say("From the call to the first arrival, of orders first reached on this day. Hours and minutes: median and worst."),
    ),
    "wait": (
        say("Wait"),
        say("From the last approval to the first departure, of orders first set out for on this day. Hours and minutes."),
    ),
    "work": (
        say("Time at work"),
        say("From arrival to the end of the visit, of visits that ended on this day. Hours and minutes."),
    ),
    "first_time": (
        say("First-time fix"),
        say("Repairs done on this day after a single finished visit, as a share of the repairs done after any. Percent."),
    ),
    "kept": (
        say("Limits kept"),
        say("Clocks that came to their end on this day, in time, as a share of all that did: from the call to each of these."),
    ),
    "recalls": (
        say("Recalls"),
        say("Orders that came in on this day and were found to repeat earlier work, counted for whoever had done that work."),
    ),
    "charged": (say("Charged"), say("Charges written on this day less charges taken back on it. Yuan, tax included.")),
    "collected": (
        say("Collected"),
        say("Money taken on this day less money given back on it, by channel; what went on account is no money yet. Yuan."),
    ),
    "handed_in": (
        say("Handed in to finance"),
        say("Cash that finance confirmed on this day less what it took back on it, whenever it was taken. Yuan."),
    ),
    "in_hands": (
        say("Cash still in hands"),
        say("Cash taken by then and not confirmed by finance, declared or not: at the end of the day, today now. Yuan."),
    ),
}
"""Each figure's name, and how it is made."""


@dataclass(frozen=True)
class Scope:
    """Which figures: one day of one branch (None: of all), cut in a zone, as seen at a moment."""

    day: date
    branch_id: int | None
    zone: str
    at: datetime

    @property
    def today(self) -> date:
        """The present day in that zone."""
        return self.at.astimezone(ZoneInfo(self.zone)).date()

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The first moment of the day, and the first of the next."""
        return self._midnight(self.day), self._midnight(self.day + timedelta(days=1))

    @property
    def trend(self) -> list[date]:
        """The last days up to this one, the oldest first."""
        return [self.day - timedelta(days=back) for back in reversed(range(TREND_DAYS))]

    @property
    def trend_start(self) -> datetime:
        """The first moment of the oldest of them."""
        return self._midnight(self.trend[0])

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), ZoneInfo(self.zone))

    def has(self, moment: datetime | None) -> bool:
        """True for a moment of the day."""
        start, end = self.bounds
        return moment is not None and start <= moment < end


@dataclass(frozen=True)
class VisitTimes:
    """One visit on which something happened that day; `first_*` are the order's over all its visits."""

    number: str
    technician_id: int
    technician: str
    received_at: datetime
    approved_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    finished_at: datetime | None
    first_departed_at: datetime | None
    first_arrived_at: datetime | None
    vehicles_done: int


@dataclass(frozen=True)
class Taken:
    """Money of one day, channel and person; refunds count against it."""

    day: date
    channel: str
    by_id: int
    by_name: str
    amount: Decimal


@dataclass(frozen=True)
class Hand:
    """One person's cash: what finance confirmed of it on the day, and what he held at the day's end."""

    person_id: int
    name: str
    handed_in: Decimal
    held: Decimal


@dataclass(frozen=True)
class Repeated:
    """How many recalls of one person's work there were."""

    person_id: int
    name: str
    recalls: int


@dataclass(frozen=True)
class Span:
    """How long something took: the middle one and the worst in seconds, the order of the worst, and how many there were."""

    median: float
    worst: float
    worst_order: str
    count: int


def span_of(pairs: Iterable[tuple[str, datetime | None, datetime | None]]) -> Span | None:
    """The span of (order, from, to); None when there are none. A clock that went backwards counts as no time at all."""
    took = sorted((max(0.0, (end - start).total_seconds()), number) for number, start, end in pairs if start and end)
    if not took:
        return None
    worst, number = took[-1]
    return Span(median(seconds for seconds, _ in took), worst, number, len(took))


@dataclass(frozen=True)
class Spans:
    """The three times of the day."""

    to_arrival: Span | None
    wait: Span | None
    work: Span | None


def spans_of(visits: Sequence[VisitTimes], scope: Scope) -> Spans:
    """Call to arrival, wait and work. An order counts once, on the day on which it was first reached or set out for."""
    reached = {v.number: (v.number, v.received_at, v.first_arrived_at) for v in visits if scope.has(v.first_arrived_at)}
    set_out = {v.number: (v.number, v.approved_at, v.first_departed_at) for v in visits if scope.has(v.first_departed_at)}
    worked = [(v.number, v.arrived_at, v.finished_at) for v in visits if scope.has(v.finished_at)]
    return Spans(span_of(reached.values()), span_of(set_out.values()), span_of(worked))


@dataclass(frozen=True)
class Share:
    """A part of a whole."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """Rounded half-up; None of nothing."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole else None


def first_time_fix(visits_of_repairs: Iterable[int]) -> Share:
    """`visits_of_repairs`: of each repair done that day, how many finished visits it took. Those without any do not count."""
    counts = [count for count in visits_of_repairs if count]
    return Share(counts.count(1), len(counts))


@dataclass
class TechnicianDay:
    """What one technician did, took and handed in that day, and the cash he held at its end."""

    name: str
    visits: int = 0
    vehicles: int = 0
    spans: list[tuple[str, datetime | None, datetime | None]] = field(default_factory=list)
    collected: Decimal = Decimal(0)
    handed_in: Decimal = Decimal(0)
    in_hands: Decimal = Decimal(0)
    recalls: int = 0

    @property
    def work(self) -> Span | None:
        """His times at work."""
        return span_of(self.spans)


def technicians_of(
    visits: Sequence[VisitTimes],
    taken: Iterable[Taken],
    scope: Scope,
    hands: Iterable[Hand] = (),
    recalls: Iterable[Repeated] = (),
) -> list[TechnicianDay]:
    """Everybody who ended a visit, took money or handed it in that day, held cash at its end, or whose work came back; the
    busiest first."""
    found: dict[int, TechnicianDay] = {}
    for visit in visits:
        if scope.has(visit.finished_at):
            his = found.setdefault(visit.technician_id, TechnicianDay(visit.technician))
            his.visits += 1
            his.vehicles += visit.vehicles_done
            his.spans.append((visit.number, visit.arrived_at, visit.finished_at))
    for row in taken:
        if row.day == scope.day and row.channel != "account":
            found.setdefault(row.by_id, TechnicianDay(row.by_name)).collected += row.amount
    for hand in hands:
        his = found.setdefault(hand.person_id, TechnicianDay(hand.name))
        his.handed_in, his.in_hands = hand.handed_in, hand.held
    for each in recalls:
        found.setdefault(each.person_id, TechnicianDay(each.name)).recalls = each.recalls
    return sorted(found.values(), key=lambda his: (-his.visits, -his.collected, -his.in_hands, his.name))


def by_channel(taken: Iterable[Taken], day: date) -> dict[str, Decimal]:
    """What was taken on a day, by channel."""
    sums: dict[str, Decimal] = {}
    for row in taken:
        if row.day == day:
            sums[row.channel] = sums.get(row.channel, Decimal(0)) + row.amount
    return sums


def collected(channels: dict[str, Decimal]) -> Decimal:
    """Money only: what went on account is still owed."""
    return sum((amount for channel, amount in channels.items() if channel != "account"), Decimal(0))
