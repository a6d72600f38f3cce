"""Giving one more job to a day that is already made: the cheapest place for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dispatch.routing.model import Id, Job
from dispatch.routing.suits import sort_key, suits
from dispatch.routing.timetable import Day, passable, rows_of

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
    extra = (seconds[a][here] + seconds[here][b] - seconds[a][b] for a, b in pairwise(rows_of(day, jobs)))
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
    """The cheapest possible position with any technician whom the job suits."""
    best: Insertion | None = None
    for who, day in days.items():
        if suits(day, orders[who], job):
            best = cheapest(day, orders[who], job, best.extra_travel_s if best else float("inf")) or best
    return best


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
