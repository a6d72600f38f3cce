"""A search in several legs, on one core or several: after each the good tours are combined anew, and all go on from the best."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dispatch.routing.search.chance import dice
from dispatch.routing.search.cores import side_by_side
from dispatch.routing.search.effort import Effort, turns
from dispatch.routing.search.pool import Column, Pool, columns, empty_pool, make_room
from dispatch.routing.search.recombine import best_choice
from dispatch.routing.stores.anneal import Kept, anneal, kept
from dispatch.routing.stores.recreate import recreate
from dispatch.routing.stores.routes import Routes, empty_routes, refresh_all
from dispatch.routing.stores.ruin import TODO, TOUCHED, Desk, desk
from dispatch.routing.stores.tables import TICKS, Tables

LEGS = ((60.0, 1.0, 0.5), (15.0, 1.0, 0.25), (10.0, 1.0, 0.25))
"""(heat at first, heat at last, share of the time). Heat: how much longer the work of all may become."""
PRIZE = 10_000.0
"""Time that a request is worth while searching: nobody is left over for less way."""
COLUMNS = 3000
COMBINING_S = 1.0
COMBINING_SHARE = 0.05
NODES = 500
MOST_CORES = 64


@dataclass(frozen=True)
class Found:
    """The stops of each technician (rows of the tables), what they leave over and how long they take, and what it took."""

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
    best = one_leg(tables, Effort(0, 0, effort.seed), None, 1.0, 1.0)
    known: dict[object, Column] = {}
    past = 0.0
    try:
        for number, (hot, cold, share) in enumerate(LEGS if tables.jobs and tables.people else ()):
            past += share
            leg = _leg(effort, began, number, share, past)
            found = side_by_side(partial(_one_of, tables, leg, best.routes, hot, cold), processes)
            best = _better(best, found)
            if best.interrupted:
                break
            _learn(known, found, tables)
            best = _combined(tables, best, known, effort.seconds * past - (time.perf_counter() - began), effort)
    except KeyboardInterrupt:
        pass  # between two searches: the best so far is what was asked for
    return best


def _leg(effort: Effort, began: float, number: int, share: float, past: float) -> Effort:
    """Time until its end, less what combining takes, and its part of the rounds."""
    combining = min(COMBINING_S, COMBINING_SHARE * effort.seconds)
    seconds = effort.seconds * past - combining - (time.perf_counter() - began)
    rounds = None if effort.rounds is None else int(effort.rounds * share)
    return Effort(max(0.0, seconds), rounds, effort.seed * len(LEGS) + number)


def _one_of(tables: Tables, leg: Effort, start: list[list[int]], hot: float, cold: float, core: int) -> Found:
    return one_leg(tables, replace(leg, seed=leg.seed * MOST_CORES + core), start, hot, cold)


def one_leg(tables: Tables, effort: Effort, start: list[list[int]] | None, hot: float, cold: float) -> Found:
    """From the tours given, or from none, to better ones, until time or rounds are over or somebody interrupts."""
    began = time.perf_counter()
    routes, paper, pool = _begun(tables, effort.seed, start or [])
    now, best = kept(routes, paper), kept(routes, paper)
    first_s, done, interrupted = time.perf_counter() - began, 0, False
    try:
        for heat, colder, rounds in turns(effort, began, hot * TICKS, cold * TICKS):
            anneal(tables, routes, paper, now, best, pool, PRIZE * TICKS, rounds, heat, colder)
            make_room(pool)
            done += rounds
    except KeyboardInterrupt:
        interrupted = True  # the best so far is what was asked for
    return _found(best, done, first_s, columns(pool, COLUMNS), interrupted=interrupted)


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


def _combined(tables: Tables, best: Found, known: dict[object, Column], seconds: float, effort: Effort) -> Found:
    """The best choice of all good routes, where that is better still."""
    ours = [
        Column(who, tuple(stops), cost) for who, (stops, cost) in enumerate(zip(best.routes, best.costs, strict=True)) if stops
    ]
    choices = [*ours, *sorted(known.values(), key=lambda one: one.merit)[:COLUMNS]]
    left_over = [PRIZE * TICKS] * tables.jobs
    nodes = None if effort.rounds is None else NODES
    chosen = best_choice(choices, tables.people, left_over, max(0.05, seconds), range(len(ours)), nodes)
    if chosen is None:
        return best
    start: list[list[int]] = [[] for _ in best.routes]
    for number in chosen:
        start[choices[number].who] = list(choices[number].stops)
    again = one_leg(tables, Effort(0, 0), start, 1.0, 1.0)
    return _better(best, [again])
