"""The business calendar, as plain data: which days are workdays, and how much working time lies between two moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from dispatch.clock import DAY_MINUTES, Piece, local_day, moment_of
from dispatch.words import Text, say

KINDS: dict[str, Text] = {"holiday": say("Holiday"), "workday": say("Make-up workday")}
WEEKEND = (5, 6)
LONGEST = 3660
"""Days that are looked at for one answer; beyond ten years something is wrong with the calendar."""


@dataclass(frozen=True)
class Named:
    """A day that is not as its weekday says: a holiday, or a workday made up for."""

    kind: str
    name: str


@dataclass(frozen=True)
class Calendar:
    """The days that differ from Monday to Friday. `published`: the years of which the company's are entered."""

    days: Mapping[date, Named] = field(default_factory=dict)
    published: frozenset[int] = frozenset()

    def unpublished(self, *days: date) -> int | None:
        """The first year of these days that is not published."""
        return min((day.year for day in days if day.year not in self.published), default=None)


PLAIN = Calendar()
"""Monday to Friday, and nothing else known."""


def pieces_of(shift: tuple[time, time], lunch_from: time | None, lunch_minutes: int) -> tuple[Piece, ...]:
    """A shift as working time, its lunch left out. One that does not end later ends on the day after."""
    opens, closes = _minutes(shift[0]), _minutes(shift[1])
    closes += DAY_MINUTES if closes <= opens else 0
    if lunch_from is None or not opens < _minutes(lunch_from) < _minutes(lunch_from) + lunch_minutes < closes:
        return ((opens, closes),)
    return (opens, _minutes(lunch_from)), (_minutes(lunch_from) + lunch_minutes, closes)


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def not_published(year: int) -> Text:
    """What a page says that looks into such a year."""
    return say("The calendar of %(year)s is not published yet: Monday to Friday count as workdays.", year=str(year))


def is_workday(calendar: Calendar, day: date) -> bool:
    """Whether the company works on a day; without a word of the calendar from Monday to Friday."""
    named = calendar.days.get(day)
    return named.kind == "workday" if named else day.weekday() not in WEEKEND


def next_workday(calendar: Calendar, day: date) -> date:
    """The first workday after `day`. Raises ValueError when there is none within ten years."""
    for ahead in range(1, LONGEST):
        following = day + timedelta(days=ahead)
        if is_workday(calendar, following):
            return following
    raise ValueError("the calendar knows no workday")


def work_spans(calendar: Calendar, hours: tuple[Piece, ...], zone: str, first: date) -> Iterator[tuple[datetime, datetime]]:
    """The working times from the day `first` on, by the clock on the wall: [start, end) as moments, one after the other."""
    for ahead in range(LONGEST):
        day = first + timedelta(days=ahead)
        if is_workday(calendar, day):
            for opens, closes in hours:
                yield moment_of(opens * 60, day, zone), moment_of(closes * 60, day, zone)


def work_minutes_between(calendar: Calendar, hours: tuple[Piece, ...], zone: str, start: datetime, end: datetime) -> int:
    """Whole minutes of working time within [start, end); 0 when `end` is not later."""
    worked = timedelta()
    for opens, closes in work_spans(calendar, hours, zone, _day_before(start, zone)):
        if opens >= end:
            break
        worked += max(timedelta(), min(closes, end) - max(opens, start))
    return int(worked.total_seconds() // 60)


def add_work_minutes(calendar: Calendar, hours: tuple[Piece, ...], zone: str, start: datetime, minutes: int) -> datetime:
    """The moment at which so many minutes of working time have gone by since `start`; `start` itself for none.

    Raises ValueError when that is not within ten years.
    """
    left = timedelta(minutes=minutes)
    if left <= timedelta():
        return start
    for opens, closes in work_spans(calendar, hours, zone, _day_before(start, zone)):
        length = closes - max(opens, start)
        if length >= left:
            return max(opens, start) + left
        left -= max(timedelta(), length)
    raise ValueError("the calendar knows no such moment")


def _day_before(start: datetime, zone: str) -> date:
    """What goes over midnight has begun on the day before."""
    return local_day(start, zone) - timedelta(days=1)
