"""The reasons for what is left, and the cheapest way out: with exactly that the job fits."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings

from dispatch.routing import Plan, Problem, Roads
from dispatch.routing.improve import improved
from dispatch.routing.insertion import cheapest
from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort
from dispatch.routing.search.tables import tables_of
from dispatch.routing.timetable import days_of
from dispatch.routing.ways_out import MOVE, OVERTIME, WINDOW, Rooms, WayOut
from tests.routing.test_timing import SEEDS, problem_by_chance
from tests.routing.town import at, job, problem, technician
from tests.routing.wishes import wished


def fits(day: Problem, plan: Plan, roads: Roads, way: WayOut, name: object) -> bool:
    """Whether the job fits, by the plain timetable, with nothing changed but what the way out says."""
    jobs = {one.id: one for one in day.jobs}
    orders = {one.id: [] for one in day.technicians} | {
        route.technician: [jobs[stop.job] for stop in route.stops] for route in plan.routes
    }
    people = [
        replace(one, overtime_minutes=one.overtime_minutes + (way.minutes if way.kind == OVERTIME else 0))
        for one in day.technicians
    ]
    days = days_of(replace(day, technicians=tuple(people)), roads)
    asked = jobs[name]
    if way.kind == WINDOW:
        asked = replace(asked, late_minutes=asked.late_minutes + way.minutes)
    if way.kind == MOVE:
        if cheapest(days[way.to], orders[way.to], jobs[way.other]) is None:
            return False
        orders[way.technician].remove(jobs[way.other])
    return cheapest(days[way.technician], orders[way.technician], asked) is not None


@settings(deadline=None, max_examples=60)
@given(SEEDS)
@example(33554432)  # his way would be shorter without the other job, but nobody has room for that
def test_exactly_what_the_way_out_says_makes_room(seed):
    day, roads = problem_by_chance(Random(seed))
    day = wished(day, Random(seed)) if seed % 2 else day
    made = improved(day, Effort(60, rounds=5, seed=seed), roads=roads, explained=True).plan
    rooms, days = Rooms(day, tables_of(day, roads), made), days_of(day, roads)
    jobs = {one.id: one for one in day.jobs}
    for left in made.unserved:
        way = rooms.way_out(left.job)
        assert left.reasons and (way is None or fits(day, made, roads, way, left.job))
        for who in rooms.free(left.job):
            order = [jobs[stop.job] for route in made.routes if route.technician == who for stop in route.stops]
            assert cheapest(days[who], order, jobs[left.job])


@pytest.mark.parametrize(
    ("people", "jobs", "sentence"),
    [
        ([technician(shift=(at("8:30"), at("9:20")))], [job("x", 0)], "su could take it with 15 more minutes of overtime"),
        (
            [technician()],
            [job("a", 0, minutes=30, priority=9, windows=((at("8:30"),) * 2,)), job("x", 0, windows=((at("8:30"),) * 2,))],
            "su could take it if it might begin until 09:00",
        ),
    ],
)
def test_the_way_out_is_told_behind_the_reasons(people, jobs, sentence):
    made = improved(problem(people, jobs), Effort(60, rounds=20), explained=True).plan
    (left,) = made.unserved
    assert str(left.reasons[-1].text) == sentence


def test_a_job_that_somebody_else_could_take_makes_room():
    hour = (at("8:30"), at("9:30"))
    people = [technician("su", skills={"taxi": 1}, shift=hour), technician("wei", shift=hour)]
    day = problem(people, [job("a", 0), job("x", 0, skills={"taxi": 1})])
    full = improved(problem(people[:1], [day.jobs[0]]), Effort(60, rounds=5)).plan
    assert Rooms(day, tables_of(day, roads_of(day)), full).way_out("x") == WayOut(MOVE, "su", other="a", to="wei")
