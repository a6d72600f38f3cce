"""Compiles this search, once for an environment, or loads what is compiled."""

from __future__ import annotations

from dispatch.routing.search.effort import Effort
from dispatch.routing.stores.model import Place, Problem, Request, Technician
from dispatch.routing.stores.run import searched
from dispatch.routing.stores.tables import tables_of


def warm() -> None:
    """Every compiled function once, on the smallest problem that needs them."""
    tables = tables_of(smallest())
    if searched(tables, Effort(60, rounds=8)).left:
        raise AssertionError("the compiled search does not find the tours of the smallest problem")


def smallest() -> Problem:
    """Two requests for two technicians, one of whom has to pass the store."""
    none: frozenset[int] = frozenset()
    people = tuple(Technician(k, Place((k, 0), 0, 100), frozenset([k]), none, (1,)) for k in (1, 2))
    requests = tuple(Request(k + 2, Place((k, 5), 0, 100, 1), frozenset([k]), none, (k,)) for k in (1, 2))
    return Problem(people, requests, Place((2, 2), 0, 100))
