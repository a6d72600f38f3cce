"""Why no window of a day can be promised, and the cheapest way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dispatch.routing.explain import reasons
from dispatch.routing.model import Job, Plan, Reason, Route, Stop
from dispatch.routing.promise import OpenDay
from dispatch.routing.search.tables import tables_of
from dispatch.routing.ways_out import Rooms, WayOut, told
from dispatch.words import say

STEPS_BY_PRICE = ("overtime", "move", "window")


def why_none(one: OpenDay, job: Job) -> tuple[Reason, ...]:
    """Everybody who cannot come in any of its windows, in groups with one sentence each; who came nearest stands first."""
    if not one.windows:
        return (Reason(say("Its times for today are over.") if one.standing.days else say("Nobody works on this day.")),)
    standing = one.standing
    days = {day.technician.id: day for day in standing.days}
    orders = {day.technician.id: list(jobs) for day, jobs in zip(standing.days, standing.orders, strict=True)}
    return reasons(days, orders, replace(job, windows=one.windows, pinned_start=None), brief=True)


def cheapest_way(days: Sequence[OpenDay], job: Job) -> tuple[OpenDay, Reason] | None:
    """Of all days the first on which the least that must give is enough, with the sentence."""
    ways = [(one, way) for one in days if one.windows and one.standing.days for way in _ways(one, job)]
    if not ways:
        return None
    one, (_way, sentence) = min(ways, key=lambda found: (found[1][0].minutes, STEPS_BY_PRICE.index(found[1][0].kind)))
    return one, sentence


def _ways(one: OpenDay, job: Job) -> Sequence[tuple[WayOut, Reason]]:
    """The way out of one day, if there is any, and its sentence."""
    standing = one.standing
    asked = replace(job, windows=((one.windows[0][0], one.windows[-1][1]),), pinned_start=None)
    jobs = (*(each for his in standing.orders for each in his), asked)
    problem = replace(standing.problem, jobs=jobs)
    rooms = Rooms(problem, tables_of(problem, standing.roads), _as_plan(one))
    way = rooms.way_out(asked.id)
    return [(way, sentence) for sentence in told(way, problem, asked.id)] if way else []


def _as_plan(one: OpenDay) -> Plan:
    standing = one.standing
    routes = zip(standing.days, standing.orders, strict=True)
    stops = {day.technician.id: tuple(Stop(job.id, 0, 0, 0, 0) for job in jobs) for day, jobs in routes}
    return Plan(tuple(Route(who, 0, 0, its, None, 0, 0) for who, its in stops.items() if its))
