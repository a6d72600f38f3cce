"""What it costs to give somebody one more request, and where it goes: exact, with the store where it stands or still to come."""

from __future__ import annotations

from dispatch.routing.search.compiled import compiled, inlined
from dispatch.routing.search.tables import Ints
from dispatch.routing.stores.routes import Routes, joined, lasts, through
from dispatch.routing.stores.tables import ABLE, NEVER, NOT_ABLE, Tables


@inlined
def cheapest(a: Tables, r: Routes, who: int, job: int) -> tuple[int, int]:
    """(time more, before which stop); NEVER if he cannot take it."""
    if a.able[who, job] == NOT_ABLE:
        return NEVER, 0
    alone = a.able[who, job] == ABLE and _in_bag(a, r, who, job)
    if alone or r.at[who] >= 0:
        first, home = 0 if alone else r.at[who] + 1, a.parts.shape[0] + who
        long, k = _as_it_stands(
            a.drive, r.stops, r.fore, r.back, who, r.many[who], home, job, first, a.opens[job], a.closes[job], a.service[job]
        )
    else:
        long, k = _with_store(a, r, who, job)
        if a.able[who, job] == ABLE:
            long, k = _before_store(a, r, who, job, _lasts_until(a, r, who, job), long, k)
    return (long - r.cost[who] if long < NEVER else NEVER), k


@inlined
def _in_bag(a: Tables, r: Routes, who: int, job: int) -> bool:
    enough = True
    for kind in range(a.parts.shape[1]):
        enough = enough and a.parts[job, kind] <= r.left[who, kind]
    return enough


@compiled
def _as_it_stands(
    drive: Ints,
    stops: Ints,
    fore: Ints,
    back: Ints,
    who: int,
    count: int,
    home: int,
    job: int,
    first: int,
    opens: int,
    closes: int,
    service: int,
) -> tuple[int, int]:
    """From stop `first` on. (Few arrays: handing over all tables takes longer than the work.)"""
    best, place = NEVER, 0
    before = stops[who, first - 1] if first > 0 else home
    for k in range(first, count + 1):
        moved = fore[who, k, 0] + drive[job, before]
        early, late = fore[who, k, 1] + moved, fore[who, k, 2]
        if early > closes:
            break  # later in the tour one is there later still
        after = stops[who, k] if k < count else home
        wait, onward = max(0, opens - moved - late), service + drive[job, after]
        early = max(opens, early) + onward
        if early <= back[who, k, 2]:
            late = min(closes - moved, late)
            moved += wait + onward
            long = moved + back[who, k, 0] + max(0, back[who, k, 1] - moved - late)
            if long < best:
                best, place = long, k
        before = after
    return best, place


@compiled
def _with_store(a: Tables, r: Routes, who: int, job: int) -> tuple[int, int]:
    """Nobody needed the store so far: all places for it with all places for the request behind it."""
    best, place, home, store, count = NEVER, 0, a.parts.shape[0] + who, a.drive.shape[0] - 1, r.many[who]
    before = home
    for k in range(count + 1):
        after = r.stops[who, k] if k < count else home
        if through(a, r, who, k, store, before, k, after) < best:
            long, at = _behind(a, r, who, job, k, before, best)
            if long < best:
                best, place = long, at
        before = after
    return best, place


@compiled
def _behind(a: Tables, r: Routes, who: int, job: int, k: int, before: int, best: int) -> tuple[int, int]:
    """The store before stop k, the request anywhere after it."""
    place, home, store, count = 0, a.parts.shape[0] + who, a.drive.shape[0] - 1, r.many[who]
    long, early, late = joined(
        r.fore[who, k, 0],
        r.fore[who, k, 1],
        r.fore[who, k, 2],
        a.drive[before, store],
        a.service[store],
        a.opens[store],
        a.closes[store],
    )
    before = store
    for i in range(k, count + 1):
        after = r.stops[who, i] if i < count else home
        if long >= NEVER or early + long + a.drive[before, job] > a.closes[job]:
            break
        one, soon, until = joined(long, early, late, a.drive[before, job], a.service[job], a.opens[job], a.closes[job])
        whole = lasts(one, soon, until, a.drive[job, after], r.back[who, i, 0], r.back[who, i, 1], r.back[who, i, 2])
        if whole < best:
            best, place = whole, i
        if i < count:
            long, early, late = joined(
                long, early, late, a.drive[before, after], a.service[after], a.opens[after], a.closes[after]
            )
        before = after
    return best, place


@compiled
def _lasts_until(a: Tables, r: Routes, who: int, job: int) -> int:
    """Up to before which stop the bag is enough for the stops and for the request among them."""
    latest = 0
    while latest < r.many[who] and a.has_tools[who, r.stops[who, latest]]:
        latest += 1
    for kind in range(a.bag.shape[1]):
        left = a.bag[who, kind] - a.parts[job, kind]
        for k in range(latest):
            left -= a.parts[r.stops[who, k], kind]
            if left < 0:
                latest = k
                break
    return latest


@compiled
def _before_store(a: Tables, r: Routes, who: int, job: int, latest: int, best: int, place: int) -> tuple[int, int]:
    """The request out of the bag, and the store behind it but before stop `latest` at the latest: others need it then."""
    home, store, count = a.parts.shape[0] + who, a.drive.shape[0] - 1, r.many[who]
    before = home
    for i in range(latest + 1):
        if r.fore[who, i, 0] >= NEVER:
            break
        long, early, late = joined(
            r.fore[who, i, 0],
            r.fore[who, i, 1],
            r.fore[who, i, 2],
            a.drive[before, job],
            a.service[job],
            a.opens[job],
            a.closes[job],
        )
        last = job
        for k in range(i, latest + 1):
            if long >= NEVER:
                break
            after = r.stops[who, k] if k < count else home
            one, soon, until = joined(long, early, late, a.drive[last, store], a.service[store], a.opens[store], a.closes[store])
            if one < NEVER:
                whole = lasts(one, soon, until, a.drive[store, after], r.back[who, k, 0], r.back[who, k, 1], r.back[who, k, 2])
                if whole < best:
                    best, place = whole, i
            if k < count:
                long, early, late = joined(
                    long, early, late, a.drive[last, after], a.service[after], a.opens[after], a.closes[after]
                )
                last = after
        before = r.stops[who, i] if i < count else home
    return best, place
