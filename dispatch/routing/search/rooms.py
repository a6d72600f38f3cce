"""Where there is room for a job that nobody has: in everybody's route as it is, or once another job has gone to somebody else."""

from __future__ import annotations

from dispatch.routing.search.compiled import compiled, entry
from dispatch.routing.search.drawing import in_bag, is_full
from dispatch.routing.search.errands import STORE, fetched
from dispatch.routing.search.routes import Routes, fits_there, holds, put_in, refresh, take_out
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.timing import NEVER, road

WHO, OTHER, TO = 0, 1, 2
"""Places in what `freed` writes."""


@entry
def rooms(a: Tables, r: Routes, job: int, extra: Ints) -> None:
    """Writes for everybody the least seconds on the road that the job adds; NEVER where he is not able or has no room."""
    for who in range(a.pace.size):
        extra[who] = _room(a, r, who, job)


@compiled
def _room(a: Tables, r: Routes, who: int, job: int) -> int:
    if not a.able[who, job] or is_full(a, r, who):
        return NEVER
    if not in_bag(a.parts, r.left, who, job):
        return fetched(a, r, who, job, NEVER)[0] if a.errands else NEVER
    least, before = min(NEVER, a.far[who] - r.road[who] + 1), a.priority.size + who
    begun = least
    for k in range(r.many[who] + 1):
        after = r.stops[who, k] if k < r.many[who] else a.priority.size + who
        extra = road(a, before, job) + road(a, job, after) - r.legs[who, k]
        if extra < least and fits_there(a, r, who, k, before, job, after):
            least = extra
        before = after
    return least if least < begun else NEVER


@entry
def by_store(a: Tables, r: Routes, who: int, job: int) -> int:
    """The row of the store that he has to stop at, besides his route as it is, so as to take the job; -1: he need not."""
    r.errand[STORE] = -1
    return r.errand[STORE] if _room(a, r, who, job) < NEVER else -1


@entry
def freed(a: Tables, r: Routes, job: int, found: Ints) -> bool:
    """Whether somebody could take the job if another of his went to somebody else: the least way of all is written to `found`."""
    least = NEVER
    for i in range(a.folk_first[job], a.folk_first[job + 1]):
        who = a.folk[i]
        for k in range(r.many[who] if a.mate[job] == job and a.half[job] == job else 0):
            other = r.stops[who, k]
            if is_alone(a, other):
                least = _without(a, r, who, k, job, least, found)
    return least < NEVER


@compiled
def is_alone(a: Tables, stop: int) -> bool:
    """Whether a stop may go to somebody else without another one."""
    return stop < a.near.shape[0] and a.pinned[stop] < 0 and a.mate[stop] == stop and a.half[stop] == stop


@compiled
def _without(a: Tables, r: Routes, who: int, k: int, job: int, least: int, found: Ints) -> int:
    """The way of giving stop k away and the job to him, if that is less; the route stays as it was."""
    other, saved = take_out(r, who, k), r.road[who]
    refresh(a, r, who)
    saved -= r.road[who]
    extra = _room(a, r, who, job) if holds(a, r, who) else NEVER
    for i in range(a.folk_first[other], a.folk_first[other + 1] if extra < NEVER else 0):
        to = a.folk[i]
        stays = to != who and (not a.errands or in_bag(a.parts, r.left, to, other))  # what he fetches, another may not
        room = _room(a, r, to, other) if stays else NEVER
        if room < NEVER and extra - saved + room < least:
            least = extra - saved + room
            found[WHO], found[OTHER], found[TO] = who, other, to
    put_in(r, who, k, other)
    refresh(a, r, who)
    return least
