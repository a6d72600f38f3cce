"""Each wish changes the plan: limits, prices, borders and links, by our search and by the engine with insertion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.routing import Plan, plan
from dispatch.routing.improve import improved
from dispatch.routing.model import Prices
from dispatch.routing.search.run import Effort
from tests.routing.town import HOUR, at, job, problem, shop, stops, technician

NEAR, FAR = technician("near", home=shop(1), skills={"repair": 3}), technician("far", home=shop(3), skills={"repair": 1})


def planned(people, jobs, **facts) -> Plan:
    """By both ways, which find the same people here."""
    day = replace(problem(people, jobs), **facts)
    ours, engine = improved(day, Effort(60, rounds=100)).plan, plan(day, 1)
    assert {who: set(stops(ours, who)) for who in ("near", "far")} == {who: set(stops(engine, who)) for who in ("near", "far")}
    return ours


@pytest.mark.parametrize(
    ("near", "facts", "prices"),
    [
        ({}, {"forbidden": ("near",)}, Prices()),
        ({}, {"preferred": ("far",)}, Prices(not_preferred=3600)),
        ({}, {"skills": {"repair": 1}}, Prices(too_skilled=1800)),
        ({"branch": "n", "lent": False}, {"branch": "s"}, Prices()),
        ({"branch": "n"}, {"branch": "s"}, Prices(lent=3600)),
        ({"visit_price": 3600}, {}, Prices()),
        ({"max_stops": 0}, {}, Prices()),
        ({"pace": 1000}, {}, Prices()),
        ({"paces": {"repair": 1000}}, {"skills": {"repair": 1}}, Prices()),
        ({"worked_minutes": 2400}, {}, Prices(fair=2)),
    ],
)
def test_the_nearest_does_not_go_where_something_speaks_for_another(near, facts, prices):
    assert stops(planned([NEAR, FAR], [job("a")]), "near") == ["a"]
    made = improved(replace(problem([replace(NEAR, **near), FAR], [job("a", **facts)]), prices=prices), Effort(60, rounds=50))
    assert stops(made.plan, "far") == ["a"] and made.unserved_priority == 0


def test_a_contractor_goes_where_nobody_else_can():
    assert stops(planned([replace(NEAR, visit_price=100_000)], [job("a")]), "near") == ["a"]


def test_nobody_drives_longer_than_he_may_and_an_open_end_needs_no_way_home():
    (way,) = (technician("near", max_travel_minutes=45),)
    assert len(stops(planned([way], [job("a", 2), job("b", 3)]), "near")) == 1
    made = planned([replace(way, open_end=True)], [job("a", 2), job("b", 3)])
    assert stops(made, "near") == ["a", "b"] and made.routes[0].home_at == made.routes[0].stops[-1].end


def test_overtime_and_lateness_are_taken_as_far_as_they_go_and_told():
    late = [job("a", 0, minutes=300), job("b", 0, minutes=300)]
    assert len(stops(planned([technician("near")], late), "near")) == 1
    made = improved(problem([technician("near", overtime_minutes=60, overtime_price=2)], late), Effort(60, rounds=50))
    assert len(stops(made.plan, "near")) == 2 and made.cost == 2 * HOUR
    wall = [job("a", 0, windows=((at("9:00"), at("9:00")),)), job("b", 0, windows=((at("9:00"), at("9:30")),))]
    promise = replace(wall[1], late_minutes=30, late_price=3)
    assert len(stops(planned([technician("near")], wall), "near")) == 1
    made = improved(problem([technician("near")], [wall[0], promise]), Effort(60, rounds=50))
    assert len(stops(made.plan, "near")) == 2 and made.cost == 3 * HOUR // 2


def test_linked_visits_go_to_one_person_and_rather_one_is_left():
    pair = [job("a", 1, linked="pair", minutes=200), job("b", 3, linked="pair", minutes=200)]
    assert {len(stops(planned([NEAR, FAR], pair), who)) for who in ("near", "far")} == {0, 2}
    longer = [replace(one, minutes=300) for one in pair]
    made = improved(problem([NEAR, FAR], longer), Effort(60, rounds=50)).plan
    assert len(made.unserved) == 1
    settled = replace(pair[0], pinned_to="far", pinned_start=at("9:00"))
    assert stops(planned([NEAR, FAR], [settled, pair[1]]), "far") == ["a", "b"]
