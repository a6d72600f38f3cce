"""Planning again in the middle of a day, so that few people notice: what would change, for whom, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

from dispatch.routing.check import violations
from dispatch.routing.model import Id, Job, Plan, Problem, Unserved
from dispatch.routing.notice import Prices, Scales
from dispatch.routing.repair import Repair
from dispatch.routing.search.run import Effort
from dispatch.routing.standing import LeftAlone, Situation, bearable, last_of, left_alone, wanted
from dispatch.routing.wider import widened

NEVER_MIND = 60
"""Seconds by which a start may differ without being told."""


@dataclass(frozen=True)
class Change:
    """What a proposal changes about a job: (technician, start) before and after, None where nobody has it.

    `late_s`: by how much it is late then.
    """

    job: Id
    before: tuple[Id, int] | None
    after: tuple[Id, int] | None
    late_s: int = 0

    @property
    def is_noticed(self) -> bool:
        """Whether it is more than some seconds with the same person."""
        if self.before is None or self.after is None or self.before[0] != self.after[0]:
            return True
        return abs(self.before[1] - self.after[1]) > NEVER_MIND


@dataclass(frozen=True)
class Figures:
    """A plan in numbers. `shifted`: visits at another time than was told; `price` is what counts, in seconds on the road."""

    travel_s: int
    late_s: int
    late_jobs: int
    shifted: int
    overtime_s: int
    unserved: int
    unserved_priority: int
    price: int


@dataclass(frozen=True)
class Proposal:
    """What to do, beside what becomes of the day by itself. The plan keeps all rules of `problem`: nothing is late or long in it
    that would not be so by itself, too."""

    problem: Problem
    plan: Plan
    moves: tuple[Change, ...]
    figures: Figures
    alone: Plan
    broken: tuple[Change, ...]
    nothing: Figures
    rounds: int = field(default=0, compare=False)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The moves that somebody notices."""
        return tuple(move for move in self.moves if move.is_noticed)

    @property
    def saves(self) -> int:
        """By how much it is better than doing nothing."""
        return self.nothing.price - self.figures.price

    @property
    def is_worth_it(self) -> bool:
        """Whether there is something to accept."""
        return self.saves > 0 and bool(self.changes)


def replanned(
    of: Situation,
    effort: Effort = Effort(1.0),  # noqa: B008 - it is frozen, as are the prices
    prices: Prices = Prices(),  # noqa: B008
    wide: Effort | None = None,
) -> Proposal:
    """The best found near what has happened, with doing nothing always one of the choices; with `wide` the search for whole days
    goes on from there.

    Equal rounds and seed give an equal answer. Raises AssertionError should the plan break a rule.
    """
    began = monotonic()
    alone = left_alone(of)
    problem = bearable(of, alone)
    scales = Scales(of, prices)
    repair = Repair(of, problem, alone.plan, scales, _broken_jobs(of, alone), effort.seed)
    rounds = repair.work(effort, began)
    if wide is not None:
        widened(of, repair, wide)
    plan = _checked(of, problem, repair.plan())
    nothing = Plan(alone.plan.routes, tuple(Unserved(job.id) for job in problem.jobs if job.id not in alone.starts))
    return Proposal(
        problem,
        plan,
        tuple(_moves(of, plan)),
        _figures(of, scales, plan),
        nothing,
        tuple(_worse(of, nothing)),
        _figures(of, scales, nothing),
        rounds,
    )


def _checked(of: Situation, problem: Problem, plan: Plan) -> Plan:
    broken = violations(problem, plan, of.roads)
    if broken:
        raise AssertionError("the proposal breaks rules: " + "; ".join(map(str, broken[:5])))
    return plan


def _broken_jobs(of: Situation, alone: LeftAlone) -> frozenset[Id]:
    """What is late or lost by itself, beside what it is about."""
    lost = (job for job in of.standing.places if job not in alone.starts)
    late = (job.id for job in of.problem.jobs if not of.is_fixed(job) and _late_by(job, alone.starts.get(job.id, 0)))
    known = {job.id for job in of.problem.jobs}
    return frozenset({*of.focus, *lost, *late} & known)


def _late_by(job: Job, start: int) -> int:
    return max(0, start - last_of(job)) if wanted(job) else 0


def _places(plan: Plan) -> dict[Id, tuple[Id, int]]:
    return {stop.job: (route.technician, stop.start) for route in plan.routes for stop in route.stops}


def _moves(of: Situation, plan: Plan) -> Iterator[Change]:
    """Whatever differs from what people know by a second: who, when, whether at all."""
    after, before = _places(plan), of.standing.places
    for job in of.problem.jobs:
        old, new = before.get(job.id), after.get(job.id)
        if old != new and not of.is_fixed(job):
            yield Change(job.id, old, new, _late_by(job, new[1]) if new else 0)


def _worse(of: Situation, alone: Plan) -> Iterator[Change]:
    """What breaks by itself: jobs that come too late or not at all, new ones included."""
    jobs = {job.id: job for job in of.problem.jobs}
    after = _places(alone)
    for job in jobs.values():
        if job.id in after and not of.is_fixed(job):
            late = _late_by(job, after[job.id][1])
            if late > NEVER_MIND:
                yield Change(job.id, of.standing.places.get(job.id), after[job.id], late)
        elif job.id not in after and (job.id in of.standing.places or job.id in of.focus):
            yield Change(job.id, of.standing.places.get(job.id), None)


def _figures(of: Situation, scales: Scales, plan: Plan) -> Figures:
    jobs = {job.id: job for job in of.problem.jobs}
    late = [
        _late_by(jobs[stop.job], stop.start) for route in plan.routes for stop in route.stops if not of.is_fixed(jobs[stop.job])
    ]
    left = [jobs[one.job] for one in plan.unserved]
    price = sum(scales.route(route) for route in plan.routes) + sum(scales.unserved(job) for job in left)
    return Figures(
        travel_s=sum(route.travel_s for route in plan.routes),
        late_s=sum(late),
        late_jobs=sum(one > NEVER_MIND for one in late),
        shifted=sum(scales.is_shifted(stop) for route in plan.routes for stop in route.stops),
        overtime_s=sum(scales.overtime(route) for route in plan.routes),
        unserved=len(left),
        unserved_priority=sum(job.priority for job in left),
        price=price,
    )
