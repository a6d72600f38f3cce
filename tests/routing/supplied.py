"""Small days by chance with parts, tools, stores and visits of two people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np

from dispatch.routing import Job, Problem, Roads
from dispatch.routing.model import Store
from dispatch.routing.roads import places_of
from tests.routing.test_timing import problem_by_chance
from tests.routing.town import HOUR, MINUTE, shop


def supplied(chance: Random, teams: int = 1) -> tuple[Problem, Roads]:
    """A day in which bags lack something, on roads that are no two ways alike."""
    day, _ = problem_by_chance(chance)
    people = tuple(
        replace(
            one,
            parts={"sim": chance.randint(0, 2)},
            tools=chance.choice([(), ("drill",)]),
            branch=chance.choice([None, "n", "s"]),
        )
        for one in day.technicians
    )
    jobs = tuple(replace(job, parts={"sim": chance.randint(0, 2)}, tools=chance.choice([(), (), ("drill",)])) for job in day.jobs)
    halves = tuple(half for number in range(chance.randint(0, teams)) for half in _halves(chance, number))
    day = replace(day, technicians=people, jobs=(*jobs, *halves), stores=tuple(_store(chance, n) for n in range(2)))
    places = places_of(day)
    seconds = np.array([[chance.randint(0, 60) * MINUTE if a != b else 0 for a in places] for b in places], dtype=np.int64)
    return day, Roads(places, seconds, seconds)


def _store(chance: Random, number: int) -> Store:
    opens = chance.randint(7, 14) * HOUR
    windows = chance.choice([(), ((opens, opens + chance.randint(0, 4) * HOUR),)])
    parts, tools = {"sim": chance.randint(0, 3)}, {"drill": chance.randint(0, 1)}
    return Store(
        f"store {number}", shop(5 + number), chance.choice([0, 15]), windows, parts, tools, chance.choice([None, None, "n"])
    )


def _halves(chance: Random, number: int) -> Iterator[Job]:
    opens = chance.randint(7, 16) * HOUR
    windows = chance.choice([(), ((opens, opens + chance.randint(0, 4) * HOUR),)])
    half = Job("", shop(chance.randint(0, 4)), chance.randint(0, 90), 15, windows, together=f"team {number}")
    pins = chance.choice([{}, {}, {}, {"pinned_to": 1}, {"pinned_to": 0, "pinned_start": 11 * HOUR}])
    yield replace(half, id=f"{number}a", **pins)
    yield replace(half, id=f"{number}b", forbidden=chance.choice([(), (), (0,)]))
