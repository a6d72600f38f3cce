"""What no plan can be made of is named; what only looks so is planned or left with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from dispatch.errors import RuleBroken
from dispatch.routing import Roads, plan
from dispatch.routing.improve import improved
from dispatch.routing.roads import places_of
from dispatch.routing.search.run import Effort
from tests.routing.town import at, job, problem, technician

ROUNDS = Effort(60, rounds=5)
BOTH = pytest.mark.parametrize("planner", [lambda *a, **k: plan(*a, 1, **k), lambda *a, **k: improved(*a, ROUNDS, **k).plan])


@BOTH
@pytest.mark.parametrize(
    ("people", "jobs", "sentence"),
    [
        ([technician(), technician()], [], "technician su: this id is there twice"),
        ([technician()], [job("a"), job("a")], "job a: this id is there twice"),
        ([technician()], [job("a", at=(float("nan"), 114.0))], "job a has no place on the map"),
        ([technician(home=())], [job("a")], "technician su has no place on the map"),
        ([technician()], [job("a", minutes=-1)], "job a takes less than no time"),
    ],
)
def test_a_record_that_cannot_be_is_named(planner, people, jobs, sentence):
    with pytest.raises(RuleBroken) as refused:
        planner(problem(people, jobs))
    assert str(refused.value) == sentence


@BOTH
@pytest.mark.parametrize("wrong", [-1, float("nan")])
def test_travel_times_with_holes_are_refused(planner, wrong):
    day = problem([technician()], [job("a", 1)])
    table = np.array([[0, 600], [wrong, 0]])
    with pytest.raises(RuleBroken, match="from job a to technician su is missing or negative"):
        planner(day, roads=Roads(places_of(day), table, table))
    with pytest.raises(RuleBroken, match="job b: its place is not in the travel times"):
        planner(problem([technician()], [job("b", 2)]), roads=Roads(places_of(day), abs(table), abs(table)))


@BOTH
@pytest.mark.parametrize(
    "odd", [{"windows": ((at("7:00"), at("8:00")),)}, {"minutes": 700}, {"skills": {"never heard of": 1}}, {"pinned_to": "gone"}]
)
def test_what_nobody_can_do_is_left_and_the_rest_is_planned(planner, odd):
    made = planner(problem([technician()], [job("a", **odd), job("b")], not_before="8:30"))
    assert [left.job for left in made.unserved] == ["a"] and [stop.job for stop in made.routes[0].stops] == ["b"]


@BOTH
def test_nobody_and_nothing(planner):
    assert planner(problem([], [])).routes == () and planner(problem([technician()], [])).unserved == ()
    assert [left.job for left in planner(problem([], [job("a")])).unserved] == ["a"]
