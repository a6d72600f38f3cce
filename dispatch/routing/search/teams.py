"""Visits of two people: two stops that begin at the same moment, in two routes.

The moment is agreed on when both find a place: the earliest at which both can be there. From then on it is the only window of
both halves, so that each route is timed by itself again, until both halves are taken away.
"""

from __future__ import annotations

from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.drawing import in_bag, is_full
from dispatch.routing.search.pricing import rise
from dispatch.routing.search.routes import Routes, put_in, refresh
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.timing import NEVER, hungry_until, leaves_from, reached, road, work_at

EXTRA, WHO, WHERE, FROM, UNTIL, FROM_FED, UNTIL_FED = range(7)
"""Columns of a place: what it costs, whose it is, before which stop, and when the work may begin there, hungry or fed. The last
of the places is what was dealt: with FROM as the moment to begin."""
MOST_PLACES = 48
"""How many places of each half are compared in the search, the cheapest."""


@compiled
def agree(a: Tables, job: int, start: int) -> None:
    """The half begins then."""
    for k in range(a.first[job], a.first[job + 1]):
        a.opens[k] = a.closes[k] = start


@compiled
def forget(a: Tables, job: int) -> None:
    """The half may begin whenever it may."""
    for k in range(a.first[job], a.first[job + 1]):
        a.opens[k], a.closes[k] = a.asked[0, k], a.asked[1, k]


@entry
def agree_all(a: Tables, r: Routes, begins: Ints) -> None:
    """Every half that somebody has begins when `begins` says, in all routes."""
    for job in range(a.near.shape[0]):
        if a.half[job] != job and r.whose[job] >= 0:
            agree(a, job, begins[job])
    for who in range(r.many.size):
        refresh(a, r, who)


@entry
def could_begin(a: Tables, r: Routes, job: int) -> bool:
    """Whether two people have room for both halves as things are; who, and when, is in the last of the `places`."""
    return deal(a, r, job, r.places.shape[1] - 1)


@compiled
def deal(a: Tables, r: Routes, job: int, most: int) -> bool:
    """The two places that cost least together, among so many of each half. False: no two people can be there at once."""
    other, best = a.half[job], NEVER
    mine, theirs = _places(a, r, job, 0, most), _places(a, r, other, 1, most)
    for i in range(mine if theirs else 0):
        if r.places[0, i, EXTRA] + r.places[1, 0, EXTRA] >= best:
            break
        for k in range(theirs):
            cost = r.places[0, i, EXTRA] + r.places[1, k, EXTRA]
            if cost >= best:
                break
            start = _common_start(a, r, job, i, other, k)
            if start < NEVER:
                cost += _rise(a, r, job, i, other, k, start)
                if cost < best:
                    best = cost
                    _note(r, i, k, start)
    return best < NEVER


@compiled
def _note(r: Routes, i: int, k: int, start: int) -> None:
    last = r.places.shape[1] - 1
    for column in range(FROM):
        r.places[0, last, column], r.places[1, last, column] = r.places[0, i, column], r.places[1, k, column]
    r.places[0, last, FROM] = r.places[1, last, FROM] = start


@compiled
def strike(a: Tables, r: Routes, job: int) -> None:
    """Puts both halves where the deal says."""
    for k, half in enumerate((job, a.half[job])):
        who = dealt_to(r, k)
        agree(a, half, r.places[k, r.places.shape[1] - 1, FROM])
        put_in(r, who, r.places[k, r.places.shape[1] - 1, WHERE], half)
        refresh(a, r, who)


@compiled
def dealt_to(r: Routes, k: int) -> int:
    """Whom one of the halves goes to."""
    return r.places[k, r.places.shape[1] - 1, WHO]


@compiled
def _places(a: Tables, r: Routes, job: int, row: int, most: int) -> int:
    """Writes the cheapest places of a half, the cheapest first. Returns how many."""
    many, most = 0, min(most, r.places.shape[1] - 1)
    for i in range(a.folk_first[job], a.folk_first[job + 1]):
        who = a.folk[i]
        if is_full(a, r, who) or not in_bag(a.parts, r.left, who, job):
            continue
        for k in range(r.many[who] + 1):
            before = r.stops[who, k - 1] if k > 0 else a.priority.size + who
            after = r.stops[who, k] if k < r.many[who] else a.priority.size + who
            longer = road(a, before, job) + road(a, job, after) - r.legs[who, k]
            extra = longer + a.dear[who, job]
            if r.road[who] + longer > a.far[who] or (many == most and extra >= r.places[row, many - 1, EXTRA]):
                continue
            at = min(many, most - 1)
            _write(a, r, row, at, who, k, before, job, after)
            if _common_start_of(a, r, job, row, at, job, row, at) < NEVER:
                r.places[row, at, EXTRA] = extra
                _sort_in(r, row, at)
                many = at + 1
            elif many == most:
                many = most - 1  # the last one was written over
    return many


@compiled
def _write(a: Tables, r: Routes, row: int, at: int, who: int, k: int, before: int, job: int, after: int) -> None:
    """Writes when the work may begin before stop k so that the rest is possible."""
    earliest, latest, pause = a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    there, onward, work = road(a, before, job), road(a, job, after), work_at(a, who, before, job)
    same = int(after < a.priority.size and a.place[job] == a.place[after])
    by_hungry, by_fed = r.by_hungry[who, k, same] - onward, r.by_fed[who, k, same]
    hungry, fed = reached(r.hungry[who, k], r.fed[who, k], there, leaves_from(a, job), earliest, latest, pause)
    by_hungry = max(by_hungry, hungry_until(by_fed, onward, earliest, latest, pause)) if latest >= 0 else by_hungry
    r.places[row, at, WHO], r.places[row, at, WHERE] = who, k
    r.places[row, at, FROM], r.places[row, at, UNTIL] = hungry, by_hungry - work
    r.places[row, at, FROM_FED], r.places[row, at, UNTIL_FED] = fed, by_fed - onward - work


@compiled
def _sort_in(r: Routes, row: int, at: int) -> None:
    while at > 0 and r.places[row, at - 1, EXTRA] > r.places[row, at, EXTRA]:
        for column in range(7):
            r.places[row, at - 1, column], r.places[row, at, column] = (
                r.places[row, at, column],
                r.places[row, at - 1, column],
            )
        at -= 1


@compiled
def _common_start(a: Tables, r: Routes, job: int, i: int, other: int, k: int) -> int:
    """When both can begin, at the earliest; NEVER for one person in two places."""
    if r.places[0, i, WHO] == r.places[1, k, WHO]:
        return NEVER
    return _common_start_of(a, r, job, 0, i, other, 1, k)


@compiled
def _common_start_of(a: Tables, r: Routes, job: int, row: int, i: int, other: int, row2: int, k: int) -> int:
    found = NEVER
    for one in (FROM, FROM_FED):
        for two in (FROM, FROM_FED):
            soonest = max(r.places[row, i, one], r.places[row2, k, two])
            latest = min(r.places[row, i, one + 1], r.places[row2, k, two + 1])
            for v in range(a.first[job], a.first[job + 1] if soonest <= latest else 0):
                for w in range(a.first[other], a.first[other + 1]):
                    start = max(soonest, a.asked[0, v], a.asked[0, w])
                    if start <= min(latest, a.asked[1, v], a.asked[1, w]):
                        found = min(found, start)
    return found


@compiled
def _rise(a: Tables, r: Routes, job: int, i: int, other: int, k: int, start: int) -> int:
    """By how much what depends on hours rises with both halves; by nothing where no hour has a price."""
    if not a.priced:
        return 0
    agree(a, job, start)
    agree(a, other, start)
    more = rise(a, r, r.places[0, i, WHO], r.places[0, i, WHERE], job)
    more += rise(a, r, r.places[1, k, WHO], r.places[1, k, WHERE], other)
    forget(a, job)
    forget(a, other)
    return more
