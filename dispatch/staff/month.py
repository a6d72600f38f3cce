"""A month of the roster as it is looked at: days as columns, what each person does on each of them. No query here."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from dispatch.staff.calendar_rules import Calendar, Named, is_workday
from dispatch.staff.models import Person
from dispatch.staff.roster_queries import presences
from dispatch.staff.roster_rules import DAY, KINDS, SHORT, Duty, Presence, Roster, Span
from dispatch.words import Text, say

OFF, REST, USUAL = say("Off"), say("Rest day"), say("Usual hours")


@dataclass(frozen=True)
class Head:
    """A day over its column."""

    day: date
    workday: bool
    named: Named | None
    today: bool


@dataclass(frozen=True)
class Cell:
    """What somebody does on a day. `look`: usual, rest, off, duty, leave or part (some hours of leave); `hours` in words."""

    day: date
    look: str
    hours: tuple[str, ...]
    words: tuple[Text, ...]
    short: Text | None = None
    duty: Duty | None = None


@dataclass(frozen=True)
class Row:
    """A person's month."""

    person: Person
    cells: tuple[Cell, ...]


def days_of_month(first: date) -> list[date]:
    """All days of the month that begins on `first`."""
    return [first + timedelta(days=ahead) for ahead in range(monthrange(first.year, first.month)[1])]


def heads(first: date, calendar: Calendar, today: date) -> list[Head]:
    """The days of a month."""
    return [Head(day, is_workday(calendar, day), calendar.days.get(day), day == today) for day in days_of_month(first)]


def rows(people: Iterable[Person], first: date, zone: str, roster: Roster) -> list[Row]:
    """Everybody's month."""
    team, days = list(people), days_of_month(first)
    there = {day: presences(team, day, zone, roster) for day in days}
    return [Row(one, tuple(_cell(one.id, day, there[day][one.id], roster) for day in days)) for one in team]


def _cell(person_id: int, day: date, there: Presence, roster: Roster) -> Cell:
    duty = roster.duties.get((person_id, day))
    hours = _hours(duty.span) if duty and duty.span else _hours(there.shift())
    if there.away:
        kind = there.away[0].kind
        return Cell(day, "part" if there.spans else "leave", hours if there.spans else (), (KINDS[kind],), SHORT[kind], duty)
    if duty:
        return Cell(day, "duty" if duty.span else "off", hours, () if duty.span else (OFF,), None if duty.span else OFF, duty)
    if not there.spans:
        return Cell(day, "rest", (), (REST,))
    night = there.spans[0][0] == 0 and not is_usual(there, roster, person_id, day)
    return Cell(day, "duty", hours, ()) if night else Cell(day, "usual", hours, (USUAL,))


def is_usual(there: Presence, roster: Roster, person_id: int, day: date) -> bool:
    """Whether nothing but the usual shift makes up the day."""
    before = roster.duties.get((person_id, day - timedelta(days=1)))
    return not there.rostered and not (before and before.over_midnight)


def _hours(span: Span | None) -> tuple[str, ...]:
    return tuple(_clock(end) for end in span) if span else ()


def _clock(seconds: int) -> str:
    hour, minute = divmod(seconds % DAY // 60, 60)
    return f"{hour}:{minute:02d}" if seconds != DAY else "24:00"
