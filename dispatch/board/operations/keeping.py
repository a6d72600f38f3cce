"""Which visits a new plan leaves as they were: those it found no one for, unless something stands in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from dispatch.board.outcome import Trip
from dispatch.board.problem import DayProblem
from dispatch.board.rules import seconds_of
from dispatch.board.travelling import roads_for
from dispatch.board.wanting import at_usual_pace
from dispatch.board.work import highest_skills, place_of_visit, visit_job_id
from dispatch.orders.models import Visit
from dispatch.routing import Job, Plan, Problem, Stop, conflicts

IN_THE_WAY = ("overlap", "travel", "training", "skill", "forbidden")
"""Kinds of conflicts for which a visit cannot stay. That its time is over is none: nothing is gained by taking it away."""


@dataclass(frozen=True)
class Change:
    """What a plan changes: the visits that stay though it found no one for them, those that go, and the trips to be written."""

    stays: tuple[Visit, ...]
    goes: tuple[Visit, ...]
    trips: tuple[Trip, ...]


def change_of(made: DayProblem, plan: Plan, loose: Sequence[Visit], trips: Sequence[Trip]) -> Change:
    """Weigh what was planned before (`loose`, in no order) against the plan and its trips.

    A visit stays whole: trips that would only serve its other vehicles are given up. One that was left over from an earlier day
    has no place to stay in and goes.
    """
    found = frozenset(line_id for trip in trips for line_id in trip.line_ids)
    start, _ = made.of.bounds
    unfound = [visit for visit in loose if visit.starts_at >= start and not lines_of(visit) <= found]
    stays = tuple(visit for visit in unfound if _fits(visit, made, plan, trips))
    kept = frozenset(line_id for visit in stays for line_id in lines_of(visit))
    wanted = tuple(trip for trip in trips if not kept.issuperset(trip.line_ids))
    return Change(stays, tuple(visit for visit in loose if visit not in stays), wanted)


def lines_of(visit: Visit) -> frozenset[int]:
    """The vehicles of a visit."""
    return frozenset(row.line_id for row in visit.visit_lines)


def _fits(visit: Visit, made: DayProblem, plan: Plan, trips: Iterable[Trip]) -> bool:
    """Whether its technician may still make a visit beside the other trips meant for him. Time that has run out says nothing."""
    jobs = {job.id: job for job in made.problem.jobs}
    team = tuple(t for t in made.problem.technicians if t.id == visit.technician_id)
    job = _as_it_stands(visit, jobs, made)
    if job is None or not team:
        return False
    own = {line_id for trip in trips if lines_of(visit).issuperset(trip.line_ids) for line_id in trip.line_ids}
    others = _given_to(visit.technician_id, made, plan, own)
    beside = Problem(team, tuple(jobs[stop.job] for route in others.routes for stop in route.stops), made.problem.travel)
    start = seconds_of(visit.starts_at, made.of.day, made.of.zone)
    against = conflicts(beside, others, job, visit.technician_id, start, roads_for(beside, job))
    return not any(found.kind in IN_THE_WAY for found in against)


def _as_it_stands(visit: Visit, jobs: Mapping[int | str, Job], made: DayProblem) -> Job | None:
    place = place_of_visit(visit)
    if place is None:
        return None
    asked = highest_skills(jobs[line_id].skills for line_id in lines_of(visit) if line_id in jobs)
    minutes = at_usual_pace(ceil((visit.ends_at - visit.starts_at).total_seconds() / 60), made.pace_of(visit.technician_id))
    unwanted = next((jobs[line_id].forbidden for line_id in lines_of(visit) if line_id in jobs), ())
    return Job(id=visit_job_id(visit), at=place, minutes=minutes, skills=asked, forbidden=unwanted)


def _given_to(technician_id: int, made: DayProblem, plan: Plan, own: set[int]) -> Plan:
    """What the plan gives a technician anew, without these vehicles."""

    def is_other(stop: Stop) -> bool:
        return stop.job in made.lines and stop.job not in own

    routes = (route for route in plan.routes if route.technician == technician_id)
    return Plan(tuple(replace(route, stops=tuple(filter(is_other, route.stops))) for route in routes))
