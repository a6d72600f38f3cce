"""The checker sees what is wrong: each rule broken once in a good plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.routing import Plan, Unserved, plan, violations
from tests.routing.town import HOUR, MINUTE, NOON, at, job, problem, technician

DAY = problem(
    [technician(lunch=NOON, skills={"repair": 1}, parts={"sim": 2}), technician("wei")],
    [
        job("a", 1, skills={"repair": 1}, parts={"sim": 1}, windows=((at("9:00"), at("10:00")),)),
        job("b", 2, skills={"repair": 1}, parts={"sim": 1}, windows=((at("14:00"), at("15:00")),)),
        job("c", 2, pinned_to="su", pinned_start=at("16:00")),
    ],
)


@pytest.fixture(scope="module")
def good():
    """A plan without fault."""
    return plan(DAY, 5)


def said(made: Plan, day=DAY) -> str:
    """All sentences."""
    return "; ".join(map(str, violations(day, made)))


def with_stop(made: Plan, number: int, **changes: int) -> Plan:
    """The plan with one stop changed."""
    route = made.routes[0]
    stops = list(route.stops)
    stops[number] = replace(stops[number], **changes)
    return Plan((replace(route, stops=tuple(stops)),), made.unserved)


def test_a_good_plan_has_no_violations(good):
    assert violations(DAY, good) == [] and [stop.job for stop in good.routes[0].stops] == ["a", "b", "c"]


def test_accounts(good):
    route = good.routes[0]
    assert "is unknown or in the plan 0 times" in said(Plan())
    assert "job a is unknown or in the plan 2 times" in said(Plan(good.routes, (Unserved("a"),)))
    assert "two routes" in said(Plan((route, route)))
    assert "job zz is unknown" in said(Plan(good.routes, (Unserved("zz"),)))
    assert "unknown" in said(Plan((replace(route, technician="nobody"),)))


def test_pins(good):
    assert "not where it was pinned" in said(with_stop(good, 2, start=at("16:05"), end=at("17:05")))
    shorter = replace(good.routes[0], stops=good.routes[0].stops[:2])
    assert "pinned job c is not served" in said(Plan((shorter,), (Unserved("c"),)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"start": at("10:30"), "end": at("11:30")}, "outside its windows"),
        ({"end": at("9:30")}, "wrong length"),
        ({"arrive": at("12:00")}, "before the arrival"),
        ({"travel_s": 1}, "seconds on the road are wrong"),
    ],
)
def test_stops(good, changes, sentence):
    assert sentence in said(with_stop(good, 0, **changes))


def test_the_clock(good):
    route = good.routes[0]
    assert "no lunch" in said(Plan((replace(route, lunch_at=None),)))
    assert "lunch does not fit" in said(Plan((replace(route, lunch_at=at("14:10")),)))
    assert "lunch does not fit" in said(Plan((replace(route, lunch_at=at("11:00")),))), "before its time"
    assert "leaves before the shift" in said(Plan((replace(route, leave_at=at("8:00")),)))
    early = with_stop(good, 1, start=at("9:05"), end=at("10:05"), arrive=at("9:05"))
    assert "the drive to b is too short" in said(early)


def test_suits(good):
    green, wei = replace(DAY.technicians[0], skills={}, parts={}), DAY.technicians[1]
    assert "needs a higher skill" in said(good, replace(DAY, technicians=(green, wei)))
    assert "2 of sim are more than the bag holds" in said(good, replace(DAY, technicians=(green, wei)))
    untrained = replace(DAY.technicians[0], product_trained=False)
    assert "not trained" in said(good, replace(DAY, technicians=(untrained, wei)))


def test_home_and_now():
    day = problem([technician()], [job("a", 1)])
    made = plan(day, 5)
    late = replace(made.routes[0], home_at=at("18:00"))
    assert "home after the shift" in said(Plan((late,)), day)
    assert "sets out to a before now" in said(made, replace(day, not_before=at("9:00")))
    assert made.routes[0].home_at - made.routes[0].leave_at == pytest.approx(HOUR + 20 * MINUTE, abs=2)
