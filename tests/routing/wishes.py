"""Small days by chance with everything that can be wished for: limits, prices, links between jobs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from dispatch.routing import Job, Problem, Technician
from dispatch.routing.model import Prices


def wished(problem: Problem, chance: Random) -> Problem:
    """The same day, more demanding."""
    prices = Prices(chance.choice([0, 900]), chance.choice([0, 60]), chance.choice([0, 1200]), chance.choice([0, 0, 1, 5]))
    people = tuple(_technician(one, chance) for one in problem.technicians)
    return replace(problem, technicians=people, jobs=tuple(_job(one, chance) for one in problem.jobs), prices=prices)


def _technician(one: Technician, chance: Random) -> Technician:
    return replace(
        one,
        skills={"repair": chance.randint(1, 3)},
        overtime_minutes=chance.choice([0, 30, 180]),
        overtime_price=chance.randint(0, 3),
        pace=chance.choice([100, 100, 80, 135]),
        paces=chance.choice([{}, {"repair": 150}]),
        max_stops=chance.choice([None, None, 2, 4]),
        max_travel_minutes=chance.choice([None, None, 90, 180]),
        open_end=chance.random() < 0.3,
        branch=chance.choice([None, "north", "south"]),
        lent=chance.random() < 0.7,
        visit_price=chance.choice([0, 0, 1800]),
        worked_minutes=chance.choice([0, 1200, 2400]),
    )


def _job(one: Job, chance: Random) -> Job:
    return replace(
        one,
        skills=chance.choice([{}, {"repair": 1}, {"repair": 2}]),
        late_minutes=chance.choice([0, 0, 30, 240]),
        late_price=chance.randint(0, 4),
        preferred=chance.choice([(), (), (1,)]),
        forbidden=chance.choice([(), (), (0,)]),
        branch=chance.choice([None, "north", "south"]),
        linked=chance.choice([None, None, "one", "two"]),
    )
