"""What depends on the hours of a day: the price of lateness, overtime and fairness, as in `dispatch.routing.prices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.routing.prices import FAIR_PARTS
from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.timing import NEVER, road, walk, work_at

if TYPE_CHECKING:
    from dispatch.routing.search.routes import Routes


@compiled
def hours_price(a: Tables, who: int, stops: Ints, count: int, ways: Ints) -> int:
    """What lateness, overtime and hours of work cost with these stops; NEVER if they cannot be. `ways` is paper to write on."""
    home, price = walk(a, who, stops, count, ways)
    if a.fair == 0 or home >= NEVER:
        return price
    before, busy = a.priority.size + who, 0
    for k in range(count):
        busy += road(a, before, stops[k]) + work_at(a, who, before, stops[k])
        before = stops[k]
    after = a.worked[who] + (busy + road(a, before, a.priority.size + who)) // 60
    return price + a.fair * (after * after - a.worked[who] * a.worked[who]) // FAIR_PARTS


@compiled
def rise_of_two(a: Tables, r: Routes, who: int, k: int, one: int, i: int, other: int) -> int:
    """The same with `one` before stop k and `other`, behind it, before stop i."""
    if not a.priced:
        return 0
    many = 0
    for stop in range(r.many[who] + 1):
        if stop == k:
            r.paper[many] = one
            many += 1
        if stop == i:
            r.paper[many] = other
            many += 1
        if stop < r.many[who]:
            r.paper[many] = r.stops[who, stop]
            many += 1
    return max(0, hours_price(a, who, r.paper, many, r.ways) - r.price[who])


@compiled
def rise(a: Tables, r: Routes, who: int, k: int, job: int) -> int:
    """By how much that rises with a job before stop k; by nothing where no hour has a price."""
    if not a.priced:
        return 0
    for i in range(r.many[who]):
        r.paper[i + (1 if i >= k else 0)] = r.stops[who, i]
    r.paper[k] = job
    return max(0, hours_price(a, who, r.paper, r.many[who] + 1, r.ways) - r.price[who])
