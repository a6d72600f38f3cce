"""Who could take one more job: the list beside a call and in the assign dialog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.routing.day import Day, visits
from dispatch.routing.explain import STOPS, fits_shift, limit_reached
from dispatch.routing.fetching import order_of
from dispatch.routing.insertion import cheapest, linked_with
from dispatch.routing.model import Id, Job, Plan, Problem, Route, Store
from dispatch.routing.prices import dear_for
from dispatch.routing.roads import Roads, great_circle, places_of
from dispatch.routing.suits import APART, HOLDS_CASH, LONG, MANY, may_collect, may_come, not_coming, parts_missing, skills_missing
from dispatch.routing.timetable import days_of, passable, timetable
from dispatch.words import Text, say


@dataclass(frozen=True)
class Candidate:
    """A technician for a job: the start and extra seconds on the road at his cheapest place (None: no room), and what he lacks.

    Start and extra are told even where skill or part is missing, since both can be mended or overruled. `dear`: what it costs,
    as seconds on the road, that it is he and not whom the customer prefers.
    """

    technician: Id
    start: int | None
    extra_travel_s: int | None
    ok: bool
    missing: tuple[Text, ...]
    dear: int = 0


def who_could(problem: Problem, plan: Plan, job: Job, roads: Roads | None = None) -> list[Candidate]:
    """Every technician for `job`, the able ones first, then by extra seconds on the road.

    `job` may be new or already in the plan (then it is taken out first). Stops keep their order; unsettled ones may move later.
    """
    asked = replace(job, pinned_to=None, pinned_start=None)
    others = replace(problem, jobs=tuple(other for other in problem.jobs if other.id != job.id))
    roads = roads or great_circle([*places_of(others), job.at], problem.travel)
    days = days_of(others, roads)
    orders = orders_of(others, plan, days)
    holders = linked_with({who: list(jobs) for who, jobs in orders.items()}, asked)
    found = (_candidate(days[who], jobs, asked, apart=bool(holders - {who})) for who, jobs in orders.items())
    return sorted(found, key=_rank)


def orders_of(problem: Problem, plan: Plan, days: Mapping[Id, Day]) -> dict[Id, Sequence[Job]]:
    """Technician -> jobs in the plan's order, without those the problem does not know."""
    jobs = {job.id: job for job in problem.jobs}
    routes = {route.technician: route for route in plan.routes}
    return {who: _settled_if_odd(day, routes.get(who), jobs, problem.stores) for who, day in days.items()}


def _settled_if_odd(day: Day, route: Route | None, jobs: Mapping[Id, Job], stores: Sequence[Store]) -> Sequence[Job]:
    """A day changed by hand may break the clock's rules: then its stops stand where they are."""
    if route is None:
        return day.settled
    known = order_of(replace(route, stops=tuple(stop for stop in route.stops if stop.job in jobs)), jobs, stores)
    if passable(day, known):
        return known
    starts = {stop.job: stop.start for stop in route.stops}
    return [replace(job, pinned_to=route.technician, pinned_start=starts[job.id]) for job in visits(known)]


def _candidate(day: Day, jobs: Sequence[Job], job: Job, *, apart: bool) -> Candidate:
    missing, dear = [*lacks(day, jobs, job), *([APART] if apart else [])], dear_for(day.technician, job, day.prices)
    found = cheapest(day, jobs, job)
    route = timetable(day, found.jobs) if found else None
    if found is None or route is None:
        missing.append(_no_room(day, jobs, job))
        return Candidate(day.technician.id, None, None, False, tuple(missing), dear)
    start = next(stop.start for stop in route.stops if stop.job == job.id)
    return Candidate(day.technician.id, start, found.extra_travel_s, not missing, tuple(missing), dear)


def lacks(day: Day, jobs: Sequence[Job], job: Job) -> Iterator[Text]:
    """What training, cash in hand, skills and bag lack for the job beside the others."""
    if not day.technician.product_trained:
        yield say("has not passed the product training")
    if not may_collect(day.technician, job):
        yield HOLDS_CASH
    if not may_come(day.technician, job):
        yield not_coming(day.technician, job)
    for skill, level in skills_missing(day.technician, job).items():
        yield say("lacks skill %(skill)s %(level)s", skill=skill, level=level)
    for part, count in parts_missing(day.bag, jobs, job).items():
        yield say("is %(count)s short of %(part)s in the bag", count=count, part=part)
    for tool in sorted({*job.tools} - day.tools):
        yield say("has no %(tool)s with him", tool=tool)


def _no_room(day: Day, jobs: Sequence[Job], job: Job) -> Text:
    limit = limit_reached(day, jobs, job)
    if limit:
        return MANY if limit == STOPS else LONG
    return say("no room beside the other stops") if fits_shift(day, job) else say("not on shift at that time")


def _rank(candidate: Candidate) -> tuple[bool, bool, int, int, int]:
    start, extra = candidate.start, candidate.extra_travel_s
    return (not candidate.ok, start is None, len(candidate.missing), (extra or 0) + candidate.dear, start or 0)
