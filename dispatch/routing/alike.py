"""Who may do a job and takes how long for it, and where everybody's day ends: what routes in memory ask of people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dispatch.routing.model import Job, Problem, Technician
from dispatch.routing.prices import dear_for
from dispatch.routing.roads import Roads
from dispatch.routing.search.tables import Ints
from dispatch.routing.suits import is_skilled


class Alike(NamedTuple):
    """People (1 in `who`) who take `pace` per cent of a job's time, and with whom it costs `dear` beside the way."""

    pace: int
    dear: int
    who: Ints


class Able(NamedTuple):
    """Who may do a job, and the same in groups."""

    who: Ints
    groups: tuple[Alike, ...]


def minutes_of(job: Job, who: Technician) -> int:
    """How long somebody takes, setting up left aside."""
    return job.minutes if job.settled else -(-job.minutes * who.pace_of(job) // 100)


def able_for(problem: Problem, job: Job) -> Able:
    """Who may do it, and in what groups."""
    people = problem.technicians
    who = np.fromiter((is_skilled(one, job) for one in people), dtype=np.int64)
    groups: dict[tuple[int, int], list[int]] = {}
    for number in np.flatnonzero(who).tolist():
        one = people[number]
        groups.setdefault((one.pace_of(job), dear_for(one, job, problem.prices)), []).append(number)
    return Able(who, tuple(Alike(pace, dear, _these(len(people), some)) for (pace, dear), some in groups.items()))


def _these(many: int, some: Sequence[int]) -> Ints:
    mask = np.zeros(many, dtype=np.int64)
    mask[some] = 1
    return mask


def homes_of(people: Sequence[Technician], roads: Roads) -> tuple[list[int], np.ndarray]:
    """(where each one's day ends, the table of roads): whose end is open gets a home from which it is as far as from his own, and
    to which there is no way to go.
    """
    table = roads.table.astype(np.int32, copy=False)
    homes = [roads.index[one.home] for one in people]
    free = [number for number, one in enumerate(people) if one.open_end]
    if not free:
        return homes, table
    rows = np.vstack([table, table[[homes[number] for number in free]]])
    table = np.hstack([rows, np.zeros((len(rows), len(free)), dtype=np.int32)])
    for added, number in enumerate(free):
        homes[number] = len(roads.table) + added
    return homes, table
