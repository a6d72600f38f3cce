"""The day as people know it, and what becomes of it if nobody does anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dispatch.routing.model import Id, Job, Plan, Problem, Route, Span, Technician, Unserved
from dispatch.routing.roads import Roads
from dispatch.routing.suits import is_skilled
from dispatch.routing.timetable import Day, days_of, parts_of, timetable

AT_LAST = 2 * 86_400
"""Seconds after midnight: late enough for whoever simply goes on."""


@dataclass(frozen=True)
class Standing:
    """A plan that is being carried out.

    `started`: settled jobs somebody has set out for; other settled ones are locked. `told`: the technician knows of them.
    `promised`: the customer knows the time.
    """

    plan: Plan
    started: frozenset[Id] = frozenset()
    told: frozenset[Id] = frozenset()
    promised: frozenset[Id] = frozenset()

    @cached_property
    def places(self) -> Mapping[Id, tuple[Id, int]]:
        """Job -> who has it, and when it starts."""
        return {stop.job: (route.technician, stop.start) for route in self.plan.routes for stop in route.stops}


@dataclass(frozen=True)
class Situation:
    """The day after something has happened. `absent` do nothing more today; `unable`: jobs that who has them cannot do any more;
    `focus`: those that it is about."""

    problem: Problem
    roads: Roads
    standing: Standing
    absent: frozenset[Id] = frozenset()
    unable: frozenset[Id] = frozenset()
    focus: frozenset[Id] = frozenset()

    def is_fixed(self, job: Job) -> bool:
        """Whether somebody has set out for it: person and start are facts."""
        return job.settled and job.id in self.standing.started


@dataclass(frozen=True)
class LeftAlone:
    """What becomes of the day. `hungry`: for whom no lunch is left."""

    plan: Plan
    hungry: frozenset[Id]

    @cached_property
    def starts(self) -> Mapping[Id, int]:
        """Job -> start."""
        return {stop.job: stop.start for route in self.plan.routes for stop in route.stops}


def left_alone(of: Situation) -> LeftAlone:
    """Everybody goes on in the order he knows, never earlier than planned, and as late as it becomes."""
    jobs = {job.id: _patient(of, job) for job in of.problem.jobs}
    people = tuple(map(_patient_with, of.problem.technicians))
    days = days_of(replace(of.problem, technicians=people, jobs=tuple(jobs.values())), of.roads)
    orders = {who: [jobs[id_] for id_ in ids if id_ in jobs] for who, ids in _order(of).items() if who in days}
    done = {who: _goes_on(days[who], mine) for who, mine in orders.items() if mine}
    routes = tuple(route for route, _ in done.values() if route.stops)
    served = {stop.job for route in routes for stop in route.stops}
    left = tuple(Unserved(job.id) for job in of.problem.jobs if job.id not in served)
    return LeftAlone(Plan(routes, left), frozenset(who for who, (_, hungry) in done.items() if hungry))


def _patient_with(one: Technician) -> Technician:
    """However late and however far."""
    return replace(one, shift=(one.shift[0], AT_LAST), max_stops=None, max_travel_minutes=None)


def _order(of: Situation) -> dict[Id, list[Id]]:
    """Technician -> his jobs in the order he knows; whoever is absent only has what he has begun."""
    fixed = {job.id: job.pinned_to for job in of.problem.jobs if of.is_fixed(job)}
    found: dict[Id, list[tuple[int, Id]]] = {}
    for job, (who, start) in of.standing.places.items():
        if fixed.get(job, who) == who and (job in fixed or (who not in of.absent and job not in of.unable)):
            found.setdefault(who, []).append((start, job))
    return {who: [job for _, job in sorted(rows, key=lambda row: row[0])] for who, rows in found.items()}


def _patient(of: Situation, job: Job) -> Job:
    """A job that is begun when he comes, though it be too late; not before the time that was planned."""
    if of.is_fixed(job) or job.id not in of.standing.places:
        return job
    _, start = of.standing.places[job.id]
    return replace(job, pinned_start=None, windows=(*_from(wanted(job), start), (max(start, last_of(job)), AT_LAST)))


def wanted(job: Job) -> tuple[Span, ...]:
    """When it is to start, a locked start included."""
    return job.windows if job.pinned_start is None else ((job.pinned_start, job.pinned_start),)


def last_of(job: Job) -> int:
    """After which start it is late; 0 where it never is."""
    return max((closes for _, closes in wanted(job)), default=0)


def _from(windows: Sequence[Span], start: int) -> Iterator[Span]:
    return ((max(opens, start), closes) for opens, closes in windows if closes >= start)


def _goes_on(day: Day, jobs: Sequence[Job]) -> tuple[Route, bool]:
    """(route, whether lunch is left out): the last stops are given up where no night would be long enough."""
    for hungry in (False, True) if day.lunch else (False,):
        route = timetable(replace(day, lunch=None) if hungry else day, jobs)
        if route is not None:
            return route, hungry
    loose = [k for k, job in enumerate(jobs) if not job.settled]
    if not loose:
        raise AssertionError(f"what technician {day.technician.id} has begun cannot be told")
    return _goes_on(day, [job for k, job in enumerate(jobs) if k != loose[-1]])


def bearable(of: Situation, alone: LeftAlone) -> Problem:
    """The problem to be solved: nothing need be better than it becomes by itself, and nothing may be worse.

    Windows and shifts reach as far as they will be overrun; locked jobs keep their person, and their start unless it is missed by
    itself; whom somebody gave a job in spite of skills or bag keeps it.
    """
    whose = {stop.job: route.technician for route in alone.plan.routes for stop in route.stops}
    jobs = tuple(_bearable_job(of, job, alone.starts.get(job.id)) for job in of.problem.jobs)
    people = {one.id: one for one in of.problem.technicians}
    kept = tuple(_kept_by(job, people.get(whose[job.id])) if job.id in whose else job for job in jobs)
    return replace(of.problem, technicians=tuple(_bearable_day(one, of, alone) for one in people.values()), jobs=kept)


def _bearable_job(of: Situation, job: Job, start: int | None) -> Job:
    if of.is_fixed(job):
        return job
    windows, late = wanted(job), max(start or 0, last_of(job))
    reach = (*windows, (last_of(job), late)) if windows and late > last_of(job) else windows
    return replace(job, pinned_start=None, windows=reach)


def _kept_by(job: Job, technician: Technician | None) -> Job:
    """What he could not be given anew stays his."""
    return job if technician is None or job.settled or is_skilled(technician, job) else replace(job, pinned_to=technician.id)


def _bearable_day(one: Technician, of: Situation, alone: LeftAlone) -> Technician:
    route = next((route for route in alone.plan.routes if route.technician == one.id), None)
    if route is None:
        return one
    jobs = {job.id: job for job in of.problem.jobs}
    used = parts_of([jobs[stop.job] for stop in route.stops])
    bag = {**one.parts, **{part: max(count, one.parts.get(part, 0)) for part, count in used.items()}}
    lunch = None if one.id in alone.hungry else one.lunch
    shift = (one.shift[0], max(one.shift[1], route.home_at))
    stops = None if one.max_stops is None else max(one.max_stops, len(route.stops))
    road = None if one.max_travel_minutes is None else max(one.max_travel_minutes, -(-route.travel_s // 60))
    return replace(one, shift=shift, parts=bag, lunch=lunch, max_stops=stops, max_travel_minutes=road)
