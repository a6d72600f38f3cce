"""What speaks against a change by hand. Hard conflicts forbid it; soft ones are shown, and the dispatcher decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatch.routing.day import Day, length, road_seconds
from dispatch.routing.explain import clock
from dispatch.routing.model import Id, Job, Plan, Problem, Route, Stop
from dispatch.routing.roads import Roads, great_circle, places_of
from dispatch.routing.suits import (
    APART,
    HOLDS_CASH,
    LONG,
    MANY,
    OTHERS_PREFERRED,
    may_collect,
    may_come,
    not_coming,
    parts_missing,
    skills_missing,
)
from dispatch.routing.timetable import days_of, passable
from dispatch.words import Text, say

TYPED_MINUTE = 59
"""Seconds. People type whole minutes, plans have seconds: a visit left where it stands must not look late."""


@dataclass(frozen=True)
class Conflict:
    """One thing against the change. kind: overlap, training, cash, forbidden, preferred, linked, limit, skill, part, shift,
    window, travel, lunch, past.
    """

    kind: str
    text: Text
    hard: bool


def conflicts(
    problem: Problem, plan: Plan | Route, job: Job, technician: Id, start: int, roads: Roads | None = None
) -> list[Conflict]:
    """All that speaks against `technician` starting `job` at `start` (seconds after midnight), the hard ones first.

    The other stops stand where the plan has them; the job itself, if already planned, is taken out first.
    """
    roads = roads or great_circle([*places_of(problem), job.at], problem.travel)
    day = days_of(replace(problem, jobs=()), roads)[technician]
    change = _Change(problem, day, _stops(problem, plan, technician, job), job, start)
    found = [*change.conflicts(), *_apart(problem, plan, job, technician)]
    return sorted(found, key=lambda conflict: not conflict.hard)


def _apart(problem: Problem, plan: Plan | Route, job: Job, technician: Id) -> Iterator[Conflict]:
    """Somebody else has what goes with it."""
    others = {other.id for other in problem.jobs if job.linked is not None and other.linked == job.linked} - {job.id}
    routes = (plan,) if isinstance(plan, Route) else plan.routes
    if any(stop.job in others for route in routes if route.technician != technician for stop in route.stops):
        yield Conflict("linked", APART, False)


def _stops(problem: Problem, plan: Plan | Route, technician: Id, job: Job) -> list[Stop]:
    """The technician's other stops by start; stops whose job the problem does not know say nothing about places: left out."""
    known = {other.id for other in problem.jobs} - {job.id}
    routes = (plan,) if isinstance(plan, Route) else plan.routes
    stops = [stop for route in routes if route.technician == technician for stop in route.stops if stop.job in known]
    return sorted(stops, key=lambda stop: stop.start)


class _Change:
    """A job at a start of somebody's choice, among stops that stand still."""

    def __init__(self, problem: Problem, day: Day, stops: list[Stop], job: Job, start: int) -> None:
        self.day, self.stops, self.start, self.job = day, stops, start, job
        self.known = {other.id: other for other in problem.jobs}
        self.before = next((stop for stop in reversed(stops) if stop.start <= start), None)
        self.after = next((stop for stop in stops if stop.start > start), None)
        self.end = start + length(job, self._job_of(self.before), day.technician)

    def conflicts(self) -> Iterator[Conflict]:
        """Everything, in no order."""
        yield from self._person()
        yield from self._wishes()
        yield from self._limits()
        yield from self._overlaps()
        yield from self._bag()
        yield from self._window()
        yield from self._shift()
        yield from self._drives()
        yield from self._lunch()

    def _job_of(self, stop: Stop | None) -> Job | None:
        return self.known[stop.job] if stop else None

    def _person(self) -> Iterator[Conflict]:
        if not self.day.technician.product_trained:
            yield Conflict("training", say("has not passed the product training"), True)
        if not may_collect(self.day.technician, self.job):
            yield Conflict("cash", HOLDS_CASH, True)
        if not may_come(self.day.technician, self.job):
            yield Conflict("forbidden", not_coming(self.day.technician, self.job), True)
        for skill, level in skills_missing(self.day.technician, self.job).items():
            yield Conflict("skill", say("lacks skill %(skill)s %(level)s", skill=skill, level=level), True)

    def _wishes(self) -> Iterator[Conflict]:
        if self.job.preferred and self.day.technician.id not in self.job.preferred:
            yield Conflict("preferred", OTHERS_PREFERRED, False)

    def _limits(self) -> Iterator[Conflict]:
        stops, road = self.day.most_stops, self.day.most_road_s
        if stops is not None and len(self.stops) >= stops:
            yield Conflict("limit", MANY, False)
        if road is not None and road_seconds(self.day, self._standing(with_job=True)) > road:
            yield Conflict("limit", LONG, False)

    def _bag(self) -> Iterator[Conflict]:
        others = [self.known[stop.job] for stop in self.stops]
        for part, count in parts_missing(self.day.bag, others, self.job).items():
            yield Conflict("part", say("is %(count)s short of %(part)s in the bag", count=count, part=part), False)

    def _overlaps(self) -> Iterator[Conflict]:
        for stop in self.stops:
            if stop.start < self.end and self.start < stop.end:
                opens, closes = clock(stop.start), clock(stop.end)
                text = say("overlaps order %(job)s, %(opens)s to %(closes)s", job=stop.job, opens=opens, closes=closes)
                yield Conflict("overlap", text, True)

    def _window(self) -> Iterator[Conflict]:
        if self.job.windows and not any(opens <= self.start <= closes for opens, closes in self.job.windows):
            promised = ", ".join(f"{clock(opens)}–{clock(closes)}" for opens, closes in self.job.windows)
            text = say("starts at %(at)s, outside the promised time %(promised)s", at=clock(self.start), promised=promised)
            yield Conflict("window", text, False)
        if self.start < self.day.not_before:
            yield Conflict("past", say("%(at)s is over", at=clock(self.start)), False)

    def _shift(self) -> Iterator[Conflict]:
        opens, closes = self.day.technician.shift
        if self.start < opens or self.end > closes:
            text = say("outside the shift %(opens)s to %(closes)s", opens=clock(opens), closes=clock(closes))
            yield Conflict("shift", text, False)

    def _drives(self) -> Iterator[Conflict]:
        arrival = self._free() + self._way(self.before, self.job)
        if arrival > self.start + TYPED_MINUTE and not self._touches(self.before):
            yield Conflict("travel", say("cannot be there before %(at)s", at=clock(arrival)), False)
        onward = self.end + self._way(self.after, self.job)
        if self.after and onward > self.after.start + TYPED_MINUTE and not self._touches(self.after):
            text = say("comes to order %(job)s only at %(at)s", job=self.after.job, at=clock(onward))
            yield Conflict("travel", text, False)
        if self.after is None and not self.day.technician.open_end and self.end <= self.day.technician.shift[1] < onward:
            yield Conflict("shift", say("is home only at %(at)s", at=clock(onward)), False)

    def _free(self) -> int:
        """When the stop before lets him go; in the morning the shift does."""
        return self.before.end if self.before else max(self.day.technician.shift[0], self.day.not_before)

    def _way(self, stop: Stop | None, job: Job) -> int:
        """Seconds between the job and a stop, or home."""
        roads, other = self.day.roads, self._job_of(stop)
        return roads.seconds[roads.index[other.at] if other else self.day.home][roads.index[job.at]]

    def _touches(self, stop: Stop | None) -> bool:
        """An overlap is told as such, not as a drive too short as well."""
        return stop is not None and stop.start < self.end and self.start < stop.end

    def _lunch(self) -> Iterator[Conflict]:
        if self.day.lunch and self._eats(self._standing()) and not self._eats(self._standing(with_job=True)):
            yield Conflict("lunch", say("leaves no time for lunch"), False)

    def _standing(self, *, with_job: bool = False) -> list[Job]:
        starts = [(stop.start, self.known[stop.job]) for stop in self.stops]
        if with_job:
            starts.append((self.start, self.job))
        who = self.day.technician.id
        return [replace(job, pinned_to=who, pinned_start=start) for start, job in sorted(starts, key=lambda item: item[0])]

    def _eats(self, jobs: list[Job]) -> bool:
        return passable(self.day, jobs) is not None
