"""Everybody's route with what is known of each stop: how early he is ready there, how late he may come. For hard limits, exact.

A limit at a price counts here as far as it may be overrun; the price itself is `timing.walk`'s affair.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.drawing import draw
from dispatch.routing.search.pricing import hours_price
from dispatch.routing.search.rows import close_gap, make_room
from dispatch.routing.search.tables import Ints, Tables, settled_stops
from dispatch.routing.search.timing import (
    NEVER,
    NO_WAY,
    arrival_until,
    finished,
    hungry_until,
    is_forgiven,
    leaves_from,
    reached,
    road,
    stood_on,
    work_at,
)


class Routes(NamedTuple):
    """`hungry[who, k]`, `fed[who, k]`: earliest moment of being done with the first k stops, lunch still to come or taken.

    `by_hungry[who, k, same]`, `by_fed`: latest arrival at stop k (behind the last: home) from which the rest is possible, coming
    from elsewhere (0) or from the same place (1). `left`: the bag after all stops.
    `legs[who, k]`: seconds on the road to stop k. `road[who]`: on the whole way; `price[who]`: of lateness and hours;
    `cost[who]`: of everything. `whose[job]`: who has it, or -1. `paper`, `ways`: to try a route and to walk it.

    `trip[who]`: at which place his stop at a store is, or -1, and at which store; `drawn[who]`: what he fetches there, behind all
    people what the stores still hold. With such a stop `left` is what any job may take wherever it goes. `errand`: where a stop
    at a store goes with the job that was asked about last (`errands`). `places`: paper to look for two at once (`teams`).
    """

    stops: Ints
    many: Ints
    hungry: Ints
    fed: Ints
    by_hungry: Ints
    by_fed: Ints
    left: Ints
    road: Ints
    price: Ints
    cost: Ints
    legs: Ints
    whose: Ints
    paper: Ints
    ways: Ints
    trip: Ints
    drawn: Ints
    errand: Ints
    places: Ints


def empty_routes(a: Tables) -> Routes:
    """Nobody has anything to do yet but what is settled."""
    most, people = most_stops(a), a.people
    routes = Routes(
        stops=np.zeros((people, most), dtype=np.int64),
        many=np.zeros(people, dtype=np.int64),
        hungry=np.zeros((people, most + 1), dtype=np.int64),
        fed=np.zeros((people, most + 1), dtype=np.int64),
        by_hungry=np.zeros((people, most + 1, 2), dtype=np.int64),
        by_fed=np.zeros((people, most + 1, 2), dtype=np.int64),
        left=np.zeros((people, a.parts.shape[1]), dtype=np.int64),
        road=np.zeros(people, dtype=np.int64),
        price=np.zeros(people, dtype=np.int64),
        cost=np.zeros(people, dtype=np.int64),
        legs=np.zeros((people, most + 1), dtype=np.int64),
        whose=np.full(a.jobs, -1, dtype=np.int64),
        paper=np.zeros(most + 1, dtype=np.int64),
        ways=np.zeros((most + 3, 2), dtype=np.int64),
        trip=np.full((people, 2), -1, dtype=np.int64),
        drawn=a.bag * (np.arange(len(a.bag)) >= people)[:, None],
        errand=np.full(3, -1, dtype=np.int64),
        places=np.zeros((2, 1 + (people * (most + 1) if a.teams else 0), 7), dtype=np.int64),
    )
    for who, stops in settled_stops(a).items():
        routes.stops[who, : len(stops)], routes.many[who] = stops, len(stops)
    refresh_all(a, routes)
    return routes


def most_stops(a: Tables) -> int:
    """No route can have more: the shortest works alone would fill the longest shift, and what is settled may overlap."""
    longest = int((a.shift[:, 1] + a.over - a.shift[:, 0]).max(initial=0))
    fitting = int(np.searchsorted(np.cumsum(np.sort(a.work.min(axis=0))), longest, side="right"))
    return fitting + 1 + max(map(len, settled_stops(a).values()), default=0)


@entry
def refresh_all(a: Tables, r: Routes) -> None:
    """Learns all routes anew."""
    for who in range(a.pace.size):
        refresh(a, r, who)


@compiled
def refresh(a: Tables, r: Routes, who: int) -> None:
    """Learns a route anew after its stops have changed."""
    _forward(a, r, who)
    _backward(a, r, who)
    if a.priced:
        r.price[who] = hours_price(a, who, r.stops[who], r.many[who], r.ways)
        r.cost[who] += r.price[who]
    for part in range(a.bag.shape[1]):
        r.left[who, part] = a.bag[who, part]
    for k in range(r.many[who]):
        job = r.stops[who, k]
        r.whose[job] = who
        for part in range(a.tools_from):
            r.left[who, part] -= a.parts[job, part]
    if a.errands:
        draw(a, r, who)


@compiled
def _forward(a: Tables, r: Routes, who: int) -> None:
    before = home = a.priority.size + who
    length, dear = 0, 0
    earliest, latest, pause = a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    hungry, fed = (a.shift[who, 0], NEVER) if a.lunch[who, 1] >= 0 else (NEVER, a.shift[who, 0])
    r.hungry[who, 0], r.fed[who, 0] = hungry, fed
    for k in range(r.many[who]):
        job = r.stops[who, k]
        r.legs[who, k] = road(a, before, job)
        length, dear = length + r.legs[who, k], dear + a.dear[who, job]
        leave, work, first, end, late = (
            leaves_from(a, job),
            work_at(a, who, before, job),
            a.first[job],
            a.first[job + 1],
            a.late[job],
        )
        was_hungry, was_fed = hungry, fed
        hungry, fed = reached(hungry, fed, r.legs[who, k], leave, earliest, latest, pause)
        hungry = finished(hungry, work, a.opens, a.closes, first, end, late)
        fed = finished(fed, work, a.opens, a.closes, first, end, late)
        if a.pinned[job] >= 0 and is_forgiven(a, before, job):
            hungry = stood_on(a.pinned[job] + work, was_hungry, hungry)
            fed = stood_on(a.pinned[job] + work, was_fed, fed)
        r.hungry[who, k + 1], r.fed[who, k + 1] = hungry, fed
        before = job
    r.legs[who, r.many[who]] = road(a, before, home)
    r.road[who] = length + r.legs[who, r.many[who]]
    r.cost[who] = r.road[who] + dear


@compiled
def _backward(a: Tables, r: Routes, who: int) -> None:
    count, closes = r.many[who], a.shift[who, 1] + a.over[who]
    for same in range(2):
        r.by_hungry[who, count, same] = min(closes, a.lunch[who, 1])
        r.by_fed[who, count, same] = closes
    after = a.priority.size + who
    hungry, fed = NO_WAY, NO_WAY
    for k in range(count - 1, -1, -1):
        job = r.stops[who, k]
        stood = _stood_by(a, who, job, after, hungry, fed) if a.pinned[job] >= 0 else (NO_WAY, NO_WAY)
        hungry, fed = _ready_by(a, r, who, k, job, after)
        hungry, fed = max(hungry, stood[0]), max(fed, stood[1])
        for same in range(2):
            work = a.work[a.pace[who], job] + (0 if same == 1 else a.setup[job])
            r.by_hungry[who, k, same] = _arrive_by(a, job, hungry - work)
            r.by_fed[who, k, same] = _arrive_by(a, job, fed - work)
        after = job


@compiled
def _ready_by(a: Tables, r: Routes, who: int, k: int, job: int, after: int) -> tuple[int, int]:
    """How late he may be done with stop k, hungry and fed, so that the rest is possible."""
    same, drive = int(a.place[job] == a.place[after] and after < a.priority.size), road(a, job, after)
    fed = r.by_fed[who, k + 1, same]
    if a.lunch[who, 1] < 0:
        return NO_WAY, fed - drive
    eats = hungry_until(fed, drive, a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2])
    return max(r.by_hungry[who, k + 1, same] - drive, eats), fed - drive


@compiled
def _stood_by(a: Tables, who: int, job: int, after: int, hungry: int, fed: int) -> tuple[int, int]:
    """How late he may be done with a settled stop before another one, or home, since the drive between is not judged.

    `hungry`, `fed`: the same for the next stop.
    """
    if not is_forgiven(a, job, after):
        return NO_WAY, NO_WAY
    if after >= a.priority.size:
        return a.lunch[who, 1], NEVER
    end = a.pinned[after] + work_at(a, who, job, after)
    return hungry if end <= hungry else NO_WAY, fed if end <= fed else NO_WAY


@compiled
def _arrive_by(a: Tables, job: int, start: int) -> int:
    if start < 0:
        return NO_WAY
    return arrival_until(start, a.opens, a.closes, a.first[job], a.first[job + 1], a.late[job])


@entry
def fits(a: Tables, r: Routes, who: int, k: int, before: int, job: int, after: int) -> bool:
    """Whether a job can be done before stop k, and the rest after it."""
    return fits_there(a, r, who, k, before, job, after)


@compiled
def fits_there(a: Tables, r: Routes, who: int, k: int, before: int, job: int, after: int) -> bool:
    """The same, for compiled functions."""
    return fits_from(a, r, who, k, before, job, after, r.hungry[who, k], r.fed[who, k])


@compiled
def fits_from(a: Tables, r: Routes, who: int, k: int, before: int, job: int, after: int, hungry: int, fed: int) -> bool:
    """The same where it is known when he is done with what comes before, hungry or fed."""
    same = int(after < a.priority.size and a.place[job] == a.place[after])
    return passes(
        hungry,
        fed,
        r.by_hungry[who, k, same],
        r.by_fed[who, k, same],
        road(a, before, job),
        road(a, job, after),
        leaves_from(a, job),
        work_at(a, who, before, job),
        a.lunch[who, 0],
        a.lunch[who, 1],
        a.lunch[who, 2],
        a.opens,
        a.closes,
        a.first[job],
        a.first[job + 1],
        a.late[job],
    )


@compiled
def passes(
    hungry: int,
    fed: int,
    by_hungry: int,
    by_fed: int,
    there: int,
    onward: int,
    leave: int,
    work: int,
    earliest: int,
    latest: int,
    pause: int,
    opens: Ints,
    closes: Ints,
    first: int,
    end: int,
    late: int,
) -> bool:
    """The same from the numbers that decide it; `there` and `onward` are the seconds on the road to the job and from it."""
    hungry, fed = reached(hungry, fed, there, leave, earliest, latest, pause)
    hungry = finished(hungry, work, opens, closes, first, end, late)
    fed = finished(fed, work, opens, closes, first, end, late)
    hungry, fed = reached(hungry, fed, onward, 0, earliest, latest, pause)
    return hungry <= by_hungry or fed <= by_fed


@compiled
def holds(a: Tables, r: Routes, who: int) -> bool:
    """Whether the route can be driven: taking a stop out may lengthen a day where the tables know no short cut."""
    count = r.many[who]
    if r.road[who] > a.far[who]:
        return False
    home = a.priority.size + who
    before = r.stops[who, count - 1] if count else home
    drive, earliest, latest, pause = road(a, before, home), a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    hungry, fed = reached(r.hungry[who, count], r.fed[who, count], drive, 0, earliest, latest, pause)
    if count and a.pinned[before] >= 0:
        return hungry <= latest or fed < NEVER
    return count == 0 or hungry <= r.by_hungry[who, count, 0] or fed <= r.by_fed[who, count, 0]


@compiled
def take_out(r: Routes, who: int, k: int) -> int:
    """Takes stop k out of a route, to be refreshed afterwards. Returns the job."""
    job = r.stops[who, k]
    close_gap(r.stops, r.many, who, k)
    r.whose[job] = -1
    return job


@compiled
def put_in(r: Routes, who: int, k: int, job: int) -> None:
    """Puts a job before stop k, to be refreshed afterwards."""
    make_room(r.stops, r.many, who, k, job)
    r.whose[job] = who
