"""When a technician is where, for a given order of jobs, by the rules of `clockwork`.

Being earlier is never worse, so one forward walk decides: at each stop it keeps the earliest moment of being ready with lunch
still to come ("hungry") and with lunch taken ("fed").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from dispatch.routing.clockwork import NEVER, ate_and_there, start_from, stood_until
from dispatch.routing.model import Id, Job, Lunch, Problem, Route, Stop, Technician
from dispatch.routing.roads import Roads

NOBODY_BEFORE = 0


@dataclass(frozen=True)
class Day:
    """What is fixed about one technician's day before any new job is given.

    `settled`: the settled jobs in order of start. `bag`: part -> how many may be used, at least what the settled jobs use.
    `lunch` is None where none is due or the settled jobs leave no room for it.
    """

    technician: Technician
    roads: Roads
    lunch: Lunch | None
    bag: Mapping[str, int]
    settled: tuple[Job, ...]
    not_before: int

    @property
    def home(self) -> int:
        """Row of the home in the tables."""
        return self.roads.index[self.technician.home]


class Ready(NamedTuple):
    """Earliest moments of being done with a stop (None: cannot be). `lunch_gap`: before which stop the fed one ate."""

    hungry: int | None
    fed: int | None = None
    lunch_gap: int | None = None

    @property
    def possible(self) -> bool:
        """Whether either way is open."""
        return self.hungry is not None or self.fed is not None


@dataclass(frozen=True)
class Passable:
    """The jobs can be done in their order, with lunch before the job of that index (len: before going home; None: none due)."""

    lunch_gap: int | None


class Leg(NamedTuple):
    """A drive: seconds, moment before which nobody sets out, place in the sequence, whether lateness at its end is forgiven."""

    seconds: int
    not_before: int
    gap: int
    forgiven: bool = False


def days_of(problem: Problem, roads: Roads) -> dict[Id, Day]:
    """A day for each technician."""
    settled: dict[Id, list[Job]] = {t.id: [] for t in problem.technicians}
    for job in problem.jobs:
        if job.pinned_to is not None and job.settled and job.pinned_to in settled:
            settled[job.pinned_to].append(job)
    return {t.id: _day(t, roads, tuple(sorted(settled[t.id], key=_by_start)), problem.not_before) for t in problem.technicians}


def _by_start(job: Job) -> int:
    return job.pinned_start or 0


def _day(technician: Technician, roads: Roads, settled: tuple[Job, ...], not_before: int | None) -> Day:
    lunch = technician.lunch
    if lunch and technician.shift[0] > lunch.latest:
        lunch = None
    bag = {part: max(technician.parts.get(part, 0), used) for part, used in parts_of(settled).items()}
    day = Day(technician, roads, lunch, {**technician.parts, **bag}, settled, not_before or NOBODY_BEFORE)
    return day if passable(day, settled) else replace(day, lunch=None)


def parts_of(jobs: Sequence[Job]) -> dict[str, int]:
    """Part -> how many the jobs use together."""
    used: dict[str, int] = {}
    for job in jobs:
        for part, count in job.parts.items():
            used[part] = used.get(part, 0) + count
    return used


def opening(job: Job, at: int) -> int | None:
    """The first moment from `at` on when the job may start."""
    if job.pinned_start is not None:
        return job.pinned_start if at <= job.pinned_start else None
    if not job.windows:
        return at
    opens, closes = zip(*job.windows, strict=True)
    start = start_from(at, opens, closes, 0, len(opens), 0)
    return start if start < NEVER else None


def length(job: Job, before: Job | None) -> int:
    """Seconds of work, setup included unless the stop before was at the same place."""
    setup = 0 if before is not None and before.at == job.at else job.setup_minutes
    return (setup + job.minutes) * 60


def passable(day: Day, jobs: Sequence[Job], *, strict: bool = False, must_eat: bool = False) -> Passable | None:
    """Whether the jobs can be done in this order, and when lunch is.

    `strict` forgives settled jobs nothing still to come; `must_eat` asks for lunch even of who is home early.
    """
    ready = walked(day, jobs, strict=strict)
    if not ready.possible:
        return None
    last = jobs[-1] if jobs else None
    leg = Leg(drive(day, last, None), NOBODY_BEFORE, len(jobs), _forgiven(day, last, None, strict))
    home = _arrivals(day, ready, leg)
    if not must_eat and _home_in_time(day, home.hungry, leg) and _may_stay_hungry(day, home.hungry):
        return Passable(None)
    return Passable(home.lunch_gap) if day.lunch and _home_in_time(day, home.fed, leg) else None


def _may_stay_hungry(day: Day, home_at: int | None) -> bool:
    return day.lunch is None or (home_at is not None and home_at <= day.lunch.latest)


def _home_in_time(day: Day, moment: int | None, leg: Leg) -> bool:
    return moment is not None and (leg.forgiven or moment <= day.technician.shift[1])


def walked(day: Day, jobs: Sequence[Job], *, strict: bool = False) -> Ready:
    """The state after the last job; stops early when nothing is possible any more."""
    ready, before = Ready(day.technician.shift[0]), None
    for gap, job in enumerate(jobs):
        leg = Leg(drive(day, before, job), _not_before(day, job), gap, _forgiven(day, before, job, strict))
        ready = _worked(ready, _arrivals(day, ready, leg), length(job, before), job, leg)
        if not ready.possible:
            break
        before = job
    return ready


def _not_before(day: Day, job: Job) -> int:
    return NOBODY_BEFORE if job.settled else day.not_before


def drive(day: Day, a: Job | None, b: Job | None) -> int:
    """Seconds between two stops; None is home."""
    index, seconds = day.roads.index, day.roads.seconds
    return seconds[index[a.at] if a else day.home][index[b.at] if b else day.home]


def _forgiven(day: Day, a: Job | None, b: Job | None, strict: bool) -> bool:
    """A drive between settled stops is not ours to judge: somebody decided it, by hand or by leaving late."""
    if strict and not (b is not None and is_past(day, b)):
        return False
    return (a is not None or b is not None) and (a is None or a.settled) and (b is None or b.settled)


def is_past(day: Day, job: Job) -> bool:
    """Whether a settled job began before the moment of planning."""
    return job.settled and job.pinned_start is not None and job.pinned_start < day.not_before


def _arrivals(day: Day, ready: Ready, leg: Leg) -> Ready:
    """Earliest arrivals at the end of a leg, hungry and fed (lunch taken earlier, or on this leg)."""
    hungry = None if ready.hungry is None else max(ready.hungry, leg.not_before) + leg.seconds
    fed = None if ready.fed is None else max(ready.fed, leg.not_before) + leg.seconds
    eating = None if day.lunch is None or ready.hungry is None else arrival_with_lunch(day.lunch, ready.hungry, leg)
    if eating is not None and (fed is None or eating < fed):
        return Ready(hungry, eating, leg.gap)
    return Ready(hungry, fed, ready.lunch_gap)


def arrival_with_lunch(lunch: Lunch, ready: int, leg: Leg) -> int | None:
    """Earliest moment of being there and having eaten, before or after the drive. None: lunch would be too late."""
    there = ate_and_there(ready, leg.not_before, leg.seconds, lunch.earliest, lunch.latest, lunch.seconds)
    return there if there < NEVER else None


def _worked(ready: Ready, arrived: Ready, work: int, job: Job, leg: Leg) -> Ready:
    """From arrivals to being done. Lateness through a lunch on this very leg is not forgiven: lunch was our choice."""
    hungry = _done(job, arrived.hungry, work, leg)
    if arrived.lunch_gap == leg.gap:
        fed = _done(job, arrived.fed, work, leg._replace(forgiven=False))
        if fed is not None or ready.fed is None:
            return Ready(hungry, fed, leg.gap)
        arrived = Ready(arrived.hungry, max(ready.fed, leg.not_before) + leg.seconds, ready.lunch_gap)
    return Ready(hungry, _done(job, arrived.fed, work, leg), arrived.lunch_gap)


def _done(job: Job, arrival: int | None, work: int, leg: Leg) -> int | None:
    """The end of the work for an arrival. Of two settled jobs that overlap, the later end counts."""
    if arrival is None:
        return None
    if leg.forgiven and job.pinned_start is not None:
        return stood_until(job.pinned_start, work, arrival, leg.seconds)
    start = opening(job, arrival)
    return None if start is None else start + work


def rows_of(day: Day, jobs: Sequence[Job]) -> list[int]:
    """Rows of the places from home to home."""
    return [day.home, *(day.roads.index[job.at] for job in jobs), day.home]


def road_seconds(day: Day, jobs: Sequence[Job]) -> int:
    """Seconds on the road from home to home."""
    seconds = day.roads.seconds
    return sum(seconds[a][b] for a, b in pairwise(rows_of(day, jobs)))


def timetable(day: Day, jobs: Sequence[Job]) -> Route | None:
    """The technician's route for the jobs in this order, each as early as can be, leaving home as late as that allows."""
    way = passable(day, jobs)
    return None if way is None else _Clock(day, jobs, way.lunch_gap).route()


class _Clock:
    """Writes the times of a passable order down."""

    def __init__(self, day: Day, jobs: Sequence[Job], lunch_gap: int | None) -> None:
        self.day, self.jobs, self.lunch_gap = day, jobs, lunch_gap
        self.now = day.technician.shift[0]
        self.lunch_at: int | None = None
        self.stops: list[Stop] = []

    def route(self) -> Route:
        """All stops, then home."""
        for gap, job in enumerate(self.jobs):
            self._visit(gap, job)
        way_home = drive(self.day, self.jobs[-1] if self.jobs else None, None)
        home_at, _ = self._reach(Leg(way_home, NOBODY_BEFORE, len(self.jobs)), None)
        travel = sum(stop.travel_s for stop in self.stops) + way_home
        leave_at = self.stops[0].arrive - self.stops[0].travel_s if self.stops else home_at
        return Route(self.day.technician.id, leave_at, home_at, tuple(self.stops), self.lunch_at, travel, self._metres())

    def _visit(self, gap: int, job: Job) -> None:
        before = self.jobs[gap - 1] if gap else None
        leg = Leg(drive(self.day, before, job), _not_before(self.day, job), gap)
        ready, arrive = self._reach(leg, job)
        start = self._start(job, ready)
        arrive = self._not_too_early(arrive, start) if gap == 0 else min(arrive, start)
        end = start + length(job, before)
        self.now = max(self.now, end)
        self.stops.append(Stop(job.id, arrive, start, end, leg.seconds))

    def _start(self, job: Job, ready: int) -> int:
        if job.settled and job.pinned_start is not None:
            return job.pinned_start
        start = opening(job, ready)
        if start is None:
            raise AssertionError(f"the walk called an order passable that misses job {job.id}")
        return start

    def _not_too_early(self, arrive: int, start: int) -> int:
        """Home is left so as to arrive when the work, or lunch at the first stop, begins."""
        if self.lunch_at is None or self.lunch_at < arrive:
            return start
        return self.lunch_at

    def _reach(self, leg: Leg, job: Job | None) -> tuple[int, int]:
        """(ready to work, arrival) at the end of a leg; sets `lunch_at` on the leg where lunch is."""
        leave = max(self.now, leg.not_before)
        if self.lunch_gap != leg.gap or self.day.lunch is None:
            return leave + leg.seconds, leave + leg.seconds
        lunch = self.day.lunch
        ready = arrival_with_lunch(lunch, self.now, leg) or leave + leg.seconds
        self.lunch_at, arrive = _lunch_on(lunch, self.now, leave, leg.seconds, ready if job is None else self._start(job, ready))
        return ready, arrive

    def _metres(self) -> int:
        metres = self.day.roads.metres
        return sum(metres[a][b] for a, b in pairwise(rows_of(self.day, self.jobs)))


def _lunch_on(lunch: Lunch, now: int, leave: int, way: int, start: int) -> tuple[int, int]:
    """(lunch, arrival): lunch before the drive if that costs nothing, else on arrival."""
    at = max(now, lunch.earliest)
    arrive = max(at + lunch.seconds, leave) + way
    if arrive <= start:
        return at, arrive
    return max(leave + way, lunch.earliest), leave + way
