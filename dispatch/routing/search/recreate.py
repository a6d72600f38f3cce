"""Giving the jobs out again, one after the other, each where it costs the least way."""

from __future__ import annotations

import numpy as np

from dispatch.routing.search.chance import Dice, below, share
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.routes import Routes, fits, put_in, refresh
from dispatch.routing.search.ruin import SEED, TODO, Desk, is_in, touch
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.timing import NEVER, road

BLINK = 0.01
"""How often a good place is overlooked."""
ORDERS = 10


@compiled
def recreate(a: Tables, r: Routes, d: Desk) -> None:
    """What was taken away may go to anybody; who waited before, only to routes that have changed: the others had no room."""
    _choose(a, r, d)
    for k in range(d.counts[TODO]):
        _give(a, r, d, d.todo[k])


def construct(a: Tables, r: Routes, d: Desk) -> None:
    """A first plan: everything to whoever has the least way, the most urgent first, of equals what the fewest can do."""
    _give_all(a, r, d, np.lexsort((a.scarce, -a.priority)).astype(np.int64))


@entry
def _give_all(a: Tables, r: Routes, d: Desk, order: Ints) -> None:
    for job in order:
        _give(a, r, d, job)


@compiled
def _choose(a: Tables, r: Routes, d: Desk) -> None:
    """What was taken away and what waited near it, in one of several orders."""
    many, way = d.counts[TODO], below(d.rng, ORDERS)
    for job in a.near[d.counts[SEED]]:
        if r.whose[job] < 0 and not d.fresh[job]:
            d.todo[many] = job
            many += 1
    d.counts[TODO] = many
    for k in range(many):
        d.key[k] = _rank(a, d.rng, way, k, d.todo[k])
    for i in range(1, many):  # by insertion: they are few
        key, job, k = d.key[i], d.todo[i], i
        while k > 0 and d.key[k - 1] > key:
            d.key[k], d.todo[k] = d.key[k - 1], d.todo[k - 1]
            k -= 1
        d.key[k], d.todo[k] = key, job


@compiled
def _rank(a: Tables, rng: Dice, way: int, near: int, job: int) -> float:
    """Small comes first: by chance, the urgent, the long, the near, the far, whom few can do."""
    if way < 3:
        return share(rng)
    if way < 6:
        return share(rng) - a.priority[job]
    if way == 6:
        return float(-a.work[0, job])
    if way == 7:
        return float(near)
    if way == 8:
        return float(-near)
    return float(-a.work[0, job]) / a.priority[job] if share(rng) < 0.5 else float(a.scarce[job])


@compiled
def _give(a: Tables, r: Routes, d: Desk, job: int) -> None:
    best, whose, where = NEVER, -1, 0
    for who in range(a.pace.size):
        if not a.able[who, job] or not (d.fresh[job] or d.is_touched[who]) or not _in_bag(a.parts, r.left, who, job):
            continue
        extra, k = _place(a, r, d.rng, who, job, best)
        if extra < best:
            best, whose, where = extra, who, k
    d.fresh[job] = 0
    if whose >= 0:
        touch(d, whose)
        put_in(r, whose, where, job)
        refresh(a, r, whose)
        is_in(a, d, job)


@compiled
def _in_bag(parts: Ints, left: Ints, who: int, job: int) -> bool:
    enough = True
    for k in range(parts.shape[1]):
        enough = enough and parts[job, k] <= left[who, k]
    return enough


@compiled
def _place(a: Tables, r: Routes, rng: Dice, who: int, job: int, limit: int) -> tuple[int, int]:
    """(extra seconds, position) of the cheapest place under a limit."""
    home = a.priority.size + who
    before, count, where = home, r.many[who], -1
    if count >= r.stops.shape[1]:
        return NEVER, -1
    for k in range(count + 1):
        after = r.stops[who, k] if k < count else home
        extra = road(a, before, job) + road(a, job, after) - road(a, before, after)
        if extra < limit and share(rng) >= BLINK and fits(a, r, who, k, before, job, after):
            limit, where = extra, k
        before = after
    return (limit, where) if where >= 0 else (NEVER, -1)
