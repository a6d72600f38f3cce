"""Everybody's route as numbers, laid out for one question: what if one more job joined it?

A stop is known by its slot: number of the technician times the most stops a route may have, and its place in the route. The last
slot is for the job that is asked about. No table of all roads is needed: each route keeps its own legs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.tables import Ints
from dispatch.routing.search.timing import NEVER, NO_WAY, arrival_until, ate_and_there, start_from, stood_until

HOME = -1
"""Stands for home where a slot could stand."""
NO_LUNCH = -1


class Lanes(NamedTuple):
    """By technician: `many` stops; `lunch` (earliest, latest, pause; latest is NO_LUNCH where none is due); `left` in the bag
    after all stops; `leg[who, k]`: seconds on the road to stop k, behind the last one home; `skip[who, k]`: from the stop before
    it to the one after it; `soonest[who, k]`: earliest moment of being done with the first k stops; `owed`: the price of the
    day as it stands.

    By slot: `place` (equal numbers: the same place), `pinned` (the settled start, or -1), `late` (by how many seconds a promise
    may be broken, at `late_price` a second), windows number slot times `wide` on, `spans` of them; `may_go`: whether the stop may
    be bumped.
    """

    many: Ints
    shift: Ints
    over: Ints
    over_price: Ints
    lunch: Ints
    left: Ints
    leg: Ints
    skip: Ints
    soonest: Ints
    until: Ints
    owed: Ints
    place: Ints
    work: Ints
    setup: Ints
    pinned: Ints
    late: Ints
    late_price: Ints
    priority: Ints
    may_go: Ints
    parts: Ints
    spans: Ints
    opens: Ints
    closes: Ints
    wide: int
    not_before: int


class Desk(NamedTuple):
    """Paper to write on: a route with `soon` and `until` as in `Lanes`, and the same with one stop more; arrivals and starts as
    they come to be, and when somebody still hungry sets out on each leg."""

    base: Ints
    base_legs: Ints
    soon: Ints
    until: Ints
    stops: Ints
    legs: Ints
    arrive: Ints
    start: Ints
    ready: Ints


def desk(most: int) -> Desk:
    """Large enough for routes of so many stops and two more."""
    return Desk(*(np.zeros(most + 4, dtype=np.int64) for _ in Desk._fields))


@compiled
def is_settled(a: Lanes, slot: int) -> bool:
    """Home counts: nobody judges the way of somebody else's decision from there or back."""
    return slot == HOME or a.pinned[slot] >= 0


@compiled
def stop_at(a: Lanes, before: int, slot: int, forgiven: bool, arrival: int, drive: int) -> tuple[int, int, int]:
    """(start, done, price) of a stop for an arrival."""
    work = a.work[slot]
    if before == HOME or a.place[before] != a.place[slot]:
        work += a.setup[slot]
    if forgiven:
        return a.pinned[slot], stood_until(a.pinned[slot], work, arrival, drive), 0
    first = slot * a.wide
    start = start_from(arrival, a.opens, a.closes, first, first + a.spans[slot], a.late[slot])
    if start >= NEVER:
        return NEVER, NEVER, 0
    return start, start + work, late_by(a, slot, start) * a.late_price[slot]


@compiled
def late_by(a: Lanes, slot: int, start: int) -> int:
    """Seconds after the promised time; none where nothing was promised."""
    first, late = slot * a.wide, start if a.spans[slot] > 0 else 0
    for k in range(first, first + a.spans[slot]):
        late = min(late, max(0, start - a.closes[k]))
    return late


@compiled
def one_day(a: Lanes, who: int, d: Desk, count: int, gap: int, asked: int, wait: int) -> tuple[int, int]:
    """(price, home) of the stops on the desk, with lunch on the leg `gap` (-1: none). `asked`: the slot for whose end is waited,
    at so much a second."""
    now, before, price = a.shift[who, 0], HOME, 0
    for k in range(count + 1):
        slot = d.stops[k] if k < count else HOME
        leave = 0 if is_settled(a, slot) else a.not_before
        forgiven = is_settled(a, before) and is_settled(a, slot) and (before != HOME or slot != HOME)
        if gap < 0:
            d.ready[k] = now
        if k == gap:
            arrival = ate_and_there(now, leave, d.legs[k], a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2])
            forgiven = forgiven and slot == HOME
        else:
            arrival = max(now, leave) + d.legs[k]
        if slot == HOME:
            if arrival >= NEVER:
                return NEVER, NEVER
            over = 0 if forgiven else max(0, arrival - a.shift[who, 1])
            return (price + over * a.over_price[who], arrival) if over <= a.over[who] else (NEVER, NEVER)
        start, now, more = stop_at(a, before, slot, forgiven, arrival, d.legs[k]) if arrival < NEVER else (NEVER, NEVER, 0)
        if start >= NEVER:
            for i in range(k + 1, count + 1 if gap < 0 else 0):
                d.ready[i] = NEVER
            return NEVER, NEVER
        price += more + (wait * (now - a.not_before) if slot == asked else 0)
        d.arrive[k], d.start[k] = arrival, start
        before = slot
    return NEVER, NEVER


@compiled
def best_day(a: Lanes, who: int, d: Desk, count: int, asked: int, wait: int) -> tuple[int, int, int]:
    """(price, home, leg of lunch or -1) of the cheapest way to eat, the earliest home and the earliest lunch of equals."""
    best, home = one_day(a, who, d, count, -1, asked, wait)
    eaten, earliest, latest = -1, a.lunch[who, 0], a.lunch[who, 1]
    if latest < 0:
        return best, home, eaten
    if home > latest:
        best, home = NEVER, NEVER
    for gap in range(count + 1):
        if d.ready[gap] > latest:
            break
        if gap < count and d.ready[gap + 1] <= earliest and not _both_settled(a, d, count, gap + 1):
            continue  # who can do this stop before it is time for lunch does it
        price, at = one_day(a, who, d, count, gap, asked, wait)
        if price < best or (price == best and at < home):
            best, home, eaten = price, at, gap
    return best, home, eaten


@compiled
def _both_settled(a: Lanes, d: Desk, count: int, leg: int) -> bool:
    return is_settled(a, d.stops[leg - 1]) and (leg == count or is_settled(a, d.stops[leg]))


@compiled
def as_it_stands(a: Lanes, who: int, d: Desk) -> int:
    """Lays a whole route on the desk; returns how many stops it has."""
    most = a.skip.shape[1]
    for k in range(a.many[who]):
        d.stops[k], d.legs[k] = who * most + k, a.leg[who, k]
    d.legs[a.many[who]] = a.leg[who, a.many[who]]
    return a.many[who]


@entry
def as_it_is(a: Lanes, who: int, d: Desk) -> int:
    """`as_it_stands` for Python."""
    return as_it_stands(a, who, d)


@entry
def refresh_lane(a: Lanes, who: int, d: Desk) -> int:
    """Learns a route anew after its stops have changed. Returns the price of the day, NEVER if it cannot be driven."""
    count = as_it_stands(a, who, d)
    price, _home, _gap = best_day(a, who, d, count, HOME, 0)
    a.owed[who] = price
    learn(a, who, d, d.stops, d.legs, count)
    for k in range(count + 1):
        a.soonest[who, k], a.until[who, k] = d.soon[k], d.until[k]
    return price


@compiled
def learn(a: Lanes, who: int, d: Desk, stops: Ints, legs: Ints, count: int) -> None:
    """`soon` and `until` for the positions of a route."""
    _learn_soonest(a, who, d, stops, legs, count)
    _learn_until(a, who, d, stops, legs, count)


@compiled
def _learn_soonest(a: Lanes, who: int, d: Desk, stops: Ints, legs: Ints, count: int) -> None:
    """Whoever is still hungry after the time for lunch has no way on: then only who has eaten counts."""
    before, earliest, latest, pause = HOME, a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    hungry, fed = a.shift[who, 0], NEVER
    d.soon[0] = hungry if latest < 0 or hungry <= latest else fed
    for k in range(count):
        slot, drive = stops[k], legs[k]
        leave = 0 if is_settled(a, slot) else a.not_before
        forgiven = is_settled(a, before) and is_settled(a, slot)
        ate = ate_and_there(hungry, leave, drive, earliest, latest, pause) if latest >= 0 and hungry < NEVER else NEVER
        eaten = stop_at(a, before, slot, False, ate, drive)[1] if ate < NEVER else NEVER
        if fed < NEVER:
            fed = stop_at(a, before, slot, forgiven, max(fed, leave) + drive, drive)[1]
        if hungry < NEVER:
            hungry = stop_at(a, before, slot, forgiven, max(hungry, leave) + drive, drive)[1]
        fed = min(fed, eaten)
        d.soon[k + 1] = hungry if latest < 0 or hungry <= latest else fed
        before = slot


@compiled
def _learn_until(a: Lanes, who: int, d: Desk, stops: Ints, legs: Ints, count: int) -> None:
    """Being later than this is out of the question; being earlier may be, too, for lunch and set-up are left aside."""
    settled = count > 0 and is_settled(a, stops[count - 1])
    until = d.until[count] = a.shift[who, 1] + a.over[who]
    if settled:
        until = NEVER
    for k in range(count - 1, -1, -1):
        slot = stops[k]
        if a.pinned[slot] >= 0:
            until = a.pinned[slot]
        else:
            begun, first = until - legs[k + 1] - a.work[slot], slot * a.wide
            until = arrival_until(begun, a.opens, a.closes, first, first + a.spans[slot], a.late[slot]) if begun >= 0 else NO_WAY
        d.until[k] = until


@entry
def written(a: Lanes, who: int, d: Desk, count: int, asked: int, wait: int) -> int:
    """Writes arrivals and starts of the cheapest day with the stops on the desk; returns when he is home."""
    _price, home, gap = best_day(a, who, d, count, asked, wait)
    one_day(a, who, d, count, gap, asked, wait)
    return home


@entry
def taken_between(a: Lanes, able: Ints, opens: int, closes: int, d: Desk, sums: Ints) -> None:
    """Into `sums`: seconds that those who are able are there between two moments, and how many of them they work or drive."""
    sums[0], sums[1] = 0, 0
    for who in range(a.many.size):
        if not able[who]:
            continue
        first, last = max(opens, a.shift[who, 0], a.not_before), min(closes, a.shift[who, 1])
        sums[0] += max(0, last - first)
        count = as_it_stands(a, who, d)
        _price, _home, gap = best_day(a, who, d, count, HOME, 0)
        one_day(a, who, d, count, gap, HOME, 0)
        for k in range(count):
            begin, end = d.start[k] - d.legs[k], d.start[k] + a.work[d.stops[k]]
            sums[1] += max(0, min(end, last) - max(begin, first))
