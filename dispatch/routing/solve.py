"""From a problem to a plan. First the priorities of the jobs left over count, then the seconds on the road."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random

from dispatch.routing.check import violations
from dispatch.routing.day import Day, parts_of
from dispatch.routing.encode import encoded
from dispatch.routing.explain import reasons
from dispatch.routing.faults import refuse_faults, refuse_holes
from dispatch.routing.gateway import Puzzle, searches, solved
from dispatch.routing.insertion import Orders, cheapest, give
from dispatch.routing.model import Id, Job, Plan, Problem, Route, Unserved
from dispatch.routing.prices import cost_of
from dispatch.routing.roads import Roads, roads_of
from dispatch.routing.suits import is_skilled, sort_key
from dispatch.routing.timetable import days_of, passable, timetable

Engine = Callable[[Puzzle, float], Sequence[Sequence[int]]]

Search = Callable[[int], Orders]
"""The number of a turn in, a plan's orders out."""

FEW = 40
"""So many jobs are soon inserted."""

log = logging.getLogger(__name__)


class EngineFailed(Exception):
    """The engine raised, or answered what cannot be read."""


def plan(problem: Problem, seconds_limit: float, *, seed: int = 0, roads: Roads | None = None, engine: Engine = solved) -> Plan:
    """The day's plan. Equal input and seed give an equal plan, as long as the engine ends before its `seconds_limit`.

    `roads` replaces great circle * factor by measured tables. An engine that fails is logged, and cheapest insertion takes its
    place. RuleBroken names a record that cannot be; AssertionError should the result break a rule.
    """
    refuse_faults(problem)
    roads = roads or roads_of(problem)
    refuse_holes(problem, roads)
    days = days_of(problem, roads)
    pinned, free = _pinned(problem, days)
    alone = [job for job in free if job.together is None]  # nor do engine and insertion know visits of two people
    possible = [job for job in alone if any(is_skilled(day.technician, job) for day in days.values())]
    turns = searches(len(possible), len(days), seconds_limit)

    def search(turn: int) -> Orders:
        return _asked(engine, days, pinned, _shuffled(possible, seed, turn), roads, seconds_limit / turns)

    orders = _best(days, pinned, possible, search, turns)
    return _checked(problem, roads, _written(problem, days, orders))


def _pinned(problem: Problem, days: Mapping[Id, Day]) -> tuple[Orders, list[Job]]:
    """(what stays as it is, what is to be given out)."""
    orders: Orders = {who: list(day.settled) for who, day in days.items()}
    give(days, orders, (job for job in problem.jobs if job.pinned_to is not None and not job.settled))
    return orders, [job for job in problem.jobs if job.pinned_to is None]


def _shuffled(jobs: Iterable[Job], seed: int, turn: int) -> list[Job]:
    """The order in which ties fall: from ids, seed and turn, never from how the rows happened to come."""
    mixed = sorted(jobs, key=sort_key)
    Random(f"{seed}/{turn}").shuffle(mixed)  # noqa: S311
    return mixed


def _best(days: Mapping[Id, Day], pinned: Orders, free: Sequence[Job], search: Search, turns: int) -> Orders:
    """The best of several searches, each completed by insertion; insertion alone if the engine fails, and to be compared with
    where somebody is preferred, of which the engine knows nothing.
    """
    try:
        found = [search(turn) for turn in range(turns)]
    except EngineFailed:
        log.exception("the routing engine failed; planning by insertion")
        found = [{who: list(jobs) for who, jobs in pinned.items()}]
    if len(free) <= FEW and any(job.preferred for job in free):
        found.append({who: list(jobs) for who, jobs in pinned.items()})
    for orders in found:
        given = {job.id for jobs in orders.values() for job in jobs}
        give(days, orders, [job for job in free if job.id not in given])
    return min(found, key=lambda orders: _cost(days, orders))


def _cost(days: Mapping[Id, Day], orders: Orders) -> tuple[int, int]:
    """What counts: first the priorities served, then what it costs."""
    served = sum(job.priority for jobs in orders.values() for job in jobs)
    return -served, sum(cost_of(days[who], jobs, _route(days[who], jobs)) for who, jobs in orders.items() if jobs)


def _asked(
    engine: Engine, days: Mapping[Id, Day], pinned: Orders, free: Sequence[Job], roads: Roads, seconds_limit: float
) -> Orders:
    """The engine's answer to the jobs in this order, as far as it holds."""
    puzzle = encoded(days, pinned, free, roads)
    try:
        found = puzzle.orders(engine(puzzle.puzzle, seconds_limit))
    except Exception as error:  # whatever ails a foreign engine, the day must be planned
        raise EngineFailed from error
    _part_from_linked(pinned, found)
    return {who: _kept(days[who], jobs, found[who]) if who in found else list(jobs) for who, jobs in pinned.items()}


def _part_from_linked(pinned: Orders, found: Orders) -> None:
    """The engine does not know what must go to one person: all but one lose it, and insertion tries again."""
    holders: dict[str, set[Id]] = {}
    for orders in (pinned, found):
        for who, jobs in orders.items():
            for linked in {job.linked for job in jobs if job.linked is not None}:
                if not holders.setdefault(linked, set()) or orders is pinned:
                    holders[linked].add(who)
    for who, jobs in found.items():
        jobs[:] = [job for job in jobs if job.linked is None or job.settled or holders[job.linked] == {who}]


def _kept(day: Day, pinned: list[Job], wanted: list[Job]) -> list[Job]:
    """What the engine wants, if it holds by our own clock and bag and keeps what is pinned; otherwise as much of it as fits."""
    wanted = [job for job in wanted if is_skilled(day.technician, job) and day.tools.issuperset(job.tools)]
    if {job.id for job in pinned} <= {job.id for job in wanted} and passable(day, wanted) and _in_the_bag(day, wanted):
        return wanted
    jobs, kept = pinned, {job.id for job in pinned}
    for job in wanted:
        found = None if job.id in kept else cheapest(day, jobs, job)
        jobs = list(found.jobs) if found else jobs
    return jobs


def _in_the_bag(day: Day, jobs: list[Job]) -> bool:
    """Whether the bag holds what all the jobs take; the engine counts from where the day stands, not from the morning."""
    return all(count <= day.bag.get(part, 0) for part, count in parts_of(jobs).items())


def _written(problem: Problem, days: Mapping[Id, Day], orders: Orders) -> Plan:
    routes = tuple(_route(days[who], jobs) for who, jobs in orders.items() if jobs)
    served = {stop.job for route in routes for stop in route.stops}
    left = (job for job in problem.jobs if job.id not in served)
    return Plan(routes, tuple(Unserved(job.id, reasons(days, orders, job)) for job in left))


def _route(day: Day, jobs: Sequence[Job]) -> Route:
    route = timetable(day, jobs)
    if route is None:
        raise AssertionError(f"the jobs of technician {day.technician.id} cannot be done in their order")
    return route


def _checked(problem: Problem, roads: Roads, made: Plan) -> Plan:
    """The plan itself. A plan that breaks a rule is our mistake and must not reach anybody."""
    broken = violations(problem, made, roads)
    if broken:
        raise AssertionError("the plan breaks rules: " + "; ".join(map(str, broken)))
    return made
