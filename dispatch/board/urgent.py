"""Who can take an urgent order now: the day as the planner may still change it, and his answers as the dispatcher reads them.

What has begun stands as it is. Planned and dispatched visits keep their order and are never moved earlier; they may be put off,
and one that is less urgent may make room.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dispatch.board.operations.changes import Errand
from dispatch.board.problem import DayProblem
from dispatch.board.rules import clock_of, part_words, seconds_of_clock
from dispatch.board.travelling import roads_for
from dispatch.board.wanting import at_usual_pace
from dispatch.board.work import DAY, Ways, fixed_job, joint_job, visit_job_id
from dispatch.orders.models import Order, Visit
from dispatch.routing import Job, Plan, Problem, Route, Stop
from dispatch.routing.model import Id
from dispatch.routing.roads import Roads, great_circle, places_of
from dispatch.words import Text, say

if TYPE_CHECKING:
    from dispatch.routing.urgent import Swap, Taker

WEIGHTS: dict[str, Any] = {"over_most_s": 1800, "over_price": 4, "bump": 20, "lost": 100}
"""Priorities of orders go up to a hundred, and before nobody comes at all somebody may work half an hour longer."""
MOVABLE = ("planned", "dispatched")
LEAST_S = 60
"""What is less than a minute is not told."""
SWAP_GAINS_S = 600
"""Somebody makes room only for so much."""


@dataclass(frozen=True)
class Shifted:
    """A visit that begins later: when, and by how much after the promised time (0: within it)."""

    visit: Visit
    start: int
    late_s: int

    @property
    def told(self) -> Text:
        """In words."""
        number, at = self.visit.order.number, clock_of(self.start)
        if self.late_s < LEAST_S:
            return say("%(order)s begins later, at %(at)s", order=number, at=at)
        return say("%(order)s begins at %(at)s, %(minutes)s min too late", order=number, at=at, minutes=round(self.late_s / 60))


@dataclass(frozen=True)
class Place:
    """A technician who could take it now, and what follows for his other visits. With `bumped` that one makes room: it goes to
    `bumped_to` (None: nobody), `others` are the visits there that begin later."""

    technician_id: int
    arrive: int
    start: int
    extra_travel_s: int
    lacking: tuple[Text, ...]
    shifted: tuple[Shifted, ...]
    over_s: int = 0
    bumped: Visit | None = None
    bumped_to: int | None = None
    bumped_start: int = 0
    others: tuple[Shifted, ...] = ()

    @property
    def minds(self) -> bool:
        """Whether somebody should think before it is done."""
        return bool(self.lacking or self.bumped or self.over >= 1 or any(one.late_s >= LEAST_S for one in self.shifted))

    @property
    def over(self) -> int:
        """Minutes after his shift at which he is home."""
        return round(self.over_s / 60)

    @property
    def minutes(self) -> int:
        """Minutes on the road more."""
        return round(self.extra_travel_s / 60)


@dataclass(frozen=True)
class Places:
    """The best first; `swap` only where it brings somebody much sooner, or at all."""

    best: tuple[Place, ...]
    swap: Place | None = None

    def chosen(self, technician_id: int, *, swap: bool) -> Place | None:
        """What is meant by a press, as it stands now."""
        among = (self.swap,) if swap else self.best
        return next((one for one in among if one is not None and one.technician_id == technician_id), None)


def places_now(errand: Errand, ways: Ways) -> Places:
    """All of today's routes are asked."""
    from dispatch.routing.in_memory import RoutesInMemory, Terms  # loads the compiled search: nothing for whoever never asks
    from dispatch.routing.urgent import who_now

    day = errand.day
    problem, plan = movable_day(day, ways)
    standing = RoutesInMemory(problem, plan, _roads(problem, errand.job), Terms(**WEIGHTS))
    found = who_now(standing, errand.job)
    told = _Told(day, {job.id: job for job in problem.jobs}, ways)
    best = tuple(told.place(taker) for taker in found.best)
    swap = told.swap(found.swap) if found.swap else None
    soonest = min((one.start for one in best if not one.lacking), default=None)
    gains = swap is not None and (soonest is None or swap.start + SWAP_GAINS_S <= soonest)
    return Places(best, swap if gains else None)


def _roads(problem: Problem, job: Job) -> Roads:
    return roads_for(problem, job) or great_circle([*places_of(problem), job.at], problem.travel)


def movable_day(day: DayProblem, ways: Ways) -> tuple[Problem, Plan]:
    """The day with what nobody has set out for as work that can be put off, everybody's visits in their order. Locks hold."""
    jobs, routes = [], []
    for job in day.problem.jobs:
        visit = day.fixed.get(str(job.id))
        jobs.append(_movable(job, visit, day, ways) if visit is not None and _may_wait(visit, day) else job)
    for route in day.standing.routes:
        stops = tuple(Stop(stop.job, stop.arrive, stop.start, stop.end, 0) for stop in route.stops)
        routes.append(Route(route.technician, route.leave_at, route.home_at, stops, None, 0, 0))
    return replace(day.problem, jobs=tuple(jobs)), Plan(tuple(routes))


def _may_wait(visit: Visit, day: DayProblem) -> bool:
    return visit.status in MOVABLE and visit.branch_id == day.of.branch_id and not visit.by_hand


def _movable(job: Job, visit: Visit, day: DayProblem, ways: Ways) -> Job:
    """It begins when it is planned, or later; promised is what the customer was told."""
    asked = joint_job(visit_job_id(visit), [row.line for row in visit.visit_lines], day.of, ways)
    start = job.pinned_start or 0
    window = ((start, max(start, promised_until(visit.order, day))),)
    minutes = at_usual_pace(fixed_job(visit, day.of, ways).minutes, day.pace_of(visit.technician_id))
    return replace(day.wanted(asked, visit), minutes=minutes, windows=window)


def promised_until(order: Order, day: DayProblem) -> int:
    """Until when somebody was promised on this day; far away where nothing was."""
    if order.window_to is None or order.wanted_on not in (None, day.of.day):
        return 2 * DAY
    return seconds_of_clock(order.window_to)


class _Told:
    """The planner's answers in the words of the board."""

    def __init__(self, day: DayProblem, jobs: Mapping[Id, Job], ways: Ways) -> None:
        self.day, self.jobs, self.ways = day, jobs, ways

    def place(self, taker: Taker) -> Place:
        """One technician."""
        short = taker.lacking.items()
        lacking = tuple(say("%(count)s × %(part)s", count=n, part=part_words(part)) for part, n in short)
        shifted = tuple(self._shifted(taker.starts))
        return Place(
            int(taker.technician), taker.arrive, taker.start, taker.extra_travel_s, tuple(lacking), shifted, taker.over_s
        )

    def swap(self, swap: Swap) -> Place:
        """Somebody makes room."""
        visit, to = self.day.fixed[str(swap.bumped)], None if swap.to is None else int(swap.to)
        at_home = swap.to == swap.taker.technician
        taker = replace(swap.taker, starts=swap.to_starts) if at_home else swap.taker
        others = () if at_home else tuple(one for one in self._shifted(swap.to_starts) if one.visit is not visit)
        place = replace(self.place(taker), shifted=tuple(one for one in self._shifted(taker.starts) if one.visit is not visit))
        start = swap.to_starts.get(swap.bumped, 0)
        return replace(place, bumped=visit, bumped_to=to, bumped_start=start, others=others)

    def _shifted(self, starts: Mapping[Id, int]) -> Iterator[Shifted]:
        """The visits that begin later than planned."""
        for job_id, start in starts.items():
            job, visit = self.jobs.get(job_id), self.day.fixed.get(str(job_id))
            if job is None or visit is None or job.pinned_start is not None:
                continue
            opens, closes = job.windows[0]
            if start >= opens + LEAST_S:
                yield Shifted(visit, start, max(0, start - closes))
