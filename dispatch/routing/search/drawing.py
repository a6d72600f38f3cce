"""What a route takes out of its bag and fetches at its store; parts are used up, a tool is there for all jobs behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.routing.search.compiled import compiled
from dispatch.routing.search.tables import Ints, Tables

if TYPE_CHECKING:
    from dispatch.routing.search.routes import Routes


AT, TO = 0, 1
"""Columns of `Routes.trip`."""


@compiled
def draw(a: Tables, r: Routes, who: int) -> None:
    """Gives back what the route fetched before and fetches what its stops need now."""
    _give_back(a, r, who)
    stores = a.near.shape[0]
    for k in range(r.many[who]):
        if r.stops[who, k] >= stores:
            r.trip[who, AT], r.trip[who, TO] = k, r.stops[who, k] - stores
    at, store = r.trip[who, AT], a.pace.size + r.trip[who, TO]
    for kind in range(a.bag.shape[1] if at >= 0 else 0):
        used, whole = used_by(a, r, who, kind, at), used_by(a, r, who, kind, r.many[who])
        r.drawn[who, kind] = max(0, whole - a.bag[who, kind])
        r.drawn[store, kind] -= r.drawn[who, kind]
        if kind < a.tools_from:
            r.left[who, kind] = min(a.bag[who, kind] - used, max(0, a.bag[who, kind] - whole))


@compiled
def _give_back(a: Tables, r: Routes, who: int) -> None:
    if r.trip[who, AT] >= 0:
        for kind in range(a.bag.shape[1]):
            r.drawn[a.pace.size + r.trip[who, TO], kind] += r.drawn[who, kind]
    r.trip[who, AT] = -1


@compiled
def used_by(a: Tables, r: Routes, who: int, kind: int, stop: int) -> int:
    """How many of a kind the stops before that one need together."""
    used = 0
    for k in range(stop):
        need = a.parts[r.stops[who, k], kind]
        used = used + need if kind < a.tools_from else max(used, need)
    return used


@compiled
def lasts_until(a: Tables, r: Routes, who: int, job: int) -> int:
    """Before which stop at the latest something has to be fetched if `job` is done out of the bag before (-1: none); -1 if the
    bag does not even hold what that needs."""
    latest = r.many[who]
    for kind in range(a.bag.shape[1]):
        used, k = a.parts[job, kind] if job >= 0 else 0, 0
        while used <= a.bag[who, kind] and k <= latest:
            if k < r.many[who]:
                need = a.parts[r.stops[who, k], kind]
                used = used + need if kind < a.tools_from else max(used, need)
            k += 1
        latest = min(latest, k - 1)
    return latest


@compiled
def store_has(a: Tables, r: Routes, who: int, job: int, store: int) -> bool:
    """Whether a store holds what lacks to the bag for all stops and `job` (-1: none)."""
    enough = bool(a.able[who, a.near.shape[0] + store])
    for kind in range(a.bag.shape[1]):
        whole, more = used_by(a, r, who, kind, r.many[who]), a.parts[job, kind] if job >= 0 else 0
        whole = whole + more if kind < a.tools_from else max(whole, more)
        enough = enough and whole - a.bag[who, kind] <= r.drawn[a.pace.size + store, kind]
    return enough


@compiled
def first_with_more(a: Tables, r: Routes, who: int, job: int) -> int:
    """In a route with a stop at a store: from before which stop on it can supply one more job; a number above all for nowhere."""
    first = 0
    for kind in range(a.bag.shape[1]):
        more, bag, at = a.parts[job, kind], a.bag[who, kind], r.trip[who, AT]
        whole = used_by(a, r, who, kind, r.many[who])
        held = max(0, bag - whole) if kind < a.tools_from else max(bag, whole)
        spare = bag - used_by(a, r, who, kind, at) if kind < a.tools_from else bag
        if more > held + r.drawn[a.pace.size + r.trip[who, TO], kind]:
            return r.many[who] + 1
        if more > spare:
            first = at + 1
    return first


@compiled
def is_full(a: Tables, r: Routes, who: int) -> bool:
    """Whether somebody has as many stops as he may; the one at a store does not count."""
    return r.many[who] >= r.stops.shape[1] or r.many[who] - min(1, r.trip[who, AT] + 1) >= a.most[who]


@compiled
def in_bag(parts: Ints, left: Ints, who: int, job: int) -> bool:
    """Whether what is left in somebody's bag is enough for one more job."""
    enough = True
    for k in range(parts.shape[1]):
        enough = enough and parts[job, k] <= left[who, k]
    return enough
