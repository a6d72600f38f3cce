"""A plan by our own search: a first one at once, then better ones until the time is over. Checked before anybody sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat

from dispatch.routing.check import violations
from dispatch.routing.model import Plan, Problem, Route, Unserved
from dispatch.routing.roads import Roads, roads_of
from dispatch.routing.search.run import Effort, Found, searched
from dispatch.routing.search.tables import tables_of
from dispatch.routing.timetable import days_of, timetable


@dataclass(frozen=True)
class Improved:
    """A plan and what it took: rounds of the search, seconds until the first complete plan."""

    plan: Plan
    unserved_priority: int
    travel_s: int
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
) -> Improved:
    """The best plan found with this effort; no reasons are given. AssertionError should the plan break a rule.

    On one core `tell` is given the first plan at once, then each better one, about one a second; all are checked.
    """
    began = time.perf_counter()
    roads = roads or roads_of(problem)
    tables = tables_of(problem, roads)
    left = max(0.0, effort.seconds - (time.perf_counter() - began))
    listener = _Listener(problem, roads, tell) if tell else None
    return _checked(problem, roads, searched(tables, replace(effort, seconds=left), processes, listener))


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
    return Improved(made, _lost(problem, made), sum(route.travel_s for route in made.routes), found.rounds, found.first_s)


def _lost(problem: Problem, made: Plan) -> int:
    priority = {job.id: job.priority for job in problem.jobs}
    return sum(priority[one.job] for one in made.unserved)


def _written(problem: Problem, roads: Roads, found: Found) -> Plan:
    days = days_of(problem, roads)
    routes = []
    for one, stops in zip(problem.technicians, found.routes or repeat([]), strict=False):
        if stops:
            routes.append(_there(timetable(days[one.id], [problem.jobs[job] for job in stops])))
    served = {stop.job for route in routes for stop in route.stops}
    return Plan(tuple(routes), tuple(Unserved(job.id) for job in problem.jobs if job.id not in served))


def _there(route: Route | None) -> Route:
    if route is None:
        raise AssertionError("the search and the timetable do not agree")
    return route
