"""Compiles the day's search, once for an environment, or loads what is compiled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from dispatch.routing.in_memory import CALM, RoutesInMemory
from dispatch.routing.model import Job, Lunch, Plan, Problem, Technician
from dispatch.routing.promise import OpenDay, offers
from dispatch.routing.roads import roads_of
from dispatch.routing.search.rooms import by_store, freed, rooms
from dispatch.routing.search.routes import empty_routes
from dispatch.routing.search.run import Effort, one_search
from dispatch.routing.search.tables import Tables, tables_of
from dispatch.routing.search.teams import agree_all, could_begin
from dispatch.routing.search.timing import walked
from dispatch.routing.urgent import fill, who_now


def warm() -> None:
    """Every compiled function once, on the smallest day that needs them."""
    tables = smallest()
    found = one_search(tables, Effort(60, rounds=2))
    walked(tables, 0, tables.near[0])
    rooms(tables, empty_routes(tables), 0, tables.near[0])
    freed(tables, empty_routes(tables), 0, tables.shift[0])
    by_store(tables, empty_routes(tables), 0, 0)
    agree_all(tables, empty_routes(tables), tables.priority)
    could_begin(tables, empty_routes(tables), 0)
    if sum(map(len, found.routes)) != tables.jobs:
        raise AssertionError("the compiled search does not find the plan of the smallest day")
    _ask_who_comes()


def _ask_who_comes() -> None:
    """What answers for an urgent job, and for windows to be promised."""
    problem = _smallest()
    standing = RoutesInMemory(problem, Plan(), roads_of(problem), CALM)
    rest = fill(standing, problem.jobs)
    standing.starts_of(0)
    urgent = replace(problem.jobs[0], priority=9, windows=(), parts={})
    if (
        rest
        or who_now(standing, urgent).swap is None
        or not offers([OpenDay(date.min, standing, ((0, 86400),))], problem.jobs[0])
    ):
        raise AssertionError("nobody comes on the smallest day")


def smallest() -> Tables:
    """Two jobs for two people."""
    problem = _smallest()
    return tables_of(problem, roads_of(problem))


def _smallest() -> Problem:
    people = tuple(Technician(k, (22.5, 114.0), (30600, 63000), Lunch(41400, 48600, 30), {}, {"sim": 2}) for k in range(2))
    jobs = tuple(Job(k, (22.5, 114.01 + k / 100), 30, windows=((36000, 39600),), parts={"sim": 1}) for k in range(2))
    return Problem(people, jobs)
