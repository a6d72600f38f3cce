"""Ruin and recreate, again and again: what is better is kept, and what is worse, the less often the colder it is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dispatch.routing.search.chance import share
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.pool import Pool, remember
from dispatch.routing.search.rows import TOUCHED, is_less
from dispatch.routing.search.tables import Ints
from dispatch.routing.stores.recreate import BLINK, recreate
from dispatch.routing.stores.routes import Routes, refresh
from dispatch.routing.stores.ruin import EDITIONS, TODO, Desk, ruin
from dispatch.routing.stores.tables import Tables

LEFT_NOW, TIME_NOW = 0, 1


class Kept(NamedTuple):
    """Tours laid aside: their stops, where the store is, how long each takes, and `sums`: requests left over, time of all."""

    stops: Ints
    many: Ints
    at: Ints
    cost: Ints
    sums: Ints


def kept(r: Routes, d: Desk) -> Kept:
    """A copy of the tours as they are."""
    sums = np.array([d.counts[TODO], r.cost.sum()], dtype=np.int64)
    return Kept(r.stops.copy(), r.many.copy(), r.at.copy(), r.cost.copy(), sums)


@entry
def anneal(
    a: Tables, r: Routes, d: Desk, now: Kept, best: Kept, pool: Pool, prize: float, rounds: int, hot: float, cold: float
) -> None:
    """Rounds from hot to cold. `prize`: time that a request is worth while searching."""
    for k in range(rounds):
        heat = hot * (cold / hot) ** (k / rounds)
        d.counts[TOUCHED] = 0
        good = ruin(a, r, d)
        if good:
            recreate(a, r, d, BLINK)
        _decide(a, r, d, now, pool, prize, heat, good)
        for i in range(d.counts[TOUCHED]):
            d.is_touched[d.touched[i]] = 0
        if is_less(now.sums, best.sums):
            _lay_aside(now, best)


@compiled
def _decide(a: Tables, r: Routes, d: Desk, now: Kept, pool: Pool, prize: float, heat: float, good: bool) -> None:
    time = now.sums[TIME_NOW]
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        time += r.cost[who] - now.cost[who]
    worse = prize * (d.counts[TODO] - now.sums[LEFT_NOW]) + time - now.sums[TIME_NOW]
    if not good or worse >= -heat * math.log(share(d.rng) + 1e-300):
        _back(a, r, d, now)
        return
    now.sums[LEFT_NOW], now.sums[TIME_NOW] = d.counts[TODO], time
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        d.counts[EDITIONS] += 1
        d.edition[who] = d.counts[EDITIONS]
        _copy(r, now, who)
        remember(pool, who, r.stops[who], r.many[who], r.cost[who], time + int(prize) * d.counts[TODO])


@compiled
def _copy(r: Routes, now: Kept, who: int) -> None:
    now.many[who], now.at[who], now.cost[who] = r.many[who], r.at[who], r.cost[who]
    for k in range(r.many[who]):
        now.stops[who, k] = r.stops[who, k]


@compiled
def _back(a: Tables, r: Routes, d: Desk, now: Kept) -> None:
    """Everything as it was."""
    jobs = a.parts.shape[0]
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        for k in range(r.many[who]):
            if r.stops[who, k] < jobs:
                r.whose[r.stops[who, k]] = -1
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        r.many[who], r.at[who] = now.many[who], now.at[who]
        for k in range(now.many[who]):
            r.stops[who, k] = now.stops[who, k]
            if r.stops[who, k] < jobs:
                r.whose[r.stops[who, k]] = who
        refresh(a, r, who)
    _left_over(r, d)


@compiled
def _left_over(r: Routes, d: Desk) -> None:
    """Whom nobody has is on the desk again: few or none."""
    d.counts[TODO] = 0
    for job in range(r.whose.size):
        if r.whose[job] < 0:
            d.todo[d.counts[TODO]] = job
            d.counts[TODO] += 1


@compiled
def _lay_aside(now: Kept, best: Kept) -> None:
    best.sums[LEFT_NOW], best.sums[TIME_NOW] = now.sums[LEFT_NOW], now.sums[TIME_NOW]
    for who in range(now.many.size):
        best.many[who], best.at[who], best.cost[who] = now.many[who], now.at[who], now.cost[who]
        for k in range(now.many[who]):
            best.stops[who, k] = now.stops[who, k]
