"""Tours by our own search: first ones at once, then better ones until the time is over. Checked before anybody sees them."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from dispatch.errors import RuleBroken
from dispatch.routing.search.effort import Effort
from dispatch.routing.stores.check import Verdict, verdict
from dispatch.routing.stores.model import STORE, Problem, Tours
from dispatch.routing.stores.run import Found, searched
from dispatch.routing.stores.tables import tables_of
from dispatch.words import listed, say

NAMED = 10


@dataclass(frozen=True)
class Improved:
    """The tours and what they took: working time and way, rounds of the search, seconds until the first ones."""

    tours: Tours
    unserved: tuple[int, ...]
    working_time: float
    distance: float
    rounds: int
    first_s: float


def improved(problem: Problem, effort: Effort, *, processes: int = 1) -> Improved:
    """The best tours found with this effort. `unserved`: requests that found nobody.

    Raises RuleBroken where nobody has the skills for a request, AssertionError should the tours break a rule.
    """
    began = time.perf_counter()
    _demand_skills(problem)
    tables = tables_of(problem)
    left = max(0.0, effort.seconds - (time.perf_counter() - began))
    found = searched(tables, replace(effort, seconds=left), processes)
    tours = _written(problem, found)
    served = {stop for tour in tours.values() for stop in tour}
    unserved = tuple(one.number for one in problem.requests if one.number not in served)
    checked = _checked(problem, tours, unserved)
    return Improved(tours, unserved, checked.working_time, checked.distance, found.rounds, found.first_s)


def _demand_skills(problem: Problem) -> None:
    odd = [one.number for one in problem.requests if not any(one.skills <= who.skills for who in problem.technicians)]
    if odd:
        raise RuleBroken(say("Nobody has the skills for these requests: %(numbers)s", numbers=listed(odd[:NAMED])))


def _written(problem: Problem, found: Found) -> Tours:
    numbers = [one.number for one in problem.requests]
    jobs = len(numbers)
    return {
        who.number: [numbers[stop] if stop < jobs else STORE for stop in stops]
        for who, stops in zip(problem.technicians, found.routes, strict=True)
        if stops
    }


def _checked(problem: Problem, tours: Tours, unserved: tuple[int, ...]) -> Verdict:
    """Of what is served nothing may be broken."""
    asked = replace(problem, requests=tuple(one for one in problem.requests if one.number not in unserved))
    told = verdict(asked, tours)
    if told.broken:
        raise AssertionError("the tours break rules: " + "; ".join(told.broken[:5]))
    return told
