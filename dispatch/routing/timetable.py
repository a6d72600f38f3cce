"""When a technician is where, for a given order of jobs, by the rules of `clockwork`.

Being earlier is never worse, so one forward walk decides: at each stop it keeps the earliest moment of being ready with lunch
still to come ("hungry") and with lunch taken ("fed").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from dispatch.routing.clockwork import NEVER, ate_and_there, stood_until
from dispatch.routing.day import Day, drive, is_past, length, opening, parts_of, road_seconds, rows_of, within_limits
from dispatch.routing.fetching import errand_at, lack, tools_of
from dispatch.routing.model import Id, Job, Lunch, Problem, Route, Stop, StoreStop, Technician
from dispatch.routing.prices import is_priced, price_of
from dispatch.routing.roads import Roads

__all__ = ["Day", "days_of", "drive", "length", "opening", "parts_of", "passable", "road_seconds", "rows_of", "timetable"]

NOBODY_BEFORE = 0
EVERYWHERE = -1


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
    """A drive: seconds, moment before which nobody sets out, place in the sequence, whether lateness at its end is forgiven, and
    whether lunch may be on it."""

    seconds: int
    not_before: int
    gap: int
    forgiven: bool = False
    eats: bool = True


def days_of(problem: Problem, roads: Roads) -> dict[Id, Day]:
    """A day for each technician."""
    settled: dict[Id, list[Job]] = {t.id: [] for t in problem.technicians}
    for job in problem.jobs:
        if job.pinned_to is not None and job.settled and job.pinned_to in settled:
            settled[job.pinned_to].append(job)
    stays = {who: tuple(sorted(jobs, key=_by_start)) for who, jobs in settled.items()}
    return {t.id: _day(problem, t, roads, stays[t.id]) for t in problem.technicians}


def _by_start(job: Job) -> int:
    return job.pinned_start or 0


def _day(problem: Problem, technician: Technician, roads: Roads, settled: tuple[Job, ...]) -> Day:
    lunch = technician.lunch
    if lunch and technician.shift[0] > lunch.latest:
        lunch = None
    bag = {part: max(technician.parts.get(part, 0), used) for part, used in parts_of(settled).items()}
    day = Day(
        technician,
        roads,
        lunch,
        {**technician.parts, **bag},
        settled,
        problem.not_before or NOBODY_BEFORE,
        problem.prices,
        frozenset({*technician.tools, *tools_of(settled)}),
        tuple(store.errand() for store in problem.stores if store.serves(technician)),
    )
    return day if passable(day, settled) else replace(day, lunch=None)


def passable(
    day: Day, jobs: Sequence[Job], *, strict: bool = False, must_eat: bool = False, lunch_gap: int = EVERYWHERE
) -> Passable | None:
    """Whether the jobs can be done in this order, and when lunch is.

    `strict` forgives settled jobs nothing still to come; `must_eat` asks for lunch even of who is home early; `lunch_gap` for
    lunch before that stop.
    """
    ready = walked(day, jobs, strict=strict, lunch_gap=lunch_gap) if within_limits(day, jobs) else Ready(None)
    if not ready.possible:
        return None
    last = jobs[-1] if jobs else None
    eats = lunch_gap in (EVERYWHERE, len(jobs))
    leg = Leg(drive(day, last, None), NOBODY_BEFORE, len(jobs), _forgiven(day, last, None, strict), eats)
    home = _arrivals(day, ready, leg)
    if not must_eat and _home_in_time(day, home.hungry, leg) and _may_stay_hungry(day, home.hungry):
        return Passable(None)
    return Passable(home.lunch_gap) if day.lunch and _home_in_time(day, home.fed, leg) else None


def _may_stay_hungry(day: Day, home_at: int | None) -> bool:
    return day.lunch is None or (home_at is not None and home_at <= day.lunch.latest)


def _home_in_time(day: Day, moment: int | None, leg: Leg) -> bool:
    return moment is not None and (leg.forgiven or moment <= day.technician.shift[1] + day.technician.overtime_minutes * 60)


def walked(day: Day, jobs: Sequence[Job], *, strict: bool = False, lunch_gap: int = EVERYWHERE) -> Ready:
    """The state after the last job; stops early when nothing is possible any more."""
    ready, before = Ready(day.technician.shift[0]), None
    for gap, job in enumerate(jobs):
        forgiven, eats = _forgiven(day, before, job, strict), lunch_gap in (EVERYWHERE, gap)
        leg = Leg(drive(day, before, job), _not_before(day, job), gap, forgiven, eats)
        ready = _worked(ready, _arrivals(day, ready, leg), length(job, before, day.technician), job, leg)
        if not ready.possible:
            break
        before = job
    return ready


def _not_before(day: Day, job: Job) -> int:
    return NOBODY_BEFORE if job.settled else day.not_before


def _forgiven(day: Day, a: Job | None, b: Job | None, strict: bool) -> bool:
    """A drive between settled stops is not ours to judge: somebody decided it, by hand or by leaving late."""
    if strict and not (b is not None and is_past(day, b)):
        return False
    return (a is not None or b is not None) and (a is None or a.settled) and (b is None or b.settled)


def _arrivals(day: Day, ready: Ready, leg: Leg) -> Ready:
    """Earliest arrivals at the end of a leg, hungry and fed (lunch taken earlier, or on this leg)."""
    hungry = None if ready.hungry is None else max(ready.hungry, leg.not_before) + leg.seconds
    fed = None if ready.fed is None else max(ready.fed, leg.not_before) + leg.seconds
    lunch = day.lunch if leg.eats else None
    eating = None if lunch is None or ready.hungry is None else arrival_with_lunch(lunch, ready.hungry, leg)
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


def timetable(day: Day, jobs: Sequence[Job]) -> Route | None:
    """The technician's route for the jobs in this order, each as early as can be, leaving home as late as that allows.

    Where being late or home late has a price, lunch is where the day is cheapest.
    """
    way = passable(day, jobs)
    if way is None:
        return None
    route = _Clock(day, jobs, way.lunch_gap).route()
    return _cheapest(day, jobs, route) if day.lunch and is_priced(day, jobs) else route


def _cheapest(day: Day, jobs: Sequence[Job], route: Route) -> Route:
    """The same stops with lunch wherever it costs least."""
    ways = [passable(day, jobs, must_eat=True, lunch_gap=gap) for gap in range(len(jobs) + 1)]
    others = (_Clock(day, jobs, way.lunch_gap).route() for way in ways if way)
    return min([route, *others], key=lambda one: (price_of(day, jobs, one), one.home_at))


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
        store, who = self._store_stop(), self.day.technician.id
        return Route(who, leave_at, home_at, tuple(self.stops), self.lunch_at, travel, self._metres(), store)

    def _store_stop(self) -> StoreStop | None:
        """Takes the stop at the store out from among the visits."""
        at = errand_at(self.jobs)
        if at is None:
            return None
        stop, what = self.stops.pop(at), lack(self.day, self.jobs)
        return StoreStop(stop.job, at, stop.arrive, stop.start, stop.end, stop.travel_s, what.parts, what.tools)

    def _visit(self, gap: int, job: Job) -> None:
        before = self.jobs[gap - 1] if gap else None
        leg = Leg(drive(self.day, before, job), _not_before(self.day, job), gap)
        ready, arrive = self._reach(leg, job)
        start = self._start(job, ready)
        arrive = self._not_too_early(arrive, start) if gap == 0 else min(arrive, start)
        end = start + length(job, before, self.day.technician)
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
