"""A visit of two people: both at once, or nobody."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings

from dispatch.errors import RuleBroken
from dispatch.routing import plan, violations
from dispatch.routing.day_file import read_day
from dispatch.routing.faults import refuse_faults
from dispatch.routing.improve import improved
from dispatch.routing.model import Unserved
from dispatch.routing.search.run import Effort
from dispatch.routing.search.tables import tables_of
from dispatch.routing.suits import bag_holds, is_skilled
from dispatch.routing.timetable import days_of, passable
from dispatch.routing.ways_out import Rooms
from tests.routing.supplied import supplied
from tests.routing.test_timing import SEEDS
from tests.routing.town import at, job, problem, starts, technician

BOTH = [job(f"x#{k}", 1, together="x", setup_minutes=10) for k in (1, 2)]
PEOPLE = [technician(), technician("wei")]


def planned(people, jobs):
    return improved(problem(people, jobs), Effort(60, rounds=60), explained=True).plan


def test_two_people_begin_at_once_and_end_at_once_whatever_their_pace():
    quick = replace(PEOPLE[1], pace=50, shift=(at("9:00"), at("17:30")))
    made = planned([PEOPLE[0], quick], [*BOTH, job("a", 1, windows=((at("8:40"),) * 2,), forbidden=("wei",))])
    halves = [stop for route in made.routes for stop in route.stops if stop.job != "a"]
    assert len(made.routes) == 2 and not made.unserved
    assert {(stop.start, stop.end) for stop in halves} == {(at("9:40"), at("10:50"))}


def test_nobody_goes_alone_and_the_reason_says_so():
    made = planned([technician()], BOTH)
    assert {str(left.reasons[0].text) for left in made.unserved} == {"1 could come, but nobody else is free at the same time"}
    early = [replace(PEOPLE[0], shift=(at("8:00"), at("11:00"))), replace(PEOPLE[1], shift=(at("11:00"), at("17:00")))]
    made = planned(early, BOTH)
    assert str(made.unserved[0].reasons[0].text) == "2 could come, but nobody else is free at the same time"
    left = plan(problem(PEOPLE, BOTH), 1).unserved
    assert str(left[0].reasons[0].text) == "2 could come, but it takes two at the same time"


def test_a_half_that_somebody_settled_calls_the_other_to_its_time():
    settled = replace(BOTH[0], pinned_to="su", pinned_start=at("12:00"))
    assert starts(planned(PEOPLE, [settled, BOTH[1]])) == {"x#1": at("12:00"), "x#2": at("12:00")}


def test_the_checker_sees_halves_apart():
    day = problem(PEOPLE, BOTH)
    made = improved(day, Effort(60, rounds=20)).plan
    first, second = made.routes
    (stop,) = second.stops
    later = replace(stop, start=stop.start + 60, end=stop.end + 60)
    apart = replace(made, routes=(first, replace(second, stops=(later,), home_at=second.home_at + 60)))
    assert [*map(str, violations(day, apart))] == ["the halves of x are apart"]
    alone = replace(made, routes=(first,), unserved=(Unserved(stop.job),))
    assert "one half of x is served alone" in map(str, violations(day, alone))


@pytest.mark.parametrize(
    ("jobs", "sentence"),
    [
        (BOTH[:1], "job x#1: “x” is no visit of two people"),
        ([BOTH[0], replace(BOTH[1], minutes=5)], "job x#1: the two halves of “x” are not alike"),
        ([BOTH[0], replace(BOTH[1], linked="y")], "job x#1: a visit of two people cannot be linked to others"),
    ],
)
def test_what_is_no_visit_of_two_people_is_refused(jobs, sentence):
    with pytest.raises(RuleBroken) as refused:
        refuse_faults(problem(PEOPLE, jobs))
    assert str(refused.value) == sentence


def test_a_file_asks_for_two_people():
    text = '{"technicians": [], "jobs": [{"id": "J", "at": [22.5, 114.1], "minutes": 30, "team": 2}]}'
    assert [(one.id, one.together) for one in read_day(text).jobs] == [("J#1", "J"), ("J#2", "J")]


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_two_have_room_at_once_exactly_if_some_moment_suits_two_places(seed):
    """The compiled deal against trying every minute of the day."""
    day, roads = supplied(Random(seed), teams=1)
    halves = [one for one in day.jobs if one.together]
    if not halves or any(one.settled for one in halves):
        return
    others = replace(day, jobs=tuple(one for one in day.jobs if not one.together), stores=())
    made = improved(others, Effort(60, rounds=5, seed=seed), roads=roads).plan
    day = replace(day, stores=())
    jobs, days = {one.id: one for one in day.jobs}, days_of(day, roads)
    orders = {who: [] for who in days} | {one.technician: [jobs[stop.job] for stop in one.stops] for one in made.routes}
    found = Rooms(day, tables_of(day, roads), made).at_once(halves[0].id)
    assert found == any(_suits(days, orders, halves, start) for start in range(6 * 3600, 30 * 3600, 60))


def _suits(days, orders, halves, start):
    if any(half.windows and not any(a <= start <= b for a, b in half.windows) for half in halves):
        return False
    return any(
        all(
            _fits(days[who], orders[who], replace(half, windows=((start, start),))) for who, half in zip(two, halves, strict=True)
        )
        for two in permutations(days, 2)
    )


def _fits(day, order, half):
    if not is_skilled(day.technician, half) or not bag_holds(day, order, half):
        return False
    return any(passable(day, (*order[:k], half, *order[k:])) for k in range(len(order) + 1))
