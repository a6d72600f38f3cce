"""A search in several legs, on one core or several: after each the good tours are combined anew, and all go on from the best."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dispatch.routing.search.chance import dice
from dispatch.routing.search.cores import side_by_side
from dispatch.routing.search.effort import Effort, turns
from dispatch.routing.search.pool import Column, Pool, columns, empty_pool, make_room
from dispatch.routing.search.recombine import best_choice
from dispatch.routing.search.rows import TOUCHED
from dispatch.routing.stores.anneal import Kept, anneal, kept
from dispatch.routing.stores.recreate import recreate
from dispatch.routing.stores.routes import Routes, empty_routes, refresh_all
from dispatch.routing.stores.ruin import TODO, Desk, desk
from dispatch.routing.stores.tables import Tables

LEGS = ((1.5, 0.025, 0.125),) * 8
"""(heat at first, heat at last, share of the time). Heat: how much longer the work of all may become, in usual ways between two
requests. Hot enough to begin anew: what is combined afterwards has to be different."""
PRIZE = 10
"""Longest days that a request is worth while searching: nobody is left over for less work."""
COLUMNS, MORE_COLUMNS, MOST_COLUMNS = 1200, 250, 4000
"""So many tours are combined, and so many more for each second that a leg takes."""
COMBINING, SHORTEST = 0.2, 0.05
"""Part of a leg that combining may take at most; seconds that it takes at least."""
NODES = 20
MOST_CORES = 64


@dataclass(frozen=True)
class Leg:
    """A part of the search: how long, how hot at first and at last; how many good tours to combine, and for how many seconds."""

    effort: Effort
    hot: float
    cold: float
    columns: int
    combining: float


@dataclass(frozen=True)
class Found:
    """The stops of each technician (rows of the tables), how long they take, what they leave over, and what it took."""

    routes: list[list[int]]
    costs: list[int]
    left: int
    time: int
    rounds: int
    first_s: float
    columns: list[Column]
    interrupted: bool = False


def searched(tables: Tables, effort: Effort, processes: int = 1) -> Found:
    """The best that all cores find in all legs."""
    began = time.perf_counter()
    best = one_leg(tables, _standing(effort.seed), [])
    known: dict[object, Column] = {}
    try:
        for leg in legs(tables, effort, began) if tables.jobs and tables.people else ():
            found = side_by_side(partial(_one_of, tables, leg, best.routes), processes)
            best = _better(best, found)
            if best.interrupted:
                break
            _learn(known, found, tables)
            best = _combined(tables, leg, best, known)
    except KeyboardInterrupt:
        pass  # between two searches: the best so far is what was asked for
    return best


def legs(tables: Tables, effort: Effort, began: float) -> Iterator[Leg]:
    """Each with its part of the rounds, or of the time: what one does not use is the next one's."""
    usual, past = max(1.0, float(tables.drive[: tables.jobs, : tables.jobs].mean())), 0.0
    for number, (hot, cold, share) in enumerate(LEGS):
        past += share
        left = max(0.0, effort.seconds * past - (time.perf_counter() - began))
        if left <= 0:
            continue
        rounds = None if effort.rounds is None else int(effort.rounds * share)
        part = Effort(left * (1 - COMBINING), rounds, (effort.seed * len(LEGS) + number) * MOST_CORES)
        columns = COLUMNS + (int(MORE_COLUMNS * left) if rounds is None else 0)
        yield Leg(part, hot * usual, cold * usual, min(columns, MOST_COLUMNS), left * COMBINING)


def _standing(seed: int) -> Leg:
    """No search, only what can be given out."""
    return Leg(Effort(0, 0, seed), 1.0, 1.0, 0, 0.0)


def _one_of(tables: Tables, leg: Leg, start: list[list[int]], core: int) -> Found:
    return one_leg(tables, replace(leg, effort=replace(leg.effort, seed=leg.effort.seed + core)), start)


def one_leg(tables: Tables, leg: Leg, start: list[list[int]]) -> Found:
    """From the tours given, or from none, to better ones, until time or rounds are over or somebody interrupts."""
    began = time.perf_counter()
    routes, paper, pool = _begun(tables, leg.effort.seed, start)
    now, best = kept(routes, paper), kept(routes, paper)
    first_s, done, interrupted = time.perf_counter() - began, 0, False
    try:
        for heat, colder, rounds in turns(leg.effort, began, leg.hot, leg.cold):
            anneal(tables, routes, paper, now, best, pool, float(worth(tables)), rounds, heat, colder)
            make_room(pool)
            done += rounds
    except KeyboardInterrupt:
        interrupted = True  # the best so far is what was asked for
    return _found(best, done, first_s, columns(pool, leg.columns), interrupted=interrupted)


def worth(tables: Tables) -> int:
    """Of a request, while searching."""
    homes = slice(tables.jobs, tables.jobs + tables.people)
    return PRIZE * int((tables.closes[homes] - tables.opens[homes]).max(initial=1))


def _begun(tables: Tables, seed: int, start: list[list[int]]) -> tuple[Routes, Desk, Pool]:
    """Tours as given, and what they leave over given out."""
    routes, paper = empty_routes(tables), desk(tables, dice(seed))
    for who, stops in enumerate(start):
        jobs = [stop for stop in stops if stop < tables.jobs]
        routes.stops[who, : len(jobs)], routes.many[who] = jobs, len(jobs)
        routes.whose[jobs] = who
    refresh_all(tables, routes)
    left = np.flatnonzero(routes.whose < 0)
    paper.todo[: left.size], paper.counts[TODO] = left, left.size
    recreate(tables, routes, paper, 0.0)
    paper.is_touched[:], paper.counts[TOUCHED] = 0, 0
    return routes, paper, empty_pool(tables.jobs, tables.people, tables.jobs + 2)


def _found(best: Kept, rounds: int, first_s: float, good: list[Column], *, interrupted: bool) -> Found:
    routes = [best.stops[who, :count].tolist() for who, count in enumerate(best.many.tolist())]
    return Found(routes, best.cost.tolist(), int(best.sums[0]), int(best.sums[1]), rounds, first_s, good, interrupted)


def _better(before: Found, found: Sequence[Found]) -> Found:
    best = min([before, *found], key=lambda one: (one.left, one.time))
    rounds = before.rounds + sum(one.rounds for one in found)
    stopped = any(one.interrupted for one in found)
    return replace(best, rounds=rounds, first_s=before.first_s, interrupted=stopped, columns=[])


def _learn(known: dict[object, Column], found: Sequence[Found], tables: Tables) -> None:
    """Of the same jobs of the same person the cheaper order, with the better merit."""
    for column in (column for one in found for column in one.columns):
        key = (column.who, frozenset(stop for stop in column.stops if stop < tables.jobs))
        other = known.get(key, column)
        cheaper = min(other, column, key=lambda one: one.cost)
        known[key] = replace(cheaper, merit=min(other.merit, column.merit))


def _combined(tables: Tables, leg: Leg, best: Found, known: dict[object, Column]) -> Found:
    """The best choice of all good tours, where that is better still."""
    ours = [
        Column(who, tuple(stops), cost) for who, (stops, cost) in enumerate(zip(best.routes, best.costs, strict=True)) if stops
    ]
    choices = [*ours, *sorted(known.values(), key=lambda one: one.merit)[: leg.columns]]
    left_over = [float(worth(tables))] * tables.jobs
    nodes = None if leg.effort.rounds is None else NODES
    chosen = best_choice(choices, tables.people, left_over, max(SHORTEST, leg.combining), range(len(ours)), nodes)
    start: list[list[int]] = [[] for _ in best.routes]
    for number in chosen or ():
        start[choices[number].who] = list(choices[number].stops)
    return best if chosen is None else _better(best, [one_leg(tables, _standing(leg.effort.seed), start)])
