"""The good routes of a search, to be combined anew (`recombine`): of each person and set of jobs the cheapest order. Bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.tables import Ints

MOST_ROUTES = 30_000
MOST_NUMBERS = 4_000_000
"""Room for the stops of all routes together."""
FREE = -1


class Pool(NamedTuple):
    """Route i: `stops[i, :many[i]]` of `whose[i]` for `cost[i]`; `merit[i]`: the cost of the best plan that it was part of.

    `job_marks`, `people_marks`: a number by chance for each; those of a route together are its `mark[i]`, by which its place in
    the table `slots` is found. `filled[0]`: how many there are. A stop that is no job does not tell two routes apart.
    """

    stops: Ints
    many: Ints
    whose: Ints
    cost: Ints
    merit: Ints
    mark: Ints
    job_marks: Ints
    people_marks: Ints
    slots: Ints
    filled: Ints


@dataclass(frozen=True)
class Column:
    """A route to choose: whose, its jobs in their order (and what else is on the way), what it costs, its merit."""

    who: int
    stops: tuple[int, ...]
    cost: int
    merit: int = 0


def empty_pool(jobs: int, people: int, longest: int) -> Pool:
    """Room for routes of at most so many stops."""
    room = max(64, min(MOST_ROUTES, MOST_NUMBERS // max(1, longest)))
    chance = np.random.Generator(np.random.PCG64(jobs))
    return Pool(
        stops=np.zeros((room, longest), dtype=np.int64),
        many=np.zeros(room, dtype=np.int64),
        whose=np.zeros(room, dtype=np.int64),
        cost=np.zeros(room, dtype=np.int64),
        merit=np.zeros(room, dtype=np.int64),
        mark=np.zeros(room, dtype=np.int64),
        job_marks=chance.integers(1, 1 << 62, jobs, dtype=np.int64),
        people_marks=chance.integers(1, 1 << 62, people, dtype=np.int64),
        slots=np.full(2 * room + 1, FREE, dtype=np.int64),
        filled=np.zeros(1, dtype=np.int64),
    )


@compiled
def remember(pool: Pool, who: int, stops: Ints, many: int, cost: int, merit: int) -> None:
    """Notes a route that was part of a plan; of equal sets of jobs the cheaper order stays. A full pool takes no new ones."""
    mark = _mark(pool, who, stops, many)
    slot = mark % pool.slots.size
    while pool.slots[slot] != FREE and pool.mark[pool.slots[slot]] != mark:
        slot = (slot + 1) % pool.slots.size
    i = pool.slots[slot]
    if i == FREE:
        if many == 0 or pool.filled[0] >= pool.many.size:
            return
        i = pool.filled[0]
        pool.filled[0] += 1
        pool.slots[slot] = i
        pool.mark[i], pool.whose[i], pool.merit[i], pool.cost[i] = mark, who, merit, cost + 1
    pool.merit[i] = min(pool.merit[i], merit)
    if cost < pool.cost[i]:
        pool.cost[i], pool.many[i] = cost, many
        for k in range(many):
            pool.stops[i, k] = stops[k]


@compiled
def _mark(pool: Pool, who: int, stops: Ints, many: int) -> int:
    mark = pool.people_marks[who]
    for k in range(many):
        if stops[k] < pool.job_marks.size:
            mark ^= pool.job_marks[stops[k]]
    return mark


def columns(pool: Pool, most: int) -> list[Column]:
    """The routes of most merit."""
    return [_column(pool, i) for i in _best(pool, most)]


def _best(pool: Pool, most: int) -> list[int]:
    order: list[int] = np.argsort(pool.merit[: pool.filled[0]], kind="stable")[:most].tolist()
    return order


def _column(pool: Pool, i: int) -> Column:
    return Column(int(pool.whose[i]), tuple(pool.stops[i, : pool.many[i]].tolist()), int(pool.cost[i]), int(pool.merit[i]))


def make_room(pool: Pool) -> None:
    """Forgets the half of least merit once the pool is nearly full."""
    if pool.filled[0] < 0.8 * pool.many.size:
        return
    keep = np.sort(np.array(_best(pool, pool.many.size // 2), dtype=np.int64))
    for column in (pool.stops, pool.many, pool.whose, pool.cost, pool.merit, pool.mark):
        column[: keep.size] = column[keep]
    pool.filled[0] = keep.size
    pool.slots[:] = FREE
    for i, mark in enumerate(pool.mark[: keep.size].tolist()):
        slot = mark % pool.slots.size
        while pool.slots[slot] != FREE:
            slot = (slot + 1) % pool.slots.size
        pool.slots[slot] = i
