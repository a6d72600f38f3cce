"""A plan by our own search: a first one at once, then better ones until the time is over. Checked before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat

from dispatch.routing.check import violations
from dispatch.routing.faults import refuse_faults, refuse_holes
from dispatch.routing.fetching import order_of
from dispatch.routing.model import Plan, Problem, Route, Unserved
from dispatch.routing.prices import cost_of
from dispatch.routing.reasoned import reasoned
from dispatch.routing.roads import Roads, roads_of
from dispatch.routing.search.run import Effort, Found, searched
from dispatch.routing.search.supplies import agreed
from dispatch.routing.search.tables import tables_of
from dispatch.routing.timetable import days_of, timetable


@dataclass(frozen=True)
class Improved:
    """A plan and what it took: rounds of the search, seconds until the first complete plan.

    `cost`: the way and everything else that has a price, as seconds on the road.
    """

    plan: Plan
    unserved_priority: int
    travel_s: int
    cost: int
    rounds: int
    first_s: float


TOLD_EVERY_S = 1.0


def improved(
    problem: Problem,
    effort: Effort,
    *,
    processes: int = 1,
    roads: Roads | None = None,
    tell: Callable[[Improved], None] | None = None,
    explained: bool = False,
) -> Improved:
    """The best plan found with this effort; the reasons for what it leaves only where it shall be `explained`.

    On one core `tell` is given the first plan at once, then each better one, about one a second; all are checked.

    RuleBroken names a record that cannot be; AssertionError should the plan break a rule.
    """
    began = time.perf_counter()
    refuse_faults(problem)
    roads = roads or roads_of(problem)
    refuse_holes(problem, roads)
    tables = tables_of(problem, roads)
    left = max(0.0, effort.seconds - (time.perf_counter() - began))
    listener = _Listener(problem, roads, tell) if tell else None
    found = _checked(problem, roads, searched(tables, replace(effort, seconds=left), processes, listener))
    return replace(found, plan=reasoned(problem, roads, tables, found.plan)) if explained else found


class _Listener:
    """Hears of every turn of the search, and tells of what is better, not too often."""

    def __init__(self, problem: Problem, roads: Roads, tell: Callable[[Improved], None]) -> None:
        self.problem, self.roads, self.tell = problem, roads, tell
        self.told: list[list[int]] | None = None
        self.last = 0.0

    def __call__(self, found: Found) -> None:
        if found.routes == self.told or time.perf_counter() - self.last < TOLD_EVERY_S:
            return
        self.told, self.last = found.routes, time.perf_counter()
        self.tell(_checked(self.problem, self.roads, found))


def _checked(problem: Problem, roads: Roads, found: Found) -> Improved:
    made = _written(problem, roads, found)
    broken = violations(problem, made, roads)
    if broken:
        raise AssertionError("the plan breaks rules: " + "; ".join(map(str, broken[:5])))
    travel, cost = sum(route.travel_s for route in made.routes), _cost(problem, roads, made)
    return Improved(made, _lost(problem, made), travel, cost, found.rounds, found.first_s)


def _cost(problem: Problem, roads: Roads, made: Plan) -> int:
    days, jobs = days_of(problem, roads), {job.id: job for job in problem.jobs}
    return sum(cost_of(days[one.technician], order_of(one, jobs, problem.stores), one) for one in made.routes)


def _lost(problem: Problem, made: Plan) -> int:
    priority = {job.id: job.priority for job in problem.jobs}
    return sum(priority[one.job] for one in made.unserved)


def _written(problem: Problem, roads: Roads, found: Found) -> Plan:
    days, jobs = days_of(problem, roads), [*agreed(problem.jobs), *(store.errand() for store in problem.stores)]
    for job, start in found.begins.items():
        jobs[job] = replace(jobs[job], windows=((start, start),))
    routes = []
    for one, stops in zip(problem.technicians, found.routes or repeat([]), strict=False):
        if stops:
            routes.append(_there(timetable(days[one.id], [jobs[job] for job in stops])))
    served = {stop.job for route in routes for stop in route.stops}
    return Plan(tuple(routes), tuple(Unserved(job.id) for job in problem.jobs if job.id not in served))


def _there(route: Route | None) -> Route:
    if route is None:
        raise AssertionError("the search and the timetable do not agree")
    return route
