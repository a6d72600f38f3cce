"""When a technician is where: `clockwork`'s rules, compiled, along a whole route. Exact.

Overtime and lateness have their price. Being earlier is never worse, so one walk forward decides. What has to be kept on
the way are two kinds of people: who is still hungry has one earliest moment, who has eaten has several where being earlier at the
end costs more lateness on the way.
"""

from __future__ import annotations

import numpy as np

from dispatch.routing import clockwork
from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.tables import Ints, Tables

NEVER = clockwork.NEVER
NO_WAY = clockwork.NO_WAY

ate_and_there = compiled(clockwork.ate_and_there)
hungry_until = compiled(clockwork.hungry_until)
start_from = compiled(clockwork.start_from)
arrival_until = compiled(clockwork.arrival_until)
stood_until = compiled(clockwork.stood_until)


@compiled
def road(a: Tables, before: int, after: int) -> int:
    """Seconds from one row to another, as the type of number that everything else has."""
    return np.int64(a.drive[before, after])  # type: ignore[return-value]


@compiled
def road_to(a: Tables, job: int, before: int) -> int:
    """The same to a job, read along its own row."""
    return np.int64(a.toward[job, before])  # type: ignore[return-value]


def walked(a: Tables, who: int, stops: Ints) -> tuple[int, int]:
    """(home, price) of the cheapest day with these stops in their order, the earliest of equals; NEVER where there is none."""
    home, price = walk(a, who, stops, len(stops), np.empty((len(stops) + 2, 2), dtype=np.int64))
    return int(home), int(price)


@entry
def walk(a: Tables, who: int, stops: Ints, count: int, fed: Ints) -> tuple[int, int]:
    """The same; `fed` is paper to write on: a row (moment, price) for each way of having eaten."""
    home, hungry, owed, many = a.priority.size + who, a.shift[who, 0], 0, 0
    if a.lunch[who, 1] < 0:
        fed[0, 0], fed[0, 1] = hungry, 0
        hungry, many = NEVER, 1
    before = home
    for k in range(count):
        many = _fed_after(a, who, before, stops[k], hungry, owed, fed, many)
        hungry, price = _alone_after(a, who, before, stops[k], hungry)
        owed += price
        before = stops[k]
        if hungry >= NEVER and many == 0:
            return NEVER, NEVER
    return _cheapest_home(a, who, before, home, hungry, owed, fed, many)


@compiled
def _cheapest_home(a: Tables, who: int, before: int, home: int, hungry: int, owed: int, fed: Ints, many: int) -> tuple[int, int]:
    many = _fed_after(a, who, before, home, hungry, owed, fed, many)
    at, price = _alone_after(a, who, before, home, hungry)
    price += owed
    if at > a.lunch[who, 1]:
        at, price = NEVER, NEVER
    for k in range(many):
        if fed[k, 1] < price or (fed[k, 1] == price and fed[k, 0] < at):
            at, price = fed[k, 0], fed[k, 1]
    return at, price


@compiled
def _fed_after(a: Tables, who: int, before: int, after: int, hungry: int, owed: int, fed: Ints, many: int) -> int:
    """Everybody who has eaten goes on to the next stop, and who is hungry eats now. Returns how many ways are worth keeping."""
    kept = 0
    for k in range(many):
        ready, price = _alone_after(a, who, before, after, fed[k, 0])
        kept = _keep(fed, kept, ready, fed[k, 1] + price)
    if hungry < NEVER and a.lunch[who, 1] >= 0:
        ready, price = _eaten_after(a, who, before, after, hungry)
        kept = _keep(fed, kept, ready, owed + price)
    return kept


@compiled
def _keep(fed: Ints, many: int, ready: int, price: int) -> int:
    """Writes a way down unless another is as early and as cheap; strikes out those that it makes needless."""
    if ready >= NEVER:
        return many
    for k in range(many):
        if fed[k, 0] <= ready and fed[k, 1] <= price:
            return many
    kept = 0
    for k in range(many):
        if fed[k, 0] < ready or fed[k, 1] < price:
            fed[kept, 0], fed[kept, 1] = fed[k, 0], fed[k, 1]
            kept += 1
    fed[kept, 0], fed[kept, 1] = ready, price
    return kept + 1


@compiled
def leaves_from(a: Tables, after: int) -> int:
    """Before which moment nobody sets out to a stop: a settled one was decided before, and home is open."""
    return 0 if after >= a.priority.size or a.pinned[after] >= 0 else a.not_before


@compiled
def is_forgiven(a: Tables, before: int, after: int) -> bool:
    """A drive between settled stops is not ours to judge: somebody decided it."""
    jobs = a.priority.size
    ours = (before < jobs and a.pinned[before] < 0) or (after < jobs and a.pinned[after] < 0)
    return not ours and (before < jobs or after < jobs)


@compiled
def work_at(a: Tables, who: int, before: int, job: int) -> int:
    """Seconds of work, the set-up included unless the stop before was at the same place."""
    here = before < a.priority.size and a.place[before] == a.place[job]
    return a.work[a.pace[who], job] + (0 if here else a.setup[job])


@compiled
def _alone_after(a: Tables, who: int, before: int, after: int, ready: int) -> tuple[int, int]:
    """(done, price) with the next stop, lunch not on the way."""
    if ready >= NEVER:
        return NEVER, 0
    drive = road(a, before, after)
    arrival = max(ready, leaves_from(a, after)) + drive
    if is_forgiven(a, before, after):
        if after >= a.priority.size:
            return arrival, 0
        return stood_until(a.pinned[after], work_at(a, who, before, after), arrival, drive), 0
    return done_after(a, who, before, after, arrival)


@compiled
def _eaten_after(a: Tables, who: int, before: int, after: int, ready: int) -> tuple[int, int]:
    """(done, price) with the next stop, lunch on the way. Lateness through it is not forgiven: lunch was our choice."""
    earliest, latest, pause = a.lunch[who, 0], a.lunch[who, 1], a.lunch[who, 2]
    arrival = ate_and_there(ready, leaves_from(a, after), road(a, before, after), earliest, latest, pause)
    if after >= a.priority.size and is_forgiven(a, before, after):
        return arrival, 0
    return done_after(a, who, before, after, arrival)


@compiled
def done_after(a: Tables, who: int, before: int, after: int, arrival: int) -> tuple[int, int]:
    """(done, price) of a stop, or of home, for an arrival."""
    if arrival >= NEVER:
        return NEVER, 0
    if after >= a.priority.size:
        return _home_at(a, who, arrival)
    first, end = a.first[after], a.first[after + 1]
    start = start_from(arrival, a.opens, a.closes, first, end, a.late[after])
    if start >= NEVER:
        return NEVER, 0
    price = 0
    if end > first and a.late[after] > 0:
        price = _late_by(a, first, end, start) * a.late_price[after]
    return start + work_at(a, who, before, after), price


@compiled
def _late_by(a: Tables, first: int, end: int, start: int) -> int:
    late = start
    for k in range(first, end):
        late = min(late, max(0, start - a.closes[k]))
    return late


@compiled
def _home_at(a: Tables, who: int, arrival: int) -> tuple[int, int]:
    over = max(0, arrival - a.shift[who, 1])
    return (arrival, over * a.over_price[who]) if over <= a.over[who] else (NEVER, 0)


@compiled
def stood_on(end: int, before: int, done: int) -> int:
    """When he is done with settled work, whatever came before; `done`: as by the clock."""
    return min(done, stood_until(end, 0, before, 0)) if before < NEVER else done


@compiled
def reached(hungry: int, fed: int, drive: int, leave: int, earliest: int, latest: int, pause: int) -> tuple[int, int]:
    """Earliest arrivals at the next stop, hungry and fed. (Numbers alone: a call with all tables takes longer than the work.)"""
    ate = ate_and_there(hungry, leave, drive, earliest, latest, pause)
    there = max(fed, leave) + drive if fed < NEVER else NEVER
    return (max(hungry, leave) + drive if hungry < NEVER else NEVER), min(there, ate)


@compiled
def finished(arrival: int, work: int, opens: Ints, closes: Ints, first: int, end: int, late: int) -> int:
    """When the work is done; NEVER if it cannot begin any more."""
    start = start_from(arrival, opens, closes, first, end, late) if arrival < NEVER else NEVER
    return start + work if start < NEVER else NEVER
