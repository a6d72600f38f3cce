"""The cheapest way out for a job that nobody has: a little overtime, another job to somebody else, a wider window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dispatch.routing.clockwork import NEVER
from dispatch.routing.explain import clock
from dispatch.routing.model import Id, Plan, Problem, Reason, Route
from dispatch.routing.search.rooms import OTHER, TO, WHO, by_store, freed, rooms
from dispatch.routing.search.routes import Routes, empty_routes, refresh_all
from dispatch.routing.search.run import own
from dispatch.routing.search.tables import Ints, Tables
from dispatch.routing.search.teams import agree_all, could_begin
from dispatch.words import say

STORE, OVERTIME, MOVE, WINDOW = "store", "overtime", "move", "window"
STEPS = ((STORE, 0), (OVERTIME, 15), (MOVE, 0), (WINDOW, 30), (OVERTIME, 30), (WINDOW, 60), (OVERTIME, 60), (WINDOW, 120))
"""Minutes; what comes first is held to be cheaper."""


@dataclass(frozen=True)
class WayOut:
    """With this alone the job fits: so many `minutes` of overtime or of a later window, or his `other` job given `to` another,
    or a stop at a `store`."""

    kind: str
    technician: Id
    minutes: int = 0
    other: Id | None = None
    to: Id | None = None
    store: Id | None = None


class Rooms:
    """Everybody's route of a plan, to ask for room in it."""

    def __init__(self, problem: Problem, tables: Tables, plan: Plan) -> None:
        self.problem, self.tables, self.plan = problem, own(tables), plan
        self.number = {job.id: number for number, job in enumerate(problem.jobs)}
        self.stops = {route.technician: self._stops_of(route) for route in plan.routes}
        self.routes = self._routes(self.tables)
        self.longer: dict[int, tuple[Tables, Routes]] = {}

    def free(self, job: Id) -> dict[Id, int]:
        """Who has room for it as things are, and the seconds on the road that it adds."""
        return self._room(self.tables, self.routes, self.number[job])

    def at_once(self, job: Id) -> bool:
        """Whether two people have room for a visit of two; it is enough for all others if one has."""
        number = self.number[job]
        return bool(self.tables.half[number] == number or could_begin(self.tables, self.routes, number))

    def way_out(self, job: Id) -> WayOut | None:
        """The first of the steps that is enough, by whoever has the least way. Of a visit of two none is known."""
        if self.tables.half[self.number[job]] != self.number[job]:
            return None
        ways = (way for kind, minutes in STEPS if (way := self._step(kind, minutes, self.number[job])))
        return next(ways, None)

    def _step(self, kind: str, minutes: int, job: int) -> WayOut | None:
        if kind in (MOVE, STORE):
            return self._move(job) if kind == MOVE else self._fetch(job)
        asked = self.problem.jobs[job]
        if kind == WINDOW and (asked.pinned_start is not None or not asked.windows):
            return None
        found = self._late(job, minutes) if kind == WINDOW else self._over(job, minutes)
        return WayOut(kind, min(found, key=lambda who: found[who]), minutes) if found else None

    def _over(self, job: int, minutes: int) -> dict[Id, int]:
        if minutes not in self.longer:
            tables = self.tables._replace(over=self.tables.over + minutes * 60)
            self.longer[minutes] = tables, self._routes(tables)
        return self._room(*self.longer[minutes], job)

    def _late(self, job: int, minutes: int) -> dict[Id, int]:
        late = self.tables.late.copy()
        late[job] += minutes * 60
        return self._room(self.tables._replace(late=late), self.routes, job)

    def _move(self, job: int) -> WayOut | None:
        found = np.zeros(3, dtype=np.int64)
        if not freed(self.tables, self.routes, job, found):
            return None
        people, jobs = self.problem.technicians, self.problem.jobs
        return WayOut(MOVE, people[found[WHO]].id, other=jobs[found[OTHER]].id, to=people[found[TO]].id)

    def _fetch(self, job: int) -> WayOut | None:
        found = self._room(self.tables, self.routes, job) if self.problem.stores else {}
        if not found:
            return None
        who = min(found, key=lambda one: found[one])
        row = [one.id for one in self.problem.technicians].index(who)
        store = int(by_store(self.tables, self.routes, row, job)) - len(self.problem.jobs)
        return WayOut(STORE, who, store=self.problem.stores[store].id) if store >= 0 else None

    def _room(self, tables: Tables, routes: Routes, job: int) -> dict[Id, int]:
        extra: Ints = np.zeros(tables.people, dtype=np.int64)
        rooms(tables, routes, job, extra)
        told = zip(self.problem.technicians, extra.tolist(), strict=True)
        return {one.id: seconds for one, seconds in told if seconds < NEVER}

    def _routes(self, tables: Tables) -> Routes:
        routes = empty_routes(tables)
        for who, one in enumerate(self.problem.technicians):
            stops = self.stops.get(one.id, [])
            routes.stops[who, : len(stops)], routes.many[who] = stops, len(stops)
        refresh_all(tables, routes)
        begins: Ints = np.zeros(tables.jobs, dtype=np.int64)
        for stop in (stop for route in self.plan.routes for stop in route.stops):
            begins[self.number[stop.job]] = stop.start
        agree_all(tables, routes, begins)
        return routes

    def _stops_of(self, route: Route) -> list[int]:
        stops = [self.number[stop.job] for stop in route.stops]
        if route.store:
            row = [store.id for store in self.problem.stores].index(route.store.store)
            stops.insert(route.store.before, len(self.problem.jobs) + row)
        return stops


def told(way: WayOut, problem: Problem, job: Id) -> Iterator[Reason]:
    """The way out as a sentence."""
    who = (way.technician,)
    if way.kind == OVERTIME:
        yield Reason(say("%(who)s could take it with %(minutes)s more minutes of overtime", who=who[0], minutes=way.minutes), who)
    elif way.kind == STORE:
        yield Reason(say("%(who)s could take it after a stop at store %(store)s", who=who[0], store=way.store), who)
    elif way.kind == MOVE:
        yield Reason(say("%(who)s could take it if %(to)s took job %(other)s", who=who[0], to=way.to, other=way.other), who)
    else:
        (asked,) = (one for one in problem.jobs if one.id == job)
        until = max(closes for _, closes in asked.windows) + (asked.late_minutes + way.minutes) * 60
        yield Reason(say("%(who)s could take it if it might begin until %(at)s", who=who[0], at=clock(until)), who)
