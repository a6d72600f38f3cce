"""Good routes combined anew: the best choice against brute force."""

from __future__ import annotations

from itertools import chain, combinations
from random import Random

import numpy as np
import pytest

from dispatch.routing.search.pool import Column, columns, empty_pool, make_room
from dispatch.routing.search.recombine import best_choice

JOBS, PEOPLE = 5, 3


def by_chance(seed: int) -> tuple[list[Column], list[float]]:
    chance = Random(seed)
    stops = (tuple(chance.sample(range(JOBS), chance.randint(1, 3))) for _ in range(9))
    return [Column(chance.randrange(PEOPLE), (*one, 99), chance.randint(5, 40)) for one in stops], [
        chance.randint(5, 50) for _ in range(JOBS)
    ]


def price(choices: list[Column], numbers: list[int] | tuple[int, ...], left_over: list[float]) -> float | None:
    """What a choice costs with the jobs that it leaves over; None if somebody or a job is in it twice."""
    jobs = [stop for number in numbers for stop in choices[number].stops if stop < JOBS]
    people = [choices[number].who for number in numbers]
    if len(set(jobs)) < len(jobs) or len(set(people)) < len(people):
        return None
    return sum(choices[number].cost for number in numbers) + sum(left_over[job] for job in range(JOBS) if job not in jobs)


@pytest.mark.parametrize("nodes", [None, 100])
def test_no_other_choice_costs_less(nodes, capfd):
    for seed in range(12):
        choices, left_over = by_chance(seed)
        subsets = chain.from_iterable(combinations(range(len(choices)), many) for many in range(PEOPLE + 1))
        least = min(cost for one in subsets if (cost := price(choices, one, left_over)) is not None)
        found = best_choice(choices, PEOPLE, left_over, 10, known=[0], nodes=nodes)
        assert found is not None and price(choices, found, left_over) == pytest.approx(least)
    assert capfd.readouterr().out == ""


def test_nothing_to_choose_from():
    assert best_choice([], PEOPLE, [1.0], 10) == [] == best_choice([], 0, [], 10)


def test_a_full_pool_forgets_what_was_of_least_merit():
    pool = empty_pool(JOBS, PEOPLE, 4)
    room = pool.many.size
    pool.filled[0] = room
    pool.merit[:] = np.arange(room)[::-1]
    pool.mark[:] = np.arange(room) * 7919
    make_room(pool)
    kept = columns(pool, room)
    assert len(kept) == room // 2 and {one.merit for one in kept} == set(range(room // 2))
    assert all(pool.mark[pool.slots[slot]] >= 0 for slot in range(pool.slots.size) if pool.slots[slot] >= 0)
