"""Everybody's tour with what is known of each piece of it, so that putting something in is judged in a few steps. Exact.

A piece of a tour is three numbers (after Vidal and others): how long it takes at least, the earliest and the latest moment to
begin it so that it takes no longer. Two pieces in a row are a piece again (`joined`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.compiled import compiled, entry, inlined
from dispatch.routing.search.rows import close_gap, make_room
from dispatch.routing.search.tables import Ints
from dispatch.routing.stores.tables import NEVER, Tables

NO_STORE = -1


class Routes(NamedTuple):
    """`stops[who, :many[who]]`, the store among them at place `at[who]` (or NO_STORE).

    `fore[who, k]`: the piece from home to before k; `back[who, k]`: from stop k home. `left`: the bag after what comes before
    the store. `whose[job]`: who has it, or -1. `cost[who]`: how long the tour takes; NEVER: it cannot be.
    """

    stops: Ints
    many: Ints
    at: Ints
    fore: Ints
    back: Ints
    left: Ints
    cost: Ints
    whose: Ints


def empty_routes(a: Tables) -> Routes:
    """Nobody has anything to do yet."""
    people, most = a.people, a.jobs + 2
    routes = Routes(
        stops=np.zeros((people, most), dtype=np.int64),
        many=np.zeros(people, dtype=np.int64),
        at=np.full(people, NO_STORE, dtype=np.int64),
        fore=np.zeros((people, most + 1, 3), dtype=np.int64),
        back=np.zeros((people, most + 1, 3), dtype=np.int64),
        left=a.bag.copy(),
        cost=np.zeros(people, dtype=np.int64),
        whose=np.full(a.jobs, -1, dtype=np.int64),
    )
    refresh_all(a, routes)
    return routes


@entry
def refresh_all(a: Tables, r: Routes) -> None:
    """Learns all tours anew."""
    for who in range(r.many.size):
        refresh(a, r, who)


@compiled
def joined(long: int, early: int, late: int, drive: int, long2: int, early2: int, late2: int) -> tuple[int, int, int]:
    """Two pieces in a row with the way between them; (NEVER, 0, 0) if the second can no longer begin in time."""
    moved = long + drive
    if early + moved > late2:
        return NEVER, 0, 0
    wait = max(0, early2 - moved - late)
    return moved + long2 + wait, max(early2 - moved, early) - wait, min(late2 - moved, late)


@compiled
def lasts(long: int, early: int, late: int, drive: int, long2: int, early2: int, late2: int) -> int:
    """The same, its length alone."""
    moved = long + drive
    return moved + long2 + max(0, early2 - moved - late) if early + moved <= late2 else NEVER


@compiled
def refresh(a: Tables, r: Routes, who: int) -> None:
    """Learns a tour anew after its stops have changed; the store goes where it costs least, or out where nobody needs it."""
    if r.at[who] >= 0:
        take_out(r, who, r.at[who])
        r.at[who] = NO_STORE
    _learn(a, r, who)
    alone = _alone(a, r, who)
    if alone == r.many[who]:
        return
    place = _best_for_store(a, r, who, alone)
    if place < 0:
        r.cost[who] = NEVER
        return
    put_in(r, who, place, a.drive.shape[0] - 1)
    r.at[who] = place
    _learn(a, r, who)
    _bag(a, r, who, place)


@inlined
def _learn(a: Tables, r: Routes, who: int) -> None:
    count, home = r.many[who], a.parts.shape[0] + who
    long, early, late = 0, a.opens[home], a.closes[home]
    before = home
    r.fore[who, 0, 0], r.fore[who, 0, 1], r.fore[who, 0, 2] = long, early, late
    for k in range(count):
        stop = r.stops[who, k]
        if long < NEVER:
            long, early, late = joined(long, early, late, a.drive[before, stop], a.service[stop], a.opens[stop], a.closes[stop])
        r.fore[who, k + 1, 0], r.fore[who, k + 1, 1], r.fore[who, k + 1, 2] = long, early, late
        before = stop
    r.cost[who] = NEVER
    if long < NEVER:
        r.cost[who] = lasts(long, early, late, a.drive[before, home], 0, a.opens[home], a.closes[home])
    _learn_back(a, r, who)


@inlined
def _learn_back(a: Tables, r: Routes, who: int) -> None:
    count, home = r.many[who], a.parts.shape[0] + who
    long, early, late = 0, a.opens[home], a.closes[home]
    after = home
    r.back[who, count, 0], r.back[who, count, 1], r.back[who, count, 2] = long, early, late
    for k in range(count - 1, -1, -1):
        stop = r.stops[who, k]
        if long < NEVER:
            long, early, late = joined(a.service[stop], a.opens[stop], a.closes[stop], a.drive[stop, after], long, early, late)
        r.back[who, k, 0], r.back[who, k, 1], r.back[who, k, 2] = long, early, late
        after = stop


@inlined
def _alone(a: Tables, r: Routes, who: int) -> int:
    """How many of the first stops the bag alone is enough for; what they leave in it."""
    for kind in range(a.bag.shape[1]):
        r.left[who, kind] = a.bag[who, kind]
    for k in range(r.many[who]):
        job = r.stops[who, k]
        if not a.has_tools[who, job]:
            return k
        for kind in range(a.bag.shape[1]):
            r.left[who, kind] -= a.parts[job, kind]
            if r.left[who, kind] < 0:
                return k
    return r.many[who]


@inlined
def _bag(a: Tables, r: Routes, who: int, until: int) -> None:
    for kind in range(a.bag.shape[1]):
        r.left[who, kind] = a.bag[who, kind]
    for k in range(until):
        for kind in range(a.bag.shape[1]):
            r.left[who, kind] -= a.parts[r.stops[who, k], kind]


@inlined
def _best_for_store(a: Tables, r: Routes, who: int, latest: int) -> int:
    """Before which of the stops up to `latest` the store costs least; -1 if it fits nowhere."""
    best, place, home, store = NEVER, -1, a.parts.shape[0] + who, a.drive.shape[0] - 1
    before = home
    for k in range(latest + 1):
        after = r.stops[who, k] if k < r.many[who] else home
        long = through(a, r, who, k, store, before, k, after)
        if long < best:
            best, place = long, k
        before = after
    return place


@inlined
def through(a: Tables, r: Routes, who: int, k: int, stop: int, before: int, k2: int, after: int) -> int:
    """How long the tour would take that goes on from before stop k over `stop` to stop k2."""
    if r.fore[who, k, 0] >= NEVER or r.back[who, k2, 0] >= NEVER:
        return NEVER
    long, early, late = joined(
        r.fore[who, k, 0],
        r.fore[who, k, 1],
        r.fore[who, k, 2],
        a.drive[before, stop],
        a.service[stop],
        a.opens[stop],
        a.closes[stop],
    )
    if long >= NEVER:
        return NEVER
    return lasts(long, early, late, a.drive[stop, after], r.back[who, k2, 0], r.back[who, k2, 1], r.back[who, k2, 2])


@compiled
def take_out(r: Routes, who: int, k: int) -> None:
    """Takes stop k out of a tour, to be refreshed afterwards."""
    close_gap(r.stops, r.many, who, k)
    if r.at[who] > k:
        r.at[who] -= 1


@compiled
def put_in(r: Routes, who: int, k: int, stop: int) -> None:
    """Puts a stop before stop k, to be refreshed afterwards."""
    make_room(r.stops, r.many, who, k, stop)
    if r.at[who] >= k:
        r.at[who] += 1
