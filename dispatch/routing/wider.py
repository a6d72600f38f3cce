"""Mending a plan far and wide: what our search makes of the whole day, taken over where people notice little of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from dispatch.routing.model import Id, Job, Problem, Technician
from dispatch.routing.notice import Scales
from dispatch.routing.repair import Jobs, Repair
from dispatch.routing.search.again import searched_again
from dispatch.routing.search.run import Effort
from dispatch.routing.search.tables import Ints, tables_of
from dispatch.routing.standing import Situation, last_of

Orders = Mapping[Id, Jobs]

STAYS = 3
"""Points of priority by which whoever has somebody comes before who waits: dropping him has its price."""


def widened(of: Situation, repair: Repair, effort: Effort) -> None:
    """Searches on from the best of a repair, with a price on every other person, and keeps each part of it that is worth it.

    What is promised stays within its tolerance; nobody comes later or works longer than the repair lets him.
    """
    narrow = _narrowed(of, repair)
    tables = tables_of(narrow, of.roads, _dear(narrow, repair.scales))
    row = {job.id: number for number, job in enumerate(narrow.jobs)}
    orders = repair.best[1]
    begin = [[row[job.id] for job in orders[one.id]] for one in narrow.technicians]
    found = searched_again(tables, begin, effort)
    jobs = list(repair.jobs.values())
    after = {one.id: tuple(jobs[stop] for stop in stops) for one, stops in zip(narrow.technicians, found.routes, strict=True)}
    for part in _parts(orders, after):
        repair.take({who: after[who] for who in part})


def _dear(problem: Problem, scales: Scales) -> Ints:
    rows = [[scales.person(job.id, one.id) for job in problem.jobs] for one in problem.technicians]
    return np.array(rows, dtype=np.int64).reshape(len(problem.technicians), len(problem.jobs))


def _narrowed(of: Situation, repair: Repair) -> Problem:
    """The problem of the repair, with its times in place of prices."""
    routes = repair.plan().routes
    starts = {stop.job: stop.start for route in routes for stop in route.stops}
    homes = {route.technician: route.home_at for route in routes}
    known = {job.id: job for job in of.problem.jobs}
    jobs = tuple(_narrow(of, repair, job, known[job.id], starts.get(job.id)) for job in repair.jobs.values())
    people = tuple(_shift(one, homes.get(one.id, 0), repair.scales.ends[one.id]) for one in repair.problem.technicians)
    return replace(repair.problem, jobs=jobs, technicians=people)


def _shift(one: Technician, home_at: int, ends: int) -> Technician:
    return replace(one, shift=(one.shift[0], max(home_at, ends)))


def _narrow(of: Situation, repair: Repair, job: Job, known: Job, start: int | None) -> Job:
    if job.settled or start is None:
        return replace(job, windows=known.windows) if start is None and not job.settled and known.windows else job
    first, last = 0, max(start, last_of(known)) if job.windows else 2 * 86_400
    if job.id in of.standing.promised and job.id in of.standing.places:
        _, told = of.standing.places[job.id]
        tolerance = repair.scales.prices.tolerance_s
        first, last = min(start, told - tolerance), min(last, max(start, told + tolerance))
    windows = job.windows or ((0, 2 * 86_400),)
    kept = tuple((max(opens, first), min(closes, last)) for opens, closes in windows if max(opens, first) <= min(closes, last))
    return replace(job, windows=kept or ((start, start),), priority=job.priority + STAYS)


def _parts(before: Orders, after: Orders) -> Iterator[set[Id]]:
    """People who change jobs with each other, each such group for itself; what nobody has binds nobody."""
    whose = {job.id: who for who, jobs in before.items() for job in jobs}
    groups = {who: {who} for who in after}
    for who, jobs in after.items():
        for other in {whose[job.id] for job in jobs if job.id in whose}:
            _join(groups, groups[who] | groups[other])
    seen: set[Id] = set()
    for who, group in groups.items():
        if who not in seen and any(_ids(before[one]) != _ids(after[one]) for one in group):
            yield group
        seen |= group


def _join(groups: dict[Id, set[Id]], group: set[Id]) -> None:
    for who in group:
        groups[who] = group


def _ids(jobs: Iterable[Job]) -> list[Id]:
    return [job.id for job in jobs]
