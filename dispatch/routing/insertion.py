"""Giving one more job to a day that is already made: the cheapest place for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dispatch.routing.day import Day, rows_of
from dispatch.routing.model import Id, Job
from dispatch.routing.prices import dear_for
from dispatch.routing.suits import sort_key, suits
from dispatch.routing.timetable import passable

Orders = dict[Id, list[Job]]
"""Technician -> jobs in order."""


@dataclass(frozen=True)
class Insertion:
    """A job goes to a technician as stop number `position`, for so many more seconds on the road."""

    technician: Id
    position: int
    extra_travel_s: int
    jobs: tuple[Job, ...]


def detours(day: Day, jobs: Sequence[Job], job: Job) -> list[tuple[int, int]]:
    """(extra seconds, position) for each position, the cheapest first."""
    seconds, here = day.roads.seconds, day.roads.index[job.at]
    rows = rows_of(day, jobs)
    extra = [seconds[a][here] + seconds[here][b] - seconds[a][b] for a, b in pairwise(rows)]
    if day.technician.open_end:
        extra.append(seconds[rows[-1]][here])
    return sorted((cost, position) for position, cost in enumerate(extra))


def cheapest(day: Day, jobs: Sequence[Job], job: Job, limit: float = float("inf")) -> Insertion | None:
    """The cheapest possible position under `limit` extra seconds; training, skills and parts are the caller's affair."""
    for extra, position in detours(day, jobs, job):
        if extra >= limit:
            return None
        longer = (*jobs[:position], job, *jobs[position:])
        if passable(day, longer):
            return Insertion(day.technician.id, position, extra, longer)
    return None


def cheapest_of_all(days: Mapping[Id, Day], orders: Orders, job: Job) -> Insertion | None:
    """The cheapest possible position with any technician whom the job suits; what is dear with him counts as well."""
    best: Insertion | None = None
    limit, holders = float("inf"), linked_with(orders, job)
    for who, day in days.items():
        if suits(day, orders[who], job) and holders <= {who}:
            dear = dear_for(day.technician, job, day.prices)
            found = cheapest(day, orders[who], job, limit - dear)
            best, limit = (found, found.extra_travel_s + dear) if found else (best, limit)
    return best


def linked_with(orders: Orders, job: Job) -> set[Id]:
    """Who has jobs that must go to the same person as this one."""
    if job.linked is None:
        return set()
    return {who for who, jobs in orders.items() if any(other.linked == job.linked for other in jobs)}


def give(days: Mapping[Id, Day], orders: Orders, jobs: Iterable[Job]) -> list[Job]:
    """Gives each job, most urgent first, to the cheapest technician, changing `orders`. Returns the jobs that fit nowhere."""
    left = []
    for job in sorted(jobs, key=sort_key):
        found = cheapest_of_all(days, orders, job)
        if found is None:
            left.append(job)
        else:
            orders[found.technician] = list(found.jobs)
    return left
