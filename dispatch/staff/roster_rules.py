"""When somebody is there: shift, duty roster and leave come together in `presence`, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dispatch.clock import seconds_of, seconds_of_clock
from dispatch.staff.calendar_rules import Calendar, is_workday
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

KINDS: dict[str, Text] = {
    "annual": say("Annual leave"),
    "sick": say("Sick leave"),
    "private": say("Private leave"),
    "compensatory": say("Compensatory leave"),
    "training": say("Training"),
}
SHORT: dict[str, Text] = {
    "annual": say("Ann."),
    "sick": say("Sick"),
    "private": say("Priv."),
    "compensatory": say("Comp."),
    "training": say("Train"),
}
"""The kinds where there is little room."""
STATES: dict[str, Text] = {
    "asked": say("Leave asked for"),
    "approved": say("Leave approved"),
    "refused": say("Leave refused"),
    "withdrawn": say("Leave withdrawn"),
}
TAKEN = ("asked", "approved")
"""Two leaves of one person in these states never overlap."""

LONGEST_LEAVE = timedelta(days=366)
DAY = 24 * 3600
Span = tuple[int, int]
"""Seconds after the midnight of a day, by the clock on the wall."""


@dataclass(frozen=True)
class Duty:
    """What the roster says about somebody's day. Without hours: off. Hours that do not end later end on the day after."""

    starts: time | None = None
    ends: time | None = None

    @property
    def span(self) -> Span | None:
        """The hours; over midnight they end beyond the day. None: off."""
        if self.starts is None or self.ends is None:
            return None
        opens, closes = seconds_of_clock(self.starts), seconds_of_clock(self.ends)
        return opens, closes if closes > opens else closes + DAY

    @property
    def over_midnight(self) -> bool:
        """Whether it goes on into the next day."""
        return self.span is not None and self.span[1] > DAY


@dataclass(frozen=True)
class Leave:
    """A time for which somebody is away with approval."""

    kind: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Roster:
    """What is known about the days of some people: the calendar, the roster by person and day, leaves by person."""

    calendar: Calendar
    duties: Mapping[tuple[int, date], Duty]
    leaves: Mapping[int, tuple[Leave, ...]]


@dataclass(frozen=True)
class Presence:
    """When somebody is there on a day. `rostered`: the roster says so, not the usual shift; `away`: the leaves that touch it."""

    spans: tuple[Span, ...]
    rostered: bool = False
    away: tuple[Leave, ...] = ()

    def shift(self, not_before: int | None = None) -> Span | None:
        """The longest time he is there without a break, by what is left of it from a moment of the day on; None: not at all."""
        return max(self.spans, key=lambda span: (span[1] - max(span[0], not_before or 0), span), default=None)

    @property
    def ends(self) -> int | None:
        """When he goes home; None for who is not there."""
        return max((closes for _opens, closes in self.spans), default=None)


def presence(person_id: int, usual: tuple[time, time], day: date, zone: str, roster: Roster) -> Presence:
    """When a person with these usual hours is there on a day: roster before shift, less his leave."""
    leaves = tuple(leave for leave in roster.leaves.get(person_id, ()) if _touches(leave, day, zone))
    spans = [*_from_the_night(roster.duties.get((person_id, day - timedelta(days=1)))), *_own(person_id, usual, day, roster)]
    for leave in leaves:
        spans = list(_without(spans, seconds_of(leave.starts_at, day, zone), seconds_of(leave.ends_at, day, zone)))
    return Presence(tuple(spans), (person_id, day) in roster.duties, leaves)


def leaves_within(there: Presence, day: date, zone: str, span: Span) -> list[Leave]:
    """His leaves that take something of a span of the day."""
    ends = [(seconds_of(leave.starts_at, day, zone), seconds_of(leave.ends_at, day, zone), leave) for leave in there.away]
    return [leave for start, end, leave in ends if start < span[1] and span[0] < end]


def _touches(leave: Leave, day: date, zone: str) -> bool:
    return seconds_of(leave.starts_at, day, zone) < DAY and seconds_of(leave.ends_at, day, zone) > 0


def _from_the_night(before: Duty | None) -> Iterable[Span]:
    if before and before.span and before.over_midnight:
        yield 0, before.span[1] - DAY


def _own(person_id: int, usual: tuple[time, time], day: date, roster: Roster) -> Iterable[Span]:
    """The hours that begin on the day. After a night the roster has to say so if he comes again on the same day."""
    given, night = roster.duties.get((person_id, day)), roster.duties.get((person_id, day - timedelta(days=1)))
    if given is None and ((night and night.over_midnight) or not is_workday(roster.calendar, day)):
        return
    span = given.span if given else (seconds_of_clock(usual[0]), seconds_of_clock(usual[1]))
    if span:
        yield span[0], min(span[1], DAY)


def _without(spans: Iterable[Span], start: int, end: int) -> Iterable[Span]:
    for opens, closes in spans:
        if opens < min(closes, start):
            yield opens, min(closes, start)
        if max(opens, end) < closes:
            yield max(opens, end), closes


def decides(by: Actor, *, person_id: int, branch_id: int, roles: frozenset[str], managed: bool = True) -> bool:
    """Whether `by` decides about somebody's leave: the manager of his branch; for managers and directors a director as well.

    A director also decides where the branch is not `managed`: no other manager of it works here and is there now. Nobody decides
    about his own.
    """
    if by.id == person_id or not by.may("leave.decide"):
        return False
    of_branch = "manager" in by.roles and by.branch_id == branch_id
    return of_branch or ("director" in by.roles and (not managed or bool(roles & {"manager", "director"})))
