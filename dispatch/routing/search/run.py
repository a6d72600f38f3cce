"""A search by the clock or by a number of rounds, on one core or on several, each with a seed of its own; the best plan wins."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from dispatch.routing.search.anneal import Kept, anneal, kept
from dispatch.routing.search.chance import dice
from dispatch.routing.search.cores import side_by_side
from dispatch.routing.search.effort import Effort, turns
from dispatch.routing.search.recreate import construct
from dispatch.routing.search.routes import empty_routes
from dispatch.routing.search.rows import TOUCHED
from dispatch.routing.search.ruin import desk
from dispatch.routing.search.tables import Tables

__all__ = ["Effort", "Found", "one_search", "searched"]

HOT, COLD = 3000.0, 30.0
"""Seconds on the road: how much worse a plan may become in the beginning and at the end."""
PRIZE = 3000.0
"""Seconds on the road that a point of priority is worth while searching; what counts in the end is priority first."""


@dataclass(frozen=True)
class Found:
    """The stops of each technician (rows of the tables), the priority that nobody has, what all costs, and what it took.

    Costs are seconds on the road, and what else has a price counted as such. `begins`: what was agreed on for visits of two.
    """

    routes: list[list[int]]
    lost: int
    cost: int
    rounds: int
    first_s: float
    interrupted: bool = False
    begins: Mapping[int, int] = field(default_factory=dict)


Tell = Callable[[Found], None]


def _nobody(_found: Found) -> None:
    """Nobody listens."""


def searched(tables: Tables, effort: Effort, processes: int = 1, tell: Tell | None = None) -> Found:
    """The best of one search on each core; on one core alone `tell` is told of the best so far."""
    if processes < 2 or not tables.jobs or not tables.people:
        return one_search(tables, effort, tell)
    return _best_of(tables, effort, processes)


def one_search(tables: Tables, effort: Effort, tell: Tell | None = None) -> Found:
    """First a plan at once, then a better one until time or rounds are over, or somebody interrupts.

    `tell` is given the best so far: the first plan, and what stands after each turn.
    """
    began = time.perf_counter()
    tables = own(tables)
    routes, paper = empty_routes(tables), desk(tables, dice(effort.seed))
    construct(tables, routes, paper)
    paper.is_touched[:], paper.counts[TOUCHED] = 0, 0
    now, best = kept(tables, routes, paper), kept(tables, routes, paper)
    first_s = time.perf_counter() - began
    done, interrupted = 0, False
    tell = tell or _nobody
    tell(told(tables, best, done, first_s, interrupted=False))
    if tables.jobs and tables.people:
        try:
            for hot, cold, rounds in turns(effort, began, HOT, COLD):
                anneal(tables, routes, paper, now, best, PRIZE, rounds, hot, cold)
                done += rounds
                tell(told(tables, best, done, first_s, interrupted=False))
        except KeyboardInterrupt:
            interrupted = True  # the best so far is what was asked for
    return told(tables, best, done, first_s, interrupted=interrupted)


def own(tables: Tables) -> Tables:
    """The same tables for a search that may agree on moments in them."""
    return tables._replace(opens=tables.opens.copy(), closes=tables.closes.copy()) if tables.teams else tables


def told(tables: Tables, best: Kept, rounds: int, first_s: float, *, interrupted: bool) -> Found:
    """The best so far as lists of numbers."""
    routes = [best.stops[who, :count].tolist() for who, count in enumerate(best.many.tolist())]
    begins = {job: int(best.begins[job]) for route in routes for job in route if tables.half[job] != job}
    return Found(routes, int(best.sums[0]), int(best.sums[1]), rounds, first_s, interrupted, begins)


def _best_of(tables: Tables, effort: Effort, processes: int) -> Found:
    """One process for each further seed beside this one."""
    told = side_by_side(partial(_with_seed, tables, effort), processes)
    best = min(told, key=lambda one: (one.lost, one.cost))
    return replace(best, rounds=sum(one.rounds for one in told), first_s=told[0].first_s, interrupted=False)


def _with_seed(tables: Tables, effort: Effort, core: int) -> Found:
    return one_search(tables, replace(effort, seed=effort.seed + core))
