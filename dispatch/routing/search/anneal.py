"""Ruin and recreate, again and again: what is better is kept, and what is worse, the less often the colder it is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from dispatch.routing.search.chance import share
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.recreate import recreate
from dispatch.routing.search.routes import Routes, refresh
from dispatch.routing.search.rows import TOUCHED, is_less
from dispatch.routing.search.ruin import LOST, Desk, is_in, is_out, ruin
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.teams import agree, forget

LOST_NOW, COST_NOW = 0, 1


class Kept(NamedTuple):
    """A plan laid aside: its stops, what each route costs, and `sums`: priority of what nobody has, and all costs.
    `begins`: when the halves of visits begin.
    """

    stops: Ints
    many: Ints
    cost: Ints
    sums: Ints
    begins: Ints


def kept(a: Tables, r: Routes, d: Desk) -> Kept:
    """A copy of the plan as it is."""
    sums = np.array([d.counts[LOST], r.cost.sum()], dtype=np.int64)
    return Kept(r.stops.copy(), r.many.copy(), r.cost.copy(), sums, np.append(a.opens, 0)[a.first[:-1]])


@entry
def anneal(a: Tables, r: Routes, d: Desk, now: Kept, best: Kept, prize: float, rounds: int, hot: float, cold: float) -> None:
    """Rounds from hot to cold. `prize`: seconds on the road that a point of priority is worth while searching."""
    for k in range(rounds):
        heat = hot * (cold / hot) ** (k / rounds)
        d.counts[TOUCHED] = 0
        if ruin(a, r, d):
            recreate(a, r, d)
            _decide(a, r, d, now, prize, heat)
        else:
            _back(a, r, d, now)
        for i in range(d.counts[TOUCHED]):
            d.is_touched[d.touched[i]] = 0
        if is_less(now.sums, best.sums):
            _lay_aside(now, best)


@compiled
def _decide(a: Tables, r: Routes, d: Desk, now: Kept, prize: float, heat: float) -> None:
    cost = now.sums[COST_NOW]
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        cost += r.cost[who] - now.cost[who]
    worse = prize * (d.counts[LOST] - now.sums[LOST_NOW]) + cost - now.sums[COST_NOW]
    if worse >= -heat * math.log(share(d.rng) + 1e-300):
        _back(a, r, d, now)
        return
    now.sums[LOST_NOW], now.sums[COST_NOW] = d.counts[LOST], cost
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        now.many[who], now.cost[who] = r.many[who], r.cost[who]
        for k in range(r.many[who]):
            now.stops[who, k] = r.stops[who, k]
            if a.half[r.stops[who, k]] != r.stops[who, k]:
                now.begins[r.stops[who, k]] = a.opens[a.first[r.stops[who, k]]]


@compiled
def _back(a: Tables, r: Routes, d: Desk, now: Kept) -> None:
    """Everything as it was."""
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        for k in range(r.many[who]):
            r.whose[r.stops[who, k]] = -1
            _out_again(a, d, r.stops[who, k])
    for i in range(d.counts[TOUCHED]):
        who = d.touched[i]
        r.many[who] = now.many[who]
        for k in range(now.many[who]):
            r.stops[who, k] = now.stops[who, k]
            _in_again(a, d, now, now.stops[who, k])
        refresh(a, r, who)


@compiled
def _out_again(a: Tables, d: Desk, stop: int) -> None:
    if stop < a.near.shape[0]:
        is_out(a, d, stop)
        if a.half[stop] != stop:
            forget(a, stop)


@compiled
def _in_again(a: Tables, d: Desk, now: Kept, stop: int) -> None:
    if stop < a.near.shape[0]:
        is_in(a, d, stop)
        if a.half[stop] != stop:
            agree(a, stop, now.begins[stop])


@compiled
def _lay_aside(now: Kept, best: Kept) -> None:
    best.sums[LOST_NOW], best.sums[COST_NOW] = now.sums[LOST_NOW], now.sums[COST_NOW]
    for who in range(now.many.size):
        best.many[who], best.cost[who] = now.many[who], now.cost[who]
        for k in range(now.many[who]):
            best.stops[who, k] = now.stops[who, k]
            best.begins[now.stops[who, k]] = now.begins[now.stops[who, k]]
