"""Taking a part of the tours away: strings of stops near each other, requests alike, some by chance, or all that somebody has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.chance import Dice, below, share
from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.rows import TOUCHED, touch
from dispatch.routing.search.tables import Flags, Ints
from dispatch.routing.stores.routes import Routes, refresh, take_out
from dispatch.routing.stores.tables import NEVER, Tables

LONGEST_STRING = 10
MEAN_REMOVED = 14
SPLIT = 0.5
STRINGS, ALIKE, WHOLE, CHANCE = 0.6, 0.2, 0.1, 0.1
"""How often each way of taking away is taken."""
MOST_ALIKE = 20
CLOSE = 4.0
"""How much those most alike are preferred."""
MOST_WHOLE, SPARED = 14, 0.3
"""A longer tour is not taken away as a whole, and how often one is left that could be."""


class Desk(NamedTuple):
    """Paper to write on. `todo[:counts[TODO]]`: requests that nobody has. `touched[:counts[TOUCHED]]`: whose tours changed.

    `more[i, who]`, `where[i, who]`: what todo[i] would cost there and before which stop it would go. `known`, `known_at`: this
    by request for tours that stand, good while `known_of[job, who]` is the tour's `edition[who]`. `best[i]`, `regret[i]`: who is
    cheapest for todo[i], and how much more the next ones cost.
    """

    rng: Dice
    counts: Ints
    touched: Ints
    is_touched: Flags
    todo: Ints
    more: Ints
    where: Ints
    known: Ints
    known_at: Ints
    known_of: Ints
    edition: Ints
    best: Ints
    regret: Ints


TODO, EDITIONS = 1, 2
"""Places in `counts`."""


def desk(a: Tables, rng: Dice) -> Desk:
    """With every request on it, since nobody has any."""
    table = (a.jobs, a.people)
    return Desk(
        rng=rng,
        counts=np.array([0, a.jobs, a.people], dtype=np.int64),
        touched=np.zeros(a.people, dtype=np.int64),
        is_touched=np.zeros(a.people, dtype=np.uint8),
        todo=np.arange(a.jobs, dtype=np.int64),
        more=np.zeros(table, dtype=np.int64),
        where=np.zeros(table, dtype=np.int64),
        known=np.zeros(table, dtype=np.int64),
        known_at=np.zeros(table, dtype=np.int64),
        known_of=np.full(table, -1, dtype=np.int64),
        edition=np.arange(a.people, dtype=np.int64),
        best=np.zeros(a.jobs, dtype=np.int64),
        regret=np.zeros(a.jobs, dtype=np.int64),
    )


@compiled
def ruin(a: Tables, r: Routes, d: Desk) -> bool:
    """Takes some requests out. False: what is left cannot be walked."""
    way = share(d.rng)
    seed = below(d.rng, a.parts.shape[0])
    if way < STRINGS:
        _strings(a, r, d, seed)
    elif way < STRINGS + ALIKE:
        _alike(a, r, d, seed)
    elif way < STRINGS + ALIKE + WHOLE:
        _whole(a, r, d, seed)
    else:
        for _ in range(1 + below(d.rng, 2 * MEAN_REMOVED - 1)):
            _away(r, d, below(d.rng, a.parts.shape[0]))
    good = True
    for k in range(d.counts[TOUCHED]):
        refresh(a, r, d.touched[k])
        good = good and r.cost[d.touched[k]] < NEVER
    return good


@compiled
def _away(r: Routes, d: Desk, job: int) -> None:
    who = r.whose[job]
    if who < 0:
        return
    touch(d.counts, d.touched, d.is_touched, who)
    k = 0
    while r.stops[who, k] != job:
        k += 1
    take_out(r, who, k)
    r.whose[job] = -1
    d.todo[d.counts[TODO]] = job
    d.counts[TODO] += 1


@compiled
def _alike(a: Tables, r: Routes, d: Desk, seed: int) -> None:
    _away(r, d, seed)
    for _ in range(below(d.rng, 2 * MEAN_REMOVED - 1)):
        rank = int(share(d.rng) ** CLOSE * a.parts.shape[0])
        _away(r, d, a.like[seed, rank])


@compiled
def _whole(a: Tables, r: Routes, d: Desk, seed: int) -> None:
    """All that somebody has, and all of somebody near."""
    taken = 0
    for job in a.near[seed]:
        who = r.whose[job]
        if who < 0 or r.many[who] > MOST_WHOLE or share(d.rng) < SPARED:
            continue
        taken += r.many[who]
        if taken > 2 * MOST_WHOLE:
            break
        _empty(a, r, d, who)
        if taken > MEAN_REMOVED / 2:
            break


@compiled
def _empty(a: Tables, r: Routes, d: Desk, who: int) -> None:
    for k in range(r.many[who] - 1, -1, -1):
        if r.stops[who, k] < a.parts.shape[0]:
            _away(r, d, r.stops[who, k])


@compiled
def _strings(a: Tables, r: Routes, d: Desk, seed: int) -> None:
    """After Christiaens and Vanden Berghe, "SISR", 2020."""
    length = max(1, min(LONGEST_STRING, (a.parts.shape[0] - d.counts[TODO]) // max(1, _working(r))))
    strings = 1 + int(share(d.rng) * (4.0 * MEAN_REMOVED / (1 + length) - 1))
    for job in a.near[seed]:
        who = r.whose[job]
        if who < 0 or d.is_touched[who]:
            continue
        _cut(a, r, d, who, job, length)
        if d.counts[TOUCHED] >= strings:
            break


@compiled
def _working(r: Routes) -> int:
    people = 0
    for who in range(r.many.size):
        people += min(1, r.many[who])
    return people


@compiled
def _cut(a: Tables, r: Routes, d: Desk, who: int, job: int, length: int) -> None:
    """One string of a tour with `job` in it, now and then with some stops in the middle left where they are."""
    touch(d.counts, d.touched, d.is_touched, who)
    count = r.many[who]
    long = 1 + below(d.rng, min(count, length))
    keep = below(d.rng, count - long + 1) if long > 1 and share(d.rng) < SPLIT else 0
    span = long + keep
    at = 0
    while r.stops[who, at] != job:
        at += 1
    low, high = max(0, at - span + 1), min(at, count - span)
    begin = low + below(d.rng, high - low + 1)
    gap = 1 + below(d.rng, long - 1) if keep > 0 else span
    for k in range(begin + span - 1, begin - 1, -1):
        stays = begin + gap <= k < begin + gap + keep
        if not stays and r.stops[who, k] < a.parts.shape[0]:
            _away(r, d, r.stops[who, k])
