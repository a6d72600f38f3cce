"""Giving the jobs out again, one after the other, each where it costs the least way."""

from __future__ import annotations

import numpy as np

from dispatch.routing.search.chance import Dice, below, share
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.drawing import in_bag, is_full
from dispatch.routing.search.errands import STORE, fetched, join
from dispatch.routing.search.pricing import rise
from dispatch.routing.search.routes import Routes, passes, refresh
from dispatch.routing.search.rows import TOUCHED, touch
from dispatch.routing.search.ruin import SEED, TODO, TURN, Desk, is_in
from dispatch.routing.search.tables import Ints, Tables, is_settled
from dispatch.routing.search.teams import MOST_PLACES, deal, dealt_to, strike
from dispatch.routing.search.timing import NEVER, leaves_from, road, road_to

BLINK = 0.01
"""How often a good place is overlooked."""
ORDERS = 10
REACH = 150
"""How many of the nearest jobs are looked at for a route to join."""


@compiled
def recreate(a: Tables, r: Routes, d: Desk) -> None:
    """What was taken away may go to anybody; who waited before, only to routes that have changed: the others had no room."""
    _choose(a, r, d)
    for k in range(d.counts[TODO]):
        _give(a, r, d, d.todo[k])


def construct(a: Tables, r: Routes, d: Desk) -> None:
    """A first plan: everything to whoever has the least way, the most urgent first, of equals what the fewest can do."""
    order = np.lexsort((np.diff(a.folk_first), -a.priority)).astype(np.int64)
    _give_all(a, r, d, np.array([job for job in order if job < len(a.near) and not is_settled(a, job)], dtype=np.int64))


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
    return float(-a.work[0, job]) / a.priority[job] if share(rng) < 0.5 else float(a.folk_first[job + 1] - a.folk_first[job])


@compiled
def _give(a: Tables, r: Routes, d: Desk, job: int) -> None:
    if a.half[job] != job:
        _give_two(a, r, d, job)
        return
    whose, where = _best_place(a, r, d, job)
    d.fresh[job] = 0
    if whose >= 0:
        touch(d.counts, d.touched, d.is_touched, whose)
        join(a, r, whose, where, job)
        refresh(a, r, whose)
        is_in(a, d, job)


@compiled
def _give_two(a: Tables, r: Routes, d: Desk, job: int) -> None:
    """A visit of two people goes to both or nobody."""
    other = a.half[job]
    d.fresh[job] = d.fresh[other] = 0
    if r.whose[job] < 0 and deal(a, r, job, MOST_PLACES):
        for k in range(2):
            touch(d.counts, d.touched, d.is_touched, dealt_to(r, k))
        strike(a, r, job)
        is_in(a, d, job)
        is_in(a, d, other)


@compiled
def _best_place(a: Tables, r: Routes, d: Desk, job: int) -> tuple[int, int]:
    """(who, position) of the least way; (-1, 0) if there is none. The routes of near jobs, and whoever is free."""
    best, whose, where = NEVER, -1, 0
    place, leave, first, end, late = a.place[job], leaves_from(a, job), a.first[job], a.first[job + 1], a.late[job]
    d.counts[TURN] += 1
    only = _held_by(a, r, job)
    reach = min(REACH, a.near.shape[1] - 1) if d.fresh[job] else 0
    others = a.folk_first[job + 1] - a.folk_first[job] if d.fresh[job] else d.counts[TOUCHED]
    for step in range(reach + others):
        who = (
            r.whose[a.near[job, step + 1]]
            if step < reach
            else (a.folk[a.folk_first[job] + step - reach] if d.fresh[job] else d.touched[step - reach])
        )
        if (
            who < 0
            or d.seen[who] == d.counts[TURN]
            or not a.able[who, job]
            or (only >= 0 and who != only)
            or (step >= reach and d.fresh[job] and r.many[who] and who != only)
            or is_full(a, r, who)
        ):
            continue
        d.seen[who] = d.counts[TURN]
        if not in_bag(a.parts, r.left, who, job):
            extra, k = fetched(a, r, who, job, best) if a.errands else (NEVER, 0)
            best, whose, where = (extra, who, k) if extra < best else (best, whose, where)
            continue
        earliest, latest, pause = a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
        base, dear = a.work[a.pace[who], job], a.dear[who, job]
        limit = min(best, a.far[who] - r.road[who] + dear + 1)
        before = a.priority.size + who
        for k in range(r.many[who] + 1):
            after = r.stops[who, k] if k < r.many[who] else a.priority.size + who
            there, onward = road_to(a, job, before), road(a, job, after)
            extra = there + onward - r.legs[who, k] + dear
            if extra < limit and share(d.rng) >= BLINK:
                work = base if k > 0 and a.place[before] == place else base + a.setup[job]
                same = int(k < r.many[who] and a.place[after] == place)
                hungry, fed, by, by_fed = r.hungry[who, k], r.fed[who, k], r.by_hungry[who, k, same], r.by_fed[who, k, same]
                if passes(
                    hungry,
                    fed,
                    by,
                    by_fed,
                    there,
                    onward,
                    leave,
                    work,
                    earliest,
                    latest,
                    pause,
                    a.opens,
                    a.closes,
                    first,
                    end,
                    late,
                ):
                    extra += rise(a, r, who, k, job)
                    if extra < best:
                        best, whose, where, limit = extra, who, k, min(extra, limit)
                        r.errand[STORE] = -1
            before = after
    return whose, where


@compiled
def _held_by(a: Tables, r: Routes, job: int) -> int:
    """Who has one of the jobs that go to the same person; -1 if nobody does."""
    mate = a.mate[job]
    while mate != job and r.whose[mate] < 0:
        mate = a.mate[mate]
    return r.whose[mate] if mate != job else -1
