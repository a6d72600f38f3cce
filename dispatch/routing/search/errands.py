"""A job that needs more than the bag holds: behind the stop at a store, or with a new one, wherever both cost least. Exact."""

from __future__ import annotations

from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.drawing import AT as TRIP_AT
from dispatch.routing.search.drawing import first_with_more, lasts_until, store_has
from dispatch.routing.search.pricing import rise, rise_of_two
from dispatch.routing.search.routes import Routes, fits_from, fits_there, put_in, refresh, take_out
from dispatch.routing.search.tables import Tables
from dispatch.routing.search.timing import NEVER, finished, is_forgiven, leaves_from, reached, road, stood_on, work_at

STORE, AT, LAST = 0, 1, 2
"""Places in `Routes.errand`: the row of the store (or -1), before which stop it goes in the route without another store, and
whether it goes behind the job if both go before the same stop."""


@compiled
def fetched(a: Tables, r: Routes, who: int, job: int, most: int) -> tuple[int, int]:
    """(what it costs more, before which stop), for less than `most`; NEVER if it cannot be. Writes `errand` where it can."""
    if r.trip[who, TRIP_AT] >= 0:
        extra, where = _as_it_stands(a, r, who, job, most)
        if extra < NEVER:
            r.errand[STORE] = -1
            return extra, where
    if r.many[who] + 2 - min(1, r.trip[who, TRIP_AT] + 1) > r.stops.shape[1]:
        return NEVER, 0
    at, cost = r.trip[who, TRIP_AT], r.road[who] + r.price[who]
    if at < 0:
        return _with_store(a, r, who, job, most)
    store = take_out(r, who, at)
    refresh(a, r, who)
    saved = cost - r.road[who] - r.price[who]
    extra, where = _with_store(a, r, who, job, most + saved)
    put_in(r, who, at, store)
    refresh(a, r, who)
    return (extra - saved if extra < NEVER else NEVER), where


@compiled
def _as_it_stands(a: Tables, r: Routes, who: int, job: int, most: int) -> tuple[int, int]:
    best, where, first = min(most, a.far[who] - r.road[who] + a.dear[who, job] + 1), 0, first_with_more(a, r, who, job)
    found = NEVER
    for k in range(first, r.many[who] + 1):
        before = r.stops[who, k - 1] if k > 0 else a.priority.size + who
        after = r.stops[who, k] if k < r.many[who] else a.priority.size + who
        extra = road(a, before, job) + road(a, job, after) - r.legs[who, k] + a.dear[who, job]
        if extra < best and fits_there(a, r, who, k, before, job, after):
            extra += rise(a, r, who, k, job)
            if extra < min(best, most):
                found = best = extra
                where = k
    return found, where


@compiled
def _with_store(a: Tables, r: Routes, who: int, job: int, most: int) -> tuple[int, int]:
    """All places for a store with all places for the job, in a route without one."""
    found, where, stores, dear = NEVER, 0, a.near.shape[0], a.dear[who, job]
    for store in range(a.errands):
        if not store_has(a, r, who, job, store):
            continue
        for last in range(2):
            one, other = (job, stores + store) if last else (stores + store, job)
            latest = lasts_until(a, r, who, job if last else -1)
            extra, k, i = two(a, r, who, one, other, latest, latest if last else r.many[who], min(most, found) - dear)
            if extra < NEVER:
                found, where = extra + dear, k if last else i
                r.errand[STORE], r.errand[AT], r.errand[LAST] = stores + store, i if last else k, last
    return found, where


@compiled
def two(
    a: Tables, r: Routes, who: int, one: int, other: int, until_one: int, until_other: int, most: int
) -> tuple[int, int, int]:
    """(what it costs more, stop k, stop i): `one` before stop k, `other` behind it before stop i; the first up to that stop."""
    home, count = a.priority.size + who, r.many[who]
    best, found, at_one, at_other = min(most, a.far[who] - r.road[who] + 1), NEVER, 0, 0
    for k in range(min(count, until_one) + 1):
        before = r.stops[who, k - 1] if k > 0 else home
        hungry, fed = gone_on(a, who, before, one, r.hungry[who, k], r.fed[who, k])
        longer, last = road(a, before, one), one
        for i in range(k, min(count, until_other) + 1):
            if hungry >= NEVER and fed >= NEVER:
                break
            after = r.stops[who, i] if i < count else home
            extra = longer + road(a, last, other) + road(a, other, after) - r.legs[who, i]
            if extra < best and fits_from(a, r, who, i, last, other, after, hungry, fed):
                extra += rise_of_two(a, r, who, k, one, i, other)
                if extra < min(best, most):
                    found = best = extra
                    at_one, at_other = k, i
            if i < count:
                hungry, fed = gone_on(a, who, last, after, hungry, fed)
                longer += road(a, last, after) - r.legs[who, i]
                last = after
    return found, at_one, at_other


@compiled
def gone_on(a: Tables, who: int, before: int, job: int, hungry: int, fed: int) -> tuple[int, int]:
    """Earliest moments of being done with the next stop."""
    earliest, latest, pause = a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    was_hungry, was_fed, work = hungry, fed, work_at(a, who, before, job)
    hungry, fed = reached(hungry, fed, road(a, before, job), leaves_from(a, job), earliest, latest, pause)
    hungry = finished(hungry, work, a.opens, a.closes, a.first[job], a.first[job + 1], a.late[job])
    fed = finished(fed, work, a.opens, a.closes, a.first[job], a.first[job + 1], a.late[job])
    if a.pinned[job] >= 0 and is_forgiven(a, before, job):
        hungry = stood_on(a.pinned[job] + work, was_hungry, hungry)
        fed = stood_on(a.pinned[job] + work, was_fed, fed)
    return hungry, fed


@compiled
def join(a: Tables, r: Routes, who: int, k: int, job: int) -> None:
    """Puts a job before stop k, and the stop at a store where `errand` says, instead of another."""
    store, at, last = r.errand[STORE], r.errand[AT], r.errand[LAST]
    if store < 0:
        put_in(r, who, k, job)
        return
    drop_store(a, r, who)
    if last:
        put_in(r, who, at, store)
        put_in(r, who, k, job)
    else:
        put_in(r, who, k, job)
        put_in(r, who, at, store)


@compiled
def drop_store(a: Tables, r: Routes, who: int) -> None:
    """Takes the stop at a store out, to be refreshed afterwards."""
    for k in range(r.many[who] - 1, -1, -1):
        if r.stops[who, k] >= a.near.shape[0]:
            take_out(r, who, k)


@compiled
def fetch(a: Tables, r: Routes, who: int) -> bool:
    """Learns a route anew, with a stop at a store where it costs least if one is needed. False: it fits nowhere."""
    drop_store(a, r, who)
    refresh(a, r, who)
    latest, best, where, found = lasts_until(a, r, who, -1), NEVER, -1, -1
    if latest == r.many[who]:
        return True
    for store in range(a.errands):
        row = a.near.shape[0] + store
        for k in range(latest + 1 if store_has(a, r, who, -1, store) else 0):
            before = r.stops[who, k - 1] if k > 0 else a.priority.size + who
            extra = road(a, before, row) + road(a, row, r.stops[who, k]) - r.legs[who, k]
            if extra < best and fits_there(a, r, who, k, before, row, r.stops[who, k]):
                extra += rise(a, r, who, k, row)
                if extra < best:
                    best, where, found = extra, k, row
    if found < 0:
        return False
    put_in(r, who, where, found)
    refresh(a, r, who)
    return True
