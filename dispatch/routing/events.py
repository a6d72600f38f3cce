"""What happens in the middle of a day, each as a change of the situation: nobody's plan is touched here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from dispatch.geo.rules import Coordinates, metres
from dispatch.routing.model import Id, Job, Problem, Technician
from dispatch.routing.roads import Roads, great_circle, places_of
from dispatch.routing.standing import Situation


@dataclass(frozen=True)
class Ill:
    """A technician drops out: he ends what he has begun, and takes nothing more."""

    technician: Id


@dataclass(frozen=True)
class Late:
    """A technician is so many minutes behind."""

    technician: Id
    minutes: int


@dataclass(frozen=True)
class Cancelled:
    """A job is not wanted any more."""

    job: Id


@dataclass(frozen=True)
class Urgent:
    """A job that nobody knew of."""

    job: Job


@dataclass(frozen=True)
class Longer:
    """A job takes so many minutes more than thought."""

    job: Id
    minutes: int


@dataclass(frozen=True)
class Traffic:
    """All drives take `factor` times as long; with `centre` only those that begin or end within `radius_m` of it."""

    factor: float
    centre: Coordinates | None = None
    radius_m: float = 0


Event = Ill | Late | Cancelled | Urgent | Longer | Traffic


def happened(of: Situation, *events: Event) -> Situation:
    """The situation after the events, one after the other."""
    for event in events:
        of = _AFTER[type(event)](of, event)
    return of


def _ill(of: Situation, event: Ill) -> Situation:
    """What was locked for him waits for others now, at its time."""
    jobs = {job.id: _freed(job) if job.pinned_to == event.technician and not of.is_fixed(job) else job for job in of.problem.jobs}
    his = {job for job, (who, _) in of.standing.places.items() if who == event.technician and job in jobs}
    absent = of.absent | {event.technician}
    return replace(of, problem=_with(of.problem, jobs.values()), absent=absent, focus=of.focus | his)


def _freed(job: Job) -> Job:
    windows = job.windows if job.pinned_start is None else ((job.pinned_start, job.pinned_start),)
    return replace(job, pinned_to=None, pinned_start=None, windows=windows)


def _late(of: Situation, event: Late) -> Situation:
    """Whatever he is at takes longer; who has not set out yet sets out later."""
    his = [job for job, (who, _) in of.standing.places.items() if who == event.technician]
    of = replace(of, focus=of.focus | set(his))
    begun = [job for job in of.problem.jobs if job.id in his and of.is_fixed(job)]
    if begun:
        return _longer(of, Longer(max(begun, key=lambda job: job.pinned_start or 0).id, event.minutes))
    people = (_sets_out_later(of, event) if one.id == event.technician else one for one in of.problem.technicians)
    return replace(of, problem=replace(of.problem, technicians=tuple(people)))


def _sets_out_later(of: Situation, event: Late) -> Technician:
    one = next(one for one in of.problem.technicians if one.id == event.technician)
    route = next((route for route in of.standing.plan.routes if route.technician == one.id), None)
    first = max(one.shift[0], of.problem.not_before or 0, route.leave_at if route else 0)
    return replace(one, shift=(first + event.minutes * 60, max(one.shift[1], first + event.minutes * 60)))


def _cancelled(of: Situation, event: Cancelled) -> Situation:
    """Whoever had it has room now."""
    who = of.standing.places.get(event.job, (None, 0))[0]
    jobs = tuple(job for job in of.problem.jobs if job.id != event.job)
    known = {job.id for job in jobs}
    near = {job for job, (whose, _) in of.standing.places.items() if whose == who and job in known}
    return replace(of, problem=_with(of.problem, jobs), focus=(of.focus | near) & known)


def _urgent(of: Situation, event: Urgent) -> Situation:
    problem = _with(of.problem, (*of.problem.jobs, event.job))
    roads = of.roads if event.job.at in of.roads.index else _with_places(of, problem)
    return replace(of, problem=problem, roads=roads, focus=of.focus | {event.job.id})


def _with_places(of: Situation, problem: Problem) -> Roads:
    """Tables that know a new place, by the default way of reckoning; what was known stays as it was."""
    wider = great_circle(places_of(problem), problem.travel)
    known = [place for place in wider.index if place in of.roads.index]
    new, old = ([roads.index[place] for place in known] for roads in (wider, of.roads))
    seconds = wider.table.copy()
    seconds[np.ix_(new, new)] = of.roads.table[np.ix_(old, old)]
    return wider.retimed(seconds)


def _longer(of: Situation, event: Longer) -> Situation:
    jobs = (replace(job, minutes=job.minutes + event.minutes) if job.id == event.job else job for job in of.problem.jobs)
    who = of.standing.places.get(event.job, (None, 0))[0]
    his = {job for job, (whose, _) in of.standing.places.items() if whose == who}
    return replace(of, problem=_with(of.problem, jobs), focus=of.focus | his | {event.job})


def _traffic(of: Situation, event: Traffic) -> Situation:
    places = list(of.roads.index)
    inside = np.array([event.centre is None or metres(place, event.centre) <= event.radius_m for place in places], dtype=bool)
    slow = inside[:, None] | inside[None, :]
    seconds = np.where(slow, np.rint(of.roads.table * event.factor), of.roads.table).astype(np.int64)
    return replace(of, roads=of.roads.retimed(seconds))


def _with(problem: Problem, jobs: Iterable[Job]) -> Problem:
    return replace(problem, jobs=tuple(jobs))


_AFTER: dict[type, Callable[..., Situation]] = {
    Ill: _ill,
    Late: _late,
    Cancelled: _cancelled,
    Urgent: _urgent,
    Longer: _longer,
    Traffic: _traffic,
}
