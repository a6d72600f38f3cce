"""Everybody's route as it stands, in memory, ready to be asked: who could take one more job?

Building costs about as much as reading the plan: half a second for 1,000 technicians with 5,500 stops, most of it the check of
each day, and a second copy of the table of roads (read along its columns). A process that answers many calls keeps one of these
for a day and tells it of each route that changes (`rewrite`, some 50 microseconds), and of the time (`at`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dispatch.routing.alike import Able, Alike, able_for, homes_of, minutes_of
from dispatch.routing.model import Id, Job, Lunch, Plan, Problem, Technician
from dispatch.routing.roads import Roads
from dispatch.routing.search.joining import Extra
from dispatch.routing.search.lanes import HOME, NO_LUNCH, Lanes, as_it_is, desk, refresh_lane, written
from dispatch.routing.search.tables import Ints
from dispatch.routing.search.timing import NEVER
from dispatch.routing.timetable import Day, days_of, parts_of

MOST_WINDOWS = 4
ROOM = 4
"""How many stops more than the longest a route may get before everything is laid out anew."""
UNPINNED = -1
NOWHERE = (0.0, 0.0)
OUT_OF_QUESTION = 1 << 30
NO_LIMIT = 1 << 30
FASTS = (NEVER, NO_LUNCH, NO_LUNCH)
"""As a lunch: none."""


@dataclass(frozen=True)
class Terms:
    """What is weighed against a second on the road: a second until the job is done, one that somebody comes too late (no more
    than `late_most_s`) or home after his shift (`over_most_s`), a part that lacks in the bag, a point of priority that has to
    make room, and one that then finds no place any more. Limits and prices of lateness are the standing's own.

    Who may work overtime by himself may be home so late at his own price, unless `own_overtime` is off.
    """

    wait: int = 1
    late_most_s: int = 3600
    late_price: int = 3
    over_most_s: int = 0
    over_price: int = 2
    lacking: int = 1800
    bump: int = 600
    lost: int = 3000
    own_overtime: bool = True

    @property
    def calm(self) -> Terms:
        """The same for what can wait and must lack nothing."""
        return replace(self, wait=0, lacking=OUT_OF_QUESTION)


CALM = Terms(late_most_s=0, own_overtime=False).calm
"""Nobody comes late or home late, nobody lacks a part, and it does not matter when within the window."""


class RoutesInMemory:
    """The routes of a plan. Stops of a day that cannot be driven as it stands (changed by hand) count as settled.

    Asking writes on one desk: whoever asks or changes holds `lock`.
    """

    def __init__(self, problem: Problem, plan: Plan, roads: Roads, terms: Terms | None = None) -> None:
        self.problem, self.roads, self.terms = problem, roads, terms or Terms()
        self.lock = threading.RLock()
        self.homes, table = homes_of(problem.technicians, roads)
        self.table = np.ascontiguousarray(table)
        self.toward = np.ascontiguousarray(self.table.T)
        self.number = {one.id: k for k, one in enumerate(problem.technicians)}
        self.kinds = sorted({part for has in _parts(problem) for part in has})
        self.starts = {stop.job: stop.start for route in plan.routes for stop in route.stops}
        self.wide = max(MOST_WINDOWS, *(len(job.windows) for job in problem.jobs), 0)
        self._able: dict[str, Able] = {}
        most = [NO_LIMIT if one.max_stops is None else one.max_stops for one in problem.technicians]
        self.most_stops = np.array(most, dtype=np.int64)
        self._lay_out(*_days_and_orders(problem, plan, roads))
        for job in problem.jobs:  # who can do what is known before somebody waits for the answer
            self.able(job)

    def _lay_out(self, days: Sequence[Day], orders: Sequence[Sequence[Job]]) -> None:
        """Everything anew, with room for some stops more."""
        self.days, self.orders = list(days), [list(jobs) for jobs in orders]
        most = max(map(len, orders), default=0) + ROOM
        self.lanes = _empty(self.days, most, self.wide, len(self.kinds), self.terms)
        self.lanes = self.lanes._replace(not_before=self.problem.not_before or 0)
        self.desk = desk(most)
        self.lanes.place[self.asked_slot + 1 :] = self.homes
        for who, jobs in enumerate(self.orders):
            self._write(who, jobs)

    @property
    def asked_slot(self) -> int:
        """The slot of the job that is asked about."""
        return int(self.lanes.spans.size) - 1

    def slot(self, who: int, position: int) -> int:
        """The slot of a stop."""
        return who * int(self.lanes.skip.shape[1]) + position

    def rewrite(self, technician: Id, jobs: Sequence[Job]) -> None:
        """Somebody's route has changed: these are his jobs now, in their order."""
        who = self.number[technician]
        self.orders[who] = list(jobs)
        if len(jobs) > self.lanes.skip.shape[1]:
            self._lay_out(self.days, self.orders)
        else:
            self._write(who, jobs)

    def put(self, technician: Id, position: int, job: Job) -> None:
        """Somebody gets one job more."""
        jobs = self.orders[self.number[technician]]
        self.rewrite(technician, [*jobs[:position], job, *jobs[position:]])

    def drop(self, job: Id) -> None:
        """A job is not to be done any more, whoever had it."""
        for who, jobs in enumerate(self.orders):
            if any(one.id == job for one in jobs):
                self.rewrite(self.days[who].technician.id, [one for one in jobs if one.id != job])

    def at(self, not_before: int) -> None:
        """The moment of planning moves on."""
        self.lanes = self.lanes._replace(not_before=not_before)
        for who in range(len(self.orders)):
            refresh_lane(self.lanes, who, self.desk)

    def _write(self, who: int, jobs: Sequence[Job]) -> None:
        """A route; one that cannot be driven stands where the plan has it."""
        if self._laid(who, jobs) >= NEVER and all(job.id in self.starts for job in jobs):
            me = self.days[who].technician.id
            one = self.days[who].technician
            jobs = [replace(job, pinned_to=me, pinned_start=self.starts[job.id], minutes=minutes_of(job, one)) for job in jobs]
            if self._laid(who, jobs) >= NEVER:
                self.lanes.lunch[who] = FASTS
                self._laid(who, jobs)
        self.orders[who] = list(jobs)

    def _laid(self, who: int, jobs: Sequence[Job]) -> int:
        """Writes the numbers of a route; returns the price of the day."""
        lanes, index, day = self.lanes, self.roads.index, self.days[who]
        lanes.many[who] = len(jobs)
        for k, job in enumerate(jobs):
            self.write_job(self.slot(who, k), job, day.technician)
        way = [index[day.technician.home], *(index[job.at] for job in jobs), self.homes[who]]
        table = self.table
        lanes.leg[who, : len(way) - 1] = table[way[:-1], way[1:]]
        lanes.skip[who, : len(jobs)] = table[way[:-2], way[2:]]
        used = parts_of(jobs)
        lanes.left[who] = [day.bag.get(kind, 0) - used.get(kind, 0) for kind in self.kinds]
        return int(refresh_lane(lanes, who, self.desk))

    def write_job(self, slot: int, job: Job, who: Technician | None = None) -> None:
        """All that a slot knows of a job; it takes as long as whoever has it needs. Who is linked makes no room for others."""
        lanes, terms = self.lanes, self.terms
        windows = ((job.pinned_start, job.pinned_start),) if job.pinned_start is not None else job.windows
        lanes.place[slot] = self.roads.index[job.at]
        lanes.setup[slot], lanes.priority[slot] = job.setup_minutes * 60, job.priority
        self.take_time(slot, job, 100 if who is None else who.pace_of(job))
        lanes.pinned[slot] = job.pinned_start if job.settled and job.pinned_start is not None else UNPINNED
        is_promise = job.pinned_start is None and bool(windows)
        lanes.late[slot], lanes.late_price[slot] = terms.late_most_s if is_promise else 0, terms.late_price
        lanes.may_go[slot] = job.pinned_to is None and job.linked is None
        lanes.parts[slot] = [job.parts.get(kind, 0) for kind in self.kinds]
        lanes.spans[slot], first = len(windows), slot * lanes.wide
        for k, (opens, closes) in enumerate(windows):
            lanes.opens[first + k], lanes.closes[first + k] = opens, closes

    def take_time(self, slot: int, job: Job, pace: int) -> None:
        """What is in a slot takes so many per cent of its time."""
        self.lanes.work[slot] = job.minutes * 60 if job.settled else (job.minutes * 60 * pace + 50) // 100

    def joining(self, job: Job, slot: int, terms: Terms, *, but: int | None = None) -> Extra:
        """A job as something to join the routes (of everybody `but` one)."""
        row = self.roads.index[job.at]
        able = self.able(job) * self.has_room()
        if but is not None:
            able[but] = 0
        return Extra(slot, self.toward[row], self.table[row], able, terms.wait, terms.lacking, terms.bump)

    def able(self, job: Job) -> Ints:
        """Who may do a job, bag, time and the number of his stops left aside."""
        able = self._known(job).who * (self.lanes.owed < NEVER)
        if job.linked is not None:
            for holder in self._holders(job.linked):
                able[[who for who in range(len(able)) if who != holder]] = 0
        return able

    def _holders(self, linked: str) -> set[int]:
        """Who has jobs that go together by this name."""
        return {who for who, jobs in enumerate(self.orders) if any(one.linked == linked for one in jobs)}

    def alike(self, job: Job) -> tuple[Alike, ...]:
        """Those who may do a job in groups that take the same time for it at the same price."""
        return self._known(job).groups

    def has_room(self, leaving: int = 0) -> Ints:
        """Who has fewer stops than he may have, once so many of his have left."""
        return (self.lanes.many - leaving < self.most_stops).astype(np.int64)

    def _known(self, job: Job) -> Able:
        """Jobs that are alike but for what, where and when are asked about once."""
        blank: dict[str, Any] = {"minutes": 0, "setup_minutes": 0, "windows": (), "priority": 0, "parts": {}, "linked": None}
        kind = repr(replace(job, id="", at=NOWHERE, pinned_start=None, **blank))
        if kind not in self._able:
            self._able[kind] = able_for(self.problem, job)
        return self._able[kind]

    def cost_of(self, who: int) -> tuple[int, int]:
        """Seconds on the road of a route, and the price of the rest."""
        return int(self.lanes.leg[who, : self.lanes.many[who] + 1].sum()), int(self.lanes.owed[who])

    def starts_of(self, who: int) -> dict[Id, int]:
        """When each stop of a route begins, as it stands."""
        written(self.lanes, who, self.desk, as_it_is(self.lanes, who, self.desk), HOME, 0)
        return dict(zip((job.id for job in self.orders[who]), self.desk.start.tolist(), strict=False))

    def ask(self, job: Job, terms: Terms) -> Extra:
        """A new job, written into the slot of what is asked about. Raises ValueError where the roads do not know its place."""
        if job.at not in self.roads.index:
            raise ValueError(f"the roads do not know the place of job {job.id}")
        if len(job.windows) > self.wide:
            self.wide = len(job.windows)
            self._lay_out(self.days, self.orders)
        self.write_job(self.asked_slot, job)
        return self.joining(job, self.asked_slot, terms)


def _parts(problem: Problem) -> list[Mapping[str, int]]:
    return [*(one.parts for one in problem.technicians), *(job.parts for job in problem.jobs)]


def _days_and_orders(problem: Problem, plan: Plan, roads: Roads) -> tuple[list[Day], list[list[Job]]]:
    days = days_of(problem, roads)
    jobs = {job.id: job for job in problem.jobs}
    stops = {route.technician: route.stops for route in plan.routes}
    orders = [[jobs[stop.job] for stop in stops.get(one.id, ()) if stop.job in jobs] for one in problem.technicians]
    return [days[one.id] for one in problem.technicians], orders


def _empty(days: Sequence[Day], most: int, wide: int, kinds: int, terms: Terms) -> Lanes:
    """Nobody has a stop yet."""
    people, slots = len(days), len(days) * most + 1
    by_person = {name: np.zeros(people, dtype=np.int64) for name in ("many", "owed")}
    by_slot = ("work", "setup", "pinned", "late", "late_price", "priority", "may_go", "spans")
    team = [day.technician for day in days]
    shifts = np.array([one.shift for one in team], dtype=np.int64).reshape(-1, 2)
    return Lanes(
        **by_person,
        **{name: np.zeros(slots, dtype=np.int64) for name in by_slot},
        **{name: np.zeros(slots * wide, dtype=np.int64) for name in ("opens", "closes")},
        shift=shifts,
        over=np.array([max(terms.over_most_s, _overtime_s(one, terms)) for one in team], dtype=np.int64),
        over_price=np.array([_over_price(one, terms) for one in team], dtype=np.int64),
        lunch=np.array([_lunch(day.lunch) for day in days], dtype=np.int64).reshape(-1, 3),
        left=np.zeros((people, kinds), dtype=np.int64),
        leg=np.zeros((people, most + 1), dtype=np.int64),
        skip=np.zeros((people, most), dtype=np.int64),
        soonest=np.zeros((people, most + 1), dtype=np.int64),
        until=np.zeros((people, most + 1), dtype=np.int64),
        place=np.zeros(slots + people, dtype=np.int64),
        parts=np.zeros((slots, kinds), dtype=np.int64),
        wide=wide,
        not_before=0,
    )


def _overtime_s(one: Technician, terms: Terms) -> int:
    return one.overtime_minutes * 60 if terms.own_overtime else 0


def _over_price(one: Technician, terms: Terms) -> int:
    return one.overtime_price if _overtime_s(one, terms) else terms.over_price


def _lunch(lunch: Lunch | None) -> tuple[int, int, int]:
    return (lunch.earliest, lunch.latest, lunch.seconds) if lunch else FASTS
