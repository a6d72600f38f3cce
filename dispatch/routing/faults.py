"""What no plan can be made of, told by a sentence that names the record, before anything is searched."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from dispatch.errors import RuleBroken
from dispatch.routing.model import Id, Job, Problem
from dispatch.routing.roads import Roads
from dispatch.words import Text, say


def refuse_faults(problem: Problem) -> None:
    """RuleBroken for the first record that cannot be: an id twice, no place on the map, a length below nothing."""
    fault = next(_faults(problem), None)
    if fault is not None:
        raise RuleBroken(fault)


def refuse_holes(problem: Problem, roads: Roads) -> None:
    """The same for tables that were measured elsewhere: a place that is not in them, a way without a number or below nothing."""
    fault = next(_holes(problem, roads), None)
    if fault is not None:
        raise RuleBroken(fault)


def _faults(problem: Problem) -> Iterator[Text]:
    twice = [say("technician %(id)s", id=one) for one in _twice(one.id for one in problem.technicians)]
    twice += [say("job %(id)s", id=one) for one in _twice(job.id for job in problem.jobs)]
    twice += [say("store %(id)s", id=one) for one in _twice(store.id for store in problem.stores)]
    yield from (say("%(record)s: this id is there twice", record=record) for record in twice)
    for record, place in _places(problem):
        if not (len(place) == 2 and all(map(math.isfinite, place)) and abs(place[0]) <= 90 and abs(place[1]) <= 180):
            yield say("%(record)s has no place on the map", record=record)
    for job in problem.jobs:
        if job.minutes < 0 or job.setup_minutes < 0:
            yield say("%(record)s takes less than no time", record=say("job %(id)s", id=job.id))
    yield from _odd_halves(problem)


def _odd_halves(problem: Problem) -> Iterator[Text]:
    """A visit of two people has two halves, at one place, for as long, and neither is bound to another visit."""
    groups: dict[str, list[Job]] = {}
    for job in problem.jobs:
        if job.together is not None:
            groups.setdefault(job.together, []).append(job)
    for name, halves in groups.items():
        record = say("job %(id)s", id=halves[0].id)
        if len(halves) != 2:
            yield say("%(record)s: “%(name)s” is no visit of two people", record=record, name=name)
        elif len({(job.at, job.minutes, job.setup_minutes) for job in halves}) > 1:
            yield say("%(record)s: the two halves of “%(name)s” are not alike", record=record, name=name)
        elif any(job.linked is not None for job in halves):
            yield say("%(record)s: a visit of two people cannot be linked to others", record=record)


def _twice(ids: Iterator[Id]) -> Iterator[Id]:
    return (one for one, times in Counter(ids).items() if times > 1)


def _places(problem: Problem) -> Iterator[tuple[Text, tuple[float, ...]]]:
    yield from ((say("technician %(id)s", id=one.id), one.home) for one in problem.technicians)
    yield from ((say("job %(id)s", id=job.id), job.at) for job in problem.jobs)
    yield from ((say("store %(id)s", id=store.id), store.at) for store in problem.stores)


def _holes(problem: Problem, roads: Roads) -> Iterator[Text]:
    names = {place: record for record, place in reversed(list(_places(problem)))}
    for place, record in names.items():
        if place not in roads.index:
            yield say("%(record)s: its place is not in the travel times", record=record)
    if roads.table.size and not roads.table.min() >= 0:  # neither below nothing nor without a number
        a, b = np.argwhere(~(roads.table >= 0))[0].tolist()
        rows = {roads.index[place]: record for place, record in names.items() if place in roads.index}
        yield say("the travel time from %(a)s to %(b)s is missing or negative", a=rows.get(a, a + 1), b=rows.get(b, b + 1))
