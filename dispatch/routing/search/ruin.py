"""Taking a part of the plan away: strings of stops near each other (after Christiaens and Vanden Berghe, "SISR", 2020)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.chance import Dice, below, share
from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.errands import drop_store, fetch
from dispatch.routing.search.routes import Routes, holds, refresh, take_out
from dispatch.routing.search.rows import TOUCHED, touch
from dispatch.routing.search.tables import Flags, Ints, Tables, is_settled
from dispatch.routing.search.teams import forget

LONGEST_STRING = 10
MEAN_REMOVED = 10
SPLIT, WIDEN = 0.5, 0.5
"""How often a string keeps some stops in its middle, and how often those become one more."""
FOR_SOMEBODY = 0.5
"""How often room is made for a job that nobody has."""


class Desk(NamedTuple):
    """Paper to write on. `touched[:counts[TOUCHED]]`: the people whose routes changed (`is_touched`).

    `out[:counts[OUT]]`: the jobs that nobody has, `at_out` their places there; `fresh`: taken away just now; `todo`, `key`: jobs
    to give out and their order; `seen[who]`: the last turn in which his route was tried.
    """

    rng: Dice
    counts: Ints
    touched: Ints
    is_touched: Flags
    out: Ints
    at_out: Ints
    fresh: Flags
    todo: Ints
    seen: Ints
    key: np.ndarray[tuple[int], np.dtype[np.float64]]


OUT, TODO, LOST, SEED, TURN = 1, 2, 3, 4, 5
"""Places in `counts` behind TOUCHED; LOST is the priority of all jobs that nobody has."""


def desk(a: Tables, rng: Dice) -> Desk:
    """With every job on it that is not settled, since nobody has any."""
    standing = np.array([job >= len(a.near) or is_settled(a, job) for job in range(a.jobs)], dtype=np.bool_)
    out = np.argsort(standing, kind="stable")
    return Desk(
        rng=rng,
        counts=np.array([0, a.jobs - standing.sum(), 0, a.priority[~standing].sum(), 0, 0], dtype=np.int64),
        touched=np.zeros(a.people, dtype=np.int64),
        is_touched=np.zeros(a.people, dtype=np.uint8),
        out=out,
        at_out=np.argsort(out),
        fresh=(~standing).astype(np.uint8),
        seen=np.full(a.people, -1, dtype=np.int64),
        todo=np.zeros(a.jobs, dtype=np.int64),
        key=np.zeros(a.jobs, dtype=np.float64),
    )


@compiled
def is_out(a: Tables, d: Desk, job: int) -> None:
    """Writes a job among those that nobody has."""
    d.at_out[job] = d.counts[OUT]
    d.out[d.counts[OUT]] = job
    d.counts[OUT] += 1
    d.counts[LOST] += a.priority[job]


@compiled
def is_in(a: Tables, d: Desk, job: int) -> None:
    """Strikes it out again."""
    d.counts[OUT] -= 1
    last = d.out[d.counts[OUT]]
    d.out[d.at_out[job]] = last
    d.at_out[last] = d.at_out[job]
    d.counts[LOST] -= a.priority[job]


@compiled
def ruin(a: Tables, r: Routes, d: Desk) -> bool:
    """Takes a few strings near some job out. False: what is left cannot be driven."""
    jobs = a.near.shape[0]
    wanted, d.counts[TODO] = -1, 0
    seed = below(d.rng, jobs)
    if d.counts[OUT] > 0 and share(d.rng) < FOR_SOMEBODY:
        wanted = seed = d.out[below(d.rng, d.counts[OUT])]
    d.counts[SEED] = seed
    length = max(1, min(LONGEST_STRING, (jobs - d.counts[OUT]) // max(1, _working(r))))
    strings = 1 + int(share(d.rng) * (4.0 * MEAN_REMOVED / (1 + length) - 1))
    for job in a.near[seed]:
        who = r.whose[job]
        if who < 0 or d.is_touched[who] or (wanted >= 0 and not a.able[who, wanted]):
            continue
        _cut(a, r, d, who, job, length)
        if d.counts[TOUCHED] >= strings:
            break
    if a.teams:
        _part_halves(a, r, d)
    whole = True
    for k in range(d.counts[TOUCHED]):
        if a.errands:
            whole = fetch(a, r, d.touched[k]) and whole
        else:
            refresh(a, r, d.touched[k])
        whole = whole and holds(a, r, d.touched[k])
    return whole


@compiled
def _part_halves(a: Tables, r: Routes, d: Desk) -> None:
    """Nobody stays behind with half a visit."""
    k = 0
    while k < d.counts[TODO]:
        job, other = d.todo[k], a.half[d.todo[k]]
        who = r.whose[other] if other != job else -1
        if other != job:
            forget(a, job)
        if who >= 0:
            touch(d.counts, d.touched, d.is_touched, who)
            at = 0
            while r.stops[who, at] != other:
                at += 1
            _away(a, r, d, who, at)
        k += 1


@compiled
def _working(r: Routes) -> int:
    people = 0
    for who in range(r.many.size):
        people += min(1, r.many[who])
    return people


@compiled
def _cut(a: Tables, r: Routes, d: Desk, who: int, job: int, length: int) -> None:
    """One string of a route with `job` in it, now and then with some in the middle left; settled ones stay."""
    touch(d.counts, d.touched, d.is_touched, who)
    if a.errands:
        drop_store(a, r, who)
    count = r.many[who]
    most = min(count, length)
    long = 1 + below(d.rng, most)
    keep = _left_standing(d, long, count)
    span = long + keep
    at = 0
    while r.stops[who, at] != job:
        at += 1
    low, high = max(0, at - span + 1), min(at, count - span)
    at = low + below(d.rng, high - low + 1)
    gap = 1 + below(d.rng, long - 1) if keep > 0 else span
    for k in range(span):
        if gap <= k < gap + keep or a.pinned[r.stops[who, at]] >= 0:
            at += 1
        else:
            _away(a, r, d, who, at)
    for k in range(r.many[who] - 1, -1, -1):
        job = r.stops[who, k]
        if a.mate[job] != job and r.whose[a.mate[job]] < 0 and a.pinned[job] < 0:
            _away(a, r, d, who, k)


@compiled
def _left_standing(d: Desk, long: int, count: int) -> int:
    if long < 2 or long >= count or share(d.rng) >= SPLIT:
        return 0
    keep = 1
    while long + keep < count and share(d.rng) < WIDEN:
        keep += 1
    return keep


@compiled
def _away(a: Tables, r: Routes, d: Desk, who: int, k: int) -> None:
    job = take_out(r, who, k)
    is_out(a, d, job)
    d.fresh[job] = 1
    d.todo[d.counts[TODO]] = job
    d.counts[TODO] += 1
