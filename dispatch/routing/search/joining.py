"""Where one more job joins everybody's routes, compiled: its cheapest places, and those where another makes room for it.

Every technician gets a lower bound first (the detour, and how soon he could be there at best); the routes are then driven in the
order of these bounds until no bound is better than what was found. So nothing is missed, and few routes are driven.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.lanes import HOME, Desk, Lanes, best_day, late_by, learn
from dispatch.routing.search.tables import Ints, Roads32
from dispatch.routing.search.timing import NEVER, start_from

PRICE, WHO, AT, OUT = 0, 1, 2, 3
"""Columns of what was found: price, technician, position, and the position of who makes room (-1: nobody)."""
NOBODY = -1


class Extra(NamedTuple):
    """A job to join: its slot, the seconds to it from each place and on from it, who is able; what each second until it is done
    costs, what a part that lacks in the bag costs, and each point of priority that has to make room."""

    slot: int
    there: Roads32
    onward: Roads32
    able: Ints
    wait: int
    lacking: int
    bump: int


@entry
def bounds(a: Lanes, x: Extra, at_least: Ints) -> None:
    """The least that each technician could cost; NEVER for who cannot come."""
    for who in range(a.many.size):
        at_least[who] = NEVER
        if x.able[who]:
            for k in range(a.many[who] + 1):
                at_least[who] = min(at_least[who], _bound(a, x, who, k, k, a.leg[who, k], NOBODY))
            at_least[who] += _lack(a, x, who, NOBODY)


@compiled
def _bound(a: Lanes, x: Extra, who: int, before: int, after: int, instead: int, out: int) -> int:
    """The least for a place behind the first `before` stops and before stop `after`, on the road that took `instead` seconds.

    Behind who makes room it is not known how soon: as soon as he would have been before that. How late one may be is not known
    before him.
    """
    homes, most = a.spans.size, a.skip.shape[1]
    left = homes + who if before == 0 else who * most + before - 1
    right = homes + who if after == a.many[who] else who * most + after
    soonest = a.soonest[who, min(before, out) if out != NOBODY else before]
    until = a.until[who, after] if out == NOBODY or after > out else NEVER
    return _least(a, x, left, right, soonest, until, instead) - a.owed[who]


@compiled
def _least(a: Lanes, x: Extra, left: int, right: int, soonest: int, until: int, instead: int) -> int:
    """The detour, and what waiting and coming late to the job itself cost at least; NEVER for what is out of the question."""
    there, onward, first = _there(a, x, left), _onward(a, x, right), x.slot * a.wide
    arrival = max(soonest, a.not_before) + there
    start = start_from(arrival, a.opens, a.closes, first, first + a.spans[x.slot], a.late[x.slot]) if soonest < NEVER else NEVER
    done = start + a.work[x.slot]
    if start >= NEVER or done + onward > until:
        return NEVER
    late = late_by(a, x.slot, start) * a.late_price[x.slot]
    return there + onward - instead + x.wait * (done - a.not_before) + late


@compiled
def _there(a: Lanes, x: Extra, before: int) -> int:
    return np.int64(x.there[a.place[before]])  # type: ignore[return-value]


@compiled
def _onward(a: Lanes, x: Extra, after: int) -> int:
    return np.int64(x.onward[a.place[after]])  # type: ignore[return-value]


@compiled
def _lack(a: Lanes, x: Extra, who: int, out: int) -> int:
    """The price of going without a part; who makes room leaves his in the bag."""
    for part in range(a.parts.shape[1]):
        has = a.left[who, part] + (a.parts[out, part] if out != NOBODY else 0)
        if a.parts[x.slot, part] > max(0, has):
            return x.lacking
    return 0


@entry
def takers(a: Lanes, x: Extra, order: Ints, at_least: Ints, d: Desk, found: Ints) -> int:
    """The cheapest place of each of the best technicians, written into the rows of `found`; returns how many there are."""
    many = 0
    for who in order:
        limit = found[-1, PRICE] if many == found.shape[0] else NEVER - 1
        if at_least[who] > limit:
            break
        count = _lay(a, who, NOBODY, d)
        lack = _lack(a, x, who, NOBODY)
        price, at = _best_place(a, x, who, d, count, a.owed[who], limit + 1 - lack)
        many = _keep(found, many, price + lack, who, at, NOBODY)
    return many


@entry
def bounds_of_room(a: Lanes, x: Extra, at_least: Ints) -> None:
    """The same where somebody less urgent makes room."""
    for who in range(a.many.size):
        at_least[who] = NEVER
        for out in range(a.many[who] if x.able[who] else 0):
            if _may_make_room(a, x, who, out):
                at_least[who] = min(at_least[who], _bound_of_room(a, x, who, out))


@compiled
def _bound_of_room(a: Lanes, x: Extra, who: int, out: int) -> int:
    slot = who * a.skip.shape[1] + out
    least = _bound(a, x, who, out, out + 1, a.skip[who, out], out)
    for k in range(a.many[who] + 1):
        if k != out and k != out + 1:
            least = min(least, _bound(a, x, who, k, k, a.leg[who, k], out))
    return least + _lack(a, x, who, slot) + x.bump * a.priority[slot]


@compiled
def _may_make_room(a: Lanes, x: Extra, who: int, out: int) -> bool:
    slot = who * a.skip.shape[1] + out
    return a.may_go[slot] == 1 and a.priority[slot] < a.priority[x.slot]


@entry
def room_makers(a: Lanes, x: Extra, order: Ints, at_least: Ints, d: Desk, found: Ints) -> int:
    """The cheapest way of each of the best technicians to let one less urgent make room. What is saved by not going to him is
    left aside: somebody has to go there."""
    many = 0
    for who in order:
        limit = found[-1, PRICE] if many == found.shape[0] else NEVER - 1
        if at_least[who] > limit:
            break
        best, where, whom = limit + 1, 0, NOBODY
        for out in range(a.many[who]):
            if not _may_make_room(a, x, who, out) or _bound_of_room(a, x, who, out) >= best:
                continue
            slot = who * a.skip.shape[1] + out
            fixed = _lack(a, x, who, slot) + x.bump * a.priority[slot]
            price, at = _best_place(a, x, who, d, _lay(a, who, out, d), a.owed[who], best - fixed)
            if price + fixed < best:
                best, where, whom = price + fixed, at, out
        many = _keep(found, many, best if whom != NOBODY else NEVER, who, where, whom)
    return many


@compiled
def _keep(found: Ints, many: int, price: int, who: int, at: int, out: int) -> int:
    """Sorts a row in by price, then by technician; the last falls off a full table. Returns how many there are."""
    if price >= NEVER - 1:
        return many
    k = many if many < found.shape[0] else many - 1
    if many == found.shape[0] and (found[k, PRICE], found[k, WHO]) <= (price, who):
        return many
    while k > 0 and (found[k - 1, PRICE], found[k - 1, WHO]) > (price, who):
        for column in range(4):
            found[k, column] = found[k - 1, column]
        k -= 1
    found[k, PRICE], found[k, WHO], found[k, AT], found[k, OUT] = price, who, at, out
    return min(many + 1, found.shape[0])


@compiled
def _lay(a: Lanes, who: int, out: int, d: Desk) -> int:
    """Lays a route on the desk without the stop `out`; returns how many stops are left."""
    most, many, count = a.skip.shape[1], a.many[who], 0
    for k in range(many + 1):
        if k == out:
            continue
        if k < many:
            d.base[count] = who * most + k
        d.base_legs[count] = a.skip[who, out] if out != NOBODY and k == out + 1 else a.leg[who, k]
        count += 1
    if out == NOBODY:
        for k in range(count):
            d.soon[k], d.until[k] = a.soonest[who, k], a.until[who, k]
    else:
        learn(a, who, d, d.base, d.base_legs, count - 1)
    return count - 1


@compiled
def _best_place(a: Lanes, x: Extra, who: int, d: Desk, count: int, owed: int, limit: int) -> tuple[int, int]:
    """(price, position) of the cheapest place under `limit` among the stops laid out, the first of equals; NEVER without any."""
    best, where, home = limit, -1, a.spans.size + who
    for k in range(count + 1):
        left, right = home if k == 0 else d.base[k - 1], home if k == count else d.base[k]
        if _least(a, x, left, right, d.soon[k], d.until[k], d.base_legs[k]) - owed >= best:
            continue
        put_between(a, x, d, count, k, home)
        price, _home, _gap = best_day(a, who, d, count + 1, x.slot, x.wait)
        extra = _there(a, x, left) + _onward(a, x, right) - d.base_legs[k] - owed
        if price < NEVER and price + extra < best:
            best, where = price + extra, k
    return (best, where) if where >= 0 else (NEVER, where)


@compiled
def put_between(a: Lanes, x: Extra, d: Desk, count: int, at: int, home: int) -> None:
    """The stops laid out, with the job before stop `at`."""
    for k in range(at):
        d.stops[k], d.legs[k] = d.base[k], d.base_legs[k]
    d.stops[at], d.legs[at] = x.slot, _there(a, x, home if at == 0 else d.base[at - 1])
    d.legs[at + 1] = _onward(a, x, home if at == count else d.base[at])
    for k in range(at, count):
        d.stops[k + 1], d.legs[k + 2] = d.base[k], d.base_legs[k + 1]


@entry
def laid_out_with(a: Lanes, x: Extra, who: int, at: int, out: int, d: Desk) -> int:
    """`laid_with` for Python."""
    return laid_with(a, x, who, at, out, d)


@compiled
def laid_with(a: Lanes, x: Extra, who: int, at: int, out: int, d: Desk) -> int:
    """Lays a route with the job (and without `out`) on the desk as it would be driven; returns how many stops it has."""
    count = _lay(a, who, out, d)
    put_between(a, x, d, count, at, a.spans.size + who)
    return count + 1


@entry
def stays_with(a: Lanes, x: Extra, who: int, at: int, out: int, bumped: Extra, d: Desk) -> tuple[int, int]:
    """(price, position) of who made room when he comes at another time of the same technician's day; NEVER if he cannot."""
    count = laid_with(a, x, who, at, out, d)
    owed, _home, _gap = best_day(a, who, d, count, HOME, 0)
    _as_base(d, count)
    learn(a, who, d, d.base, d.base_legs, count)
    return _best_place(a, bumped, who, d, count, owed, NEVER - 1)


@compiled
def _as_base(d: Desk, count: int) -> None:
    for k in range(count + 1):
        d.base_legs[k] = d.legs[k]
        if k < count:
            d.base[k] = d.stops[k]


@entry
def laid_with_both(a: Lanes, x: Extra, who: int, at: int, out: int, bumped: Extra, again: int, d: Desk) -> int:
    """The same with who made room at his new place in it."""
    _as_base(d, laid_with(a, x, who, at, out, d))
    count = a.many[who]
    put_between(a, bumped, d, count, again, a.spans.size + who)
    return count + 1
