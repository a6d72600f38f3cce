"""Compiles the day's search, once for an environment, or loads what is compiled."""

from __future__ import annotations

from dispatch.routing.model import Job, Lunch, Problem, Technician
from dispatch.routing.roads import roads_of
from dispatch.routing.search.rooms import freed, rooms
from dispatch.routing.search.routes import empty_routes
from dispatch.routing.search.run import Effort, one_search
from dispatch.routing.search.tables import Tables, tables_of
from dispatch.routing.search.timing import walked


def warm() -> None:
    """Every compiled function once, on the smallest day that needs them."""
    tables = smallest()
    found = one_search(tables, Effort(60, rounds=2))
    walked(tables, 0, tables.near[0])
    rooms(tables, empty_routes(tables), 0, tables.near[0])
    freed(tables, empty_routes(tables), 0, tables.shift[0])
    if sum(map(len, found.routes)) != tables.jobs:
        raise AssertionError("the compiled search does not find the plan of the smallest day")


def smallest() -> Tables:
    """Two jobs for two people."""
    people = tuple(Technician(k, (22.5, 114.0), (30600, 63000), Lunch(41400, 48600, 30), {}, {"sim": 2}) for k in range(2))
    jobs = tuple(Job(k, (22.5, 114.01 + k / 100), 30, windows=((36000, 39600),), parts={"sim": 1}) for k in range(2))
    problem = Problem(people, jobs)
    return tables_of(problem, roads_of(problem))
