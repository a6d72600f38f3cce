"""Everybody's route as it stands, in memory, ready to be asked: who could take one more job?

Building costs about as much as reading the plan: half a second for 1,000 technicians with 5,500 stops, most of it the check of
each day, and a second copy of the table of roads (read along its columns). A process that answers many calls keeps one of these
for a day and tells it of each route that changes (`rewrite`, some 50 microseconds), and of the time (`at`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.routing.model import Id, Job, Lunch, Plan, Problem
from dispatch.routing.roads import Roads
from dispatch.routing.search.joining import Extra
from dispatch.routing.search.lanes import HOME, NO_LUNCH, Lanes, as_it_is, desk, refresh_lane, written
from dispatch.routing.search.tables import Ints
from dispatch.routing.search.timing import NEVER
from dispatch.routing.suits import is_skilled
from dispatch.routing.timetable import Day, days_of, parts_of

MOST_WINDOWS = 4
ROOM = 4
"""How many stops more than the longest a route may get before everything is laid out anew."""
UNPINNED = -1
NOWHERE = (0.0, 0.0)
OUT_OF_QUESTION = 1 << 30
FASTS = (NEVER, NO_LUNCH, NO_LUNCH)
"""As a lunch: none."""


@dataclass(frozen=True)
class Terms:
    """What is weighed against a second on the road: a second until the job is done, one that somebody comes too late (no more
    than `late_most_s`) or home after his shift (`over_most_s`), a part that lacks in the bag, a point of priority that has to
    make room, and one that then finds no place any more. Limits and prices of lateness are the standing's own.
    """

    wait: int = 1
    late_most_s: int = 3600
    late_price: int = 3
    over_most_s: int = 0
    over_price: int = 2
    lacking: int = 1800
    bump: int = 600
    lost: int = 3000

    @property
    def calm(self) -> Terms:
        """The same for what can wait and must lack nothing."""
        return replace(self, wait=0, lacking=OUT_OF_QUESTION)


CALM = Terms(late_most_s=0).calm
"""Nobody comes late, nobody lacks a part, and it does not matter when within the window."""


class RoutesInMemory:
    """The routes of a plan. Stops of a day that cannot be driven as it stands (changed by hand) count as settled.

    Asking writes on one desk: whoever asks or changes holds `lock`.
    """

    def __init__(self, problem: Problem, plan: Plan, roads: Roads, terms: Terms | None = None) -> None:
        self.problem, self.roads, self.terms = problem, roads, terms or Terms()
        self.lock = threading.RLock()
        self.table = np.ascontiguousarray(roads.table.astype(np.int32, copy=False))
        self.toward = np.ascontiguousarray(self.table.T)
        self.number = {one.id: k for k, one in enumerate(problem.technicians)}
        self.kinds = sorted({part for has in _parts(problem) for part in has})
        self.starts = {stop.job: stop.start for route in plan.routes for stop in route.stops}
        self.wide = max(MOST_WINDOWS, *(len(job.windows) for job in problem.jobs), 0)
        self._able: dict[str, Ints] = {}
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
        self.lanes.place[self.asked_slot + 1 :] = [self.roads.index[day.technician.home] for day in self.days]
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
            jobs = [replace(job, pinned_to=me, pinned_start=self.starts[job.id]) for job in jobs]
            if self._laid(who, jobs) >= NEVER:
                self.lanes.lunch[who] = FASTS
                self._laid(who, jobs)
        self.orders[who] = list(jobs)

    def _laid(self, who: int, jobs: Sequence[Job]) -> int:
        """Writes the numbers of a route; returns the price of the day."""
        lanes, index, day = self.lanes, self.roads.index, self.days[who]
        lanes.many[who] = len(jobs)
        for k, job in enumerate(jobs):
            self.write_job(self.slot(who, k), job)
        way = [index[day.technician.home], *(index[job.at] for job in jobs), index[day.technician.home]]
        table = self.table
        lanes.leg[who, : len(way) - 1] = table[way[:-1], way[1:]]
        lanes.skip[who, : len(jobs)] = table[way[:-2], way[2:]]
        used = parts_of(jobs)
        lanes.left[who] = [day.bag.get(kind, 0) - used.get(kind, 0) for kind in self.kinds]
        return int(refresh_lane(lanes, who, self.desk))

    def write_job(self, slot: int, job: Job) -> None:
        """All that a slot knows of a job."""
        lanes, terms = self.lanes, self.terms
        windows = ((job.pinned_start, job.pinned_start),) if job.pinned_start is not None else job.windows
        lanes.place[slot] = self.roads.index[job.at]
        lanes.work[slot], lanes.setup[slot], lanes.priority[slot] = job.minutes * 60, job.setup_minutes * 60, job.priority
        lanes.pinned[slot] = job.pinned_start if job.settled and job.pinned_start is not None else UNPINNED
        is_promise = job.pinned_start is None and bool(windows)
        lanes.late[slot], lanes.late_price[slot] = terms.late_most_s if is_promise else 0, terms.late_price
        lanes.may_go[slot] = job.pinned_to is None
        lanes.parts[slot] = [job.parts.get(kind, 0) for kind in self.kinds]
        lanes.spans[slot], first = len(windows), slot * lanes.wide
        for k, (opens, closes) in enumerate(windows):
            lanes.opens[first + k], lanes.closes[first + k] = opens, closes

    def joining(self, job: Job, slot: int, terms: Terms, *, but: int | None = None) -> Extra:
        """A job as something to join the routes (of everybody `but` one)."""
        row = self.roads.index[job.at]
        able = self.able(job)
        if but is not None:
            able[but] = 0
        return Extra(slot, self.toward[row], self.table[row], able, terms.wait, terms.lacking, terms.bump)

    def able(self, job: Job) -> Ints:
        """Who may do a job, bag and time left aside. Jobs that are alike but for what, where and when are asked about once."""
        kind = repr(
            replace(job, id="", at=NOWHERE, minutes=0, setup_minutes=0, windows=(), priority=0, parts={}, pinned_start=None)
        )
        if kind not in self._able:
            fits = (is_skilled(one, job) for one in self.problem.technicians)
            self._able[kind] = np.fromiter(fits, dtype=np.int64)
        return self._able[kind] * (self.lanes.owed < NEVER)

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
    shifts = np.array([day.technician.shift for day in days], dtype=np.int64).reshape(-1, 2)
    return Lanes(
        **by_person,
        **{name: np.zeros(slots, dtype=np.int64) for name in by_slot},
        **{name: np.zeros(slots * wide, dtype=np.int64) for name in ("opens", "closes")},
        shift=shifts,
        over=np.full(people, terms.over_most_s, dtype=np.int64),
        over_price=np.full(people, terms.over_price, dtype=np.int64),
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


def _lunch(lunch: Lunch | None) -> tuple[int, int, int]:
    return (lunch.earliest, lunch.latest, lunch.seconds) if lunch else FASTS
