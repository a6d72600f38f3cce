"""The compiled timing against a slow and plain one, and against the timetable that people see."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.routing import Job, Lunch, Problem, Roads, Technician
from dispatch.routing.clockwork import NEVER
from dispatch.routing.roads import places_of
from dispatch.routing.search.routes import empty_routes, fits, refresh_all
from dispatch.routing.search.tables import Tables, tables_of
from dispatch.routing.search.timing import walked
from dispatch.routing.timetable import days_of, passable
from tests.routing.reference import cheapest_day
from tests.routing.town import HOUR, MINUTE, shop

SEEDS = st.integers(0, 2**32)
DAYS_OF_ONE_SEED = 20


def problem_by_chance(chance: Random) -> tuple[Problem, Roads]:
    """A small day on roads that are no two ways alike."""
    people = tuple(_technician(chance, number) for number in range(2))
    jobs = tuple(_job(chance, number) for number in range(chance.randint(1, 6)))
    problem = Problem(people, jobs, not_before=chance.choice([None, 10 * HOUR, 13 * HOUR]))
    places = places_of(problem)
    seconds = np.array([[chance.randint(0, 60) * MINUTE if a != b else 0 for a in places] for b in places], dtype=np.int64)
    return problem, Roads(places, seconds, seconds)


def _technician(chance: Random, number: int) -> Technician:
    opens, earliest = chance.randint(6, 12) * HOUR, chance.randint(10, 13) * HOUR
    lunch = Lunch(earliest, earliest + chance.randint(0, 2) * HOUR, chance.choice([0, 30, 60]))
    return Technician(number, shop(number), (opens, opens + chance.randint(4, 12) * HOUR), chance.choice([None, lunch, lunch]))


def _job(chance: Random, number: int) -> Job:
    spans = [(opens, opens + chance.randint(0, 4) * HOUR) for opens in (chance.randint(7, 16) * HOUR for _ in range(3))]
    pins = chance.choice([(None, None), (None, None), (0, None), (0, chance.randint(8, 15) * HOUR), (None, 12 * HOUR)])
    setup = chance.choice([0, 15])
    windows = tuple(spans[: chance.randint(0, 3)])
    return Job(number, shop(chance.randint(0, 4)), chance.randint(0, 90), setup, windows, pinned_to=pins[0], pinned_start=pins[1])


def with_prices(tables: Tables, chance: Random) -> Tables:
    """Promises and shifts that may be overrun at a price; the second person is slower."""
    slower = np.concatenate([tables.work, tables.work + chance.randint(0, 40) * MINUTE])
    return tables._replace(
        late=np.array([chance.choice([0, 0, 1800, 7200]) for _ in range(tables.jobs)], dtype=np.int64),
        late_price=np.array([chance.randint(1, 3) for _ in range(tables.jobs)], dtype=np.int64),
        over=np.array([chance.choice([0, 3600]), 14400], dtype=np.int64),
        over_price=np.array([2, 1], dtype=np.int64),
        work=slower,
        pace=np.arange(2),
    )


@settings(deadline=None, max_examples=100)
@given(SEEDS)
def test_the_compiled_walk_is_the_plain_one(seed):
    chance = Random(seed)
    for _ in range(DAYS_OF_ONE_SEED):
        tables = with_prices(tables_of(*problem_by_chance(chance)), chance)
        stops = chance.sample(range(tables.jobs), chance.randint(0, tables.jobs))
        for who in range(2):
            found = walked(tables, who, np.array(stops, dtype=np.int64))
            assert found == (cheapest_day(tables, who, stops) or (NEVER, NEVER))


@settings(deadline=None, max_examples=100)
@given(SEEDS)
def test_the_timetable_that_people_see_agrees(seed):
    problem, roads = problem_by_chance(Random(seed))
    tables, day = tables_of(problem, roads), days_of(problem, roads)[0]
    if day.lunch is None:
        tables.lunch[0] = NEVER, -1, -1
    jobs = sorted(problem.jobs, key=lambda job: job.pinned_start or 12 * HOUR)
    home, _ = walked(tables, 0, np.array([job.id for job in jobs], dtype=np.int64))
    assert (home < NEVER) == (passable(day, jobs) is not None)


@settings(deadline=None, max_examples=100)
@given(SEEDS)
def test_a_place_is_offered_exactly_where_the_walk_passes(seed):
    """The labels of a route, forward and backward, against walking all of it."""
    chance = Random(seed)
    tables = with_prices(tables_of(*problem_by_chance(chance)), chance)
    job, home = chance.randrange(tables.jobs), tables.jobs
    tables.pinned[job] = -1
    routes, others = empty_routes(tables), chance.sample(range(tables.jobs), chance.randint(0, tables.jobs - 1))
    others = [other for other in others if other != job][: routes.stops.shape[1]]
    routes.stops[0, : len(others)], routes.many[0] = others, len(others)
    refresh_all(tables, routes)
    for k in range(len(others) + 1):
        before, after = [home, *others][k], [*others, home][k]
        longer = np.array([*others[:k], job, *others[k:]], dtype=np.int64)
        assert fits(tables, routes, 0, k, before, job, after) == (walked(tables, 0, longer)[0] < NEVER)
