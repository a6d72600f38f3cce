"""Giving the requests out again: in turn by chance, the cheapest first, or first who would lose most by waiting (regret)."""

from __future__ import annotations

from dispatch.routing.search.chance import below, share
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.rows import touch
from dispatch.routing.search.tables import Ints
from dispatch.routing.stores.insertion import cheapest
from dispatch.routing.stores.routes import Routes, put_in, refresh
from dispatch.routing.stores.ruin import TODO, Desk
from dispatch.routing.stores.tables import NEVER, Tables

BLINK = 0.02
"""How often somebody is overlooked."""
IN_TURN, CHEAPEST = 0.9, 0.02
"""How often each way is taken; else by regret of the second or the third best."""


@entry
def recreate(a: Tables, r: Routes, d: Desk, blink: float) -> None:
    """Everything that can be given out; what is left stays on the desk."""
    way = share(d.rng)
    ranks = 0 if way < IN_TURN else 1 if way < IN_TURN + CHEAPEST else 2 + below(d.rng, 2)
    if ranks == 0:
        _shuffle(d)
    for i in range(d.counts[TODO]):
        _price(a, r, d, i, blink)
        _rank(d.more, d.best, d.regret, i, ranks)
    while True:
        i = _next(d, ranks)
        if i < 0:
            break
        _give(a, r, d, i, ranks)


@compiled
def _shuffle(d: Desk) -> None:
    for i in range(d.counts[TODO] - 1, 0, -1):
        k = below(d.rng, i + 1)
        d.todo[i], d.todo[k] = d.todo[k], d.todo[i]


@compiled
def _price(a: Tables, r: Routes, d: Desk, i: int, blink: float) -> None:
    job = d.todo[i]
    for who in range(r.many.size):
        if not a.able[who, job] or share(d.rng) < blink:
            d.more[i, who] = NEVER
        elif d.is_touched[who]:
            d.more[i, who], d.where[i, who] = cheapest(a, r, who, job)
        else:
            if d.known_of[job, who] != d.edition[who]:
                d.known[job, who], d.known_at[job, who] = cheapest(a, r, who, job)
                d.known_of[job, who] = d.edition[who]
            d.more[i, who], d.where[i, who] = d.known[job, who], d.known_at[job, who]


@compiled
def _rank(all_more: Ints, best: Ints, regret: Ints, i: int, ranks: int) -> None:
    """Who is cheapest, and how much more the next ones cost."""
    first, second, third = NEVER, NEVER, NEVER
    for who in range(all_more.shape[1]):
        more = all_more[i, who]
        if more < third:
            if more < first:
                first, second, third = more, first, second
                best[i] = who
            elif more < second:
                second, third = more, second
            else:
                third = more
    if first >= NEVER:
        regret[i] = -NEVER
    elif ranks < 2:
        regret[i] = -first
    else:
        regret[i] = min(second, NEVER // 4) - first + (min(third, NEVER // 4) - first if ranks > 2 else 0)


@compiled
def _next(d: Desk, ranks: int) -> int:
    """Which of those on the desk is to be given out; -1 if none can be."""
    best, found = -NEVER, -1
    for i in range(d.counts[TODO]):
        if d.regret[i] > best:
            best, found = d.regret[i], i
            if ranks == 0:
                break
    return found


@compiled
def _give(a: Tables, r: Routes, d: Desk, i: int, ranks: int) -> None:
    job, who = d.todo[i], d.best[i]
    put_in(r, who, d.where[i, who], job)
    r.whose[job] = who
    touch(d.counts, d.touched, d.is_touched, who)
    refresh(a, r, who)
    last = d.counts[TODO] - 1
    d.counts[TODO] = last
    if i < last:
        d.todo[i], d.best[i], d.regret[i] = d.todo[last], d.best[last], d.regret[last]
        for one in range(r.many.size):
            d.more[i, one], d.where[i, one] = d.more[last, one], d.where[last, one]
    for k in range(last):
        blinked = d.more[k, who] >= NEVER
        if not blinked:
            d.more[k, who], d.where[k, who] = cheapest(a, r, who, d.todo[k])
            _rank(d.more, d.best, d.regret, k, ranks)
