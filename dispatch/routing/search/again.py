"""A search that begins with a plan people know, and does not heat it so much that nobody would know it again."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from dispatch.routing.search.anneal import anneal, kept
from dispatch.routing.search.chance import dice
from dispatch.routing.search.effort import Effort, turns
from dispatch.routing.search.routes import Routes, empty_routes, refresh_all
from dispatch.routing.search.ruin import LOST, OUT, Desk, desk
from dispatch.routing.search.run import COLD, HOT, PRIZE, Found, own, told
from dispatch.routing.search.tables import Tables

WARM = 1000.0
"""Seconds on the road: how much worse the plan may become in the beginning."""


def searched_again(tables: Tables, begin: Sequence[Sequence[int]], effort: Effort) -> Found:
    """The best plan found from these stops of each technician on, what is settled among them."""
    began = time.perf_counter()
    tables = own(tables)
    routes, paper = empty_routes(tables), desk(tables, dice(effort.seed))
    _begin(tables, routes, paper, begin)
    now, best = kept(tables, routes, paper), kept(tables, routes, paper)
    first_s, done = time.perf_counter() - began, 0
    if tables.jobs and tables.people:
        for hot, cold, rounds in turns(effort, began, HOT, COLD):
            anneal(tables, routes, paper, now, best, PRIZE, rounds, _warm(hot), _warm(cold))
            done += rounds
    return told(tables, best, done, first_s, interrupted=False)


def _warm(heat: float) -> float:
    return max(COLD, heat * WARM / HOT)


def _begin(a: Tables, r: Routes, d: Desk, begin: Sequence[Sequence[int]]) -> None:
    """Everybody has these stops; on the desk is what nobody has, and visits of two people, which are agreed on anew."""
    alone = [[stop for stop in stops if a.half[stop] == stop] for stops in begin]
    for who, stops in enumerate(alone):
        r.stops[who, : len(stops)], r.many[who] = stops, len(stops)
        r.whose[list(stops)] = who
    refresh_all(a, r)
    has = r.whose >= 0
    has[len(a.near) :] = True  # a stop at a store waits for nobody
    d.out[:] = np.argsort(has, kind="stable")
    d.at_out[:] = np.argsort(d.out)
    d.counts[OUT], d.counts[LOST], d.fresh[:] = np.count_nonzero(~has), a.priority[~has].sum(), 0
