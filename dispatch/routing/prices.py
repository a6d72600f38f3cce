"""What a day costs beside its way, as seconds on the road, plainly reckoned: the search must come to the same."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.routing.day import Day, length, visits
from dispatch.routing.model import Job, Plan, Prices, Problem, Route, Technician

FAIR_PARTS = 120
"""A minute for each hour worked before, of a day during which the hours grow: (after² - before²) / 2 / 60, in minutes."""


def is_priced(day: Day, jobs: Sequence[Job]) -> bool:
    """Whether it costs something to be late here, or home late."""
    return day.technician.overtime_minutes > 0 or any(job.late_minutes for job in jobs)


def cost_of(day: Day, jobs: Sequence[Job], route: Route) -> int:
    """The way and everything that has a price."""
    dear = sum(dear_for(day.technician, job, day.prices) for job in visits(jobs))
    return route.travel_s + dear + price_of(day, jobs, route) + unfairness(day, jobs, route)


def beside_the_way(problem: Problem, plan: Plan) -> int:
    """Of a whole plan everything that has a price, the way left out."""
    jobs, people = {job.id: job for job in problem.jobs}, {one.id: one for one in problem.technicians}
    return sum(
        _beside(people[route.technician], [jobs[s.job] for s in route.stops], route, problem.prices) for route in plan.routes
    )


def _beside(one: Technician, jobs: Sequence[Job], route: Route, prices: Prices) -> int:
    late = sum(lateness(job, stop.start) * job.late_price for job, stop in zip(jobs, route.stops, strict=True))
    over = 0 if not jobs or jobs[-1].settled else max(0, route.home_at - one.shift[1])
    minutes = (route.travel_s + sum(stop.end - stop.start for stop in route.stops)) // 60
    dear = sum(dear_for(one, job, prices) for job in jobs)
    return late + over * one.overtime_price + dear + _unfair(one.worked_minutes, minutes, prices)


def price_of(day: Day, jobs: Sequence[Job], route: Route) -> int:
    """Of lateness and of overtime."""
    late = sum(lateness(job, stop.start) * job.late_price for job, stop in zip(visits(jobs), route.stops, strict=True))
    return late + overtime(day, jobs, route) * day.technician.overtime_price


def lateness(job: Job, start: int) -> int:
    """Seconds by which a promise is broken; what is settled was promised anew."""
    if job.pinned_start is not None or not job.windows:
        return 0
    return min(max(0, start - closes) for _, closes in job.windows)


def overtime(day: Day, jobs: Sequence[Job], route: Route) -> int:
    """Seconds by which he is home late; not where the last stop was settled by somebody."""
    return 0 if not jobs or jobs[-1].settled else max(0, route.home_at - day.technician.shift[1])


def dear_for(one: Technician, job: Job, prices: Prices) -> int:
    """What it costs to give this job to this person."""
    if job.pinned_to is not None:
        return 0
    other = job.preferred and one.id not in job.preferred
    return (
        one.visit_price
        + (prices.not_preferred if other else 0)
        + (prices.lent if is_lent(one, job) else 0)
        + prices.too_skilled * sum(max(0, one.skills.get(skill, 0) - level) for skill, level in job.skills.items())
    )


def is_lent(one: Technician, job: Job) -> bool:
    """Whether the job belongs to another branch than the person."""
    return one.branch is not None and job.branch is not None and one.branch != job.branch


def unfairness(day: Day, jobs: Sequence[Job], route: Route) -> int:
    """The price of working, the higher the more somebody has worked in this week."""
    before = day.technician.worked_minutes
    work = sum(length(job, last, day.technician) for last, job in zip([None, *jobs], jobs, strict=False))
    return _unfair(before, (route.travel_s + work) // 60, day.prices)


def _unfair(before: int, minutes: int, prices: Prices) -> int:
    after = before + minutes
    return prices.fair * (after * after - before * before) // FAIR_PARTS
