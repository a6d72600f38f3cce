"""Who can take an urgent job now: against brute force, and by hand in the town."""

from __future__ import annotations

import pytest

from dispatch.routing import Plan, Route, Stop
from dispatch.routing.in_memory import RoutesInMemory, Terms
from dispatch.routing.roads import great_circle
from dispatch.routing.urgent import who_now
from tests.routing.joining_reference import agrees
from tests.routing.town import NOON, at, job, problem, shop, technician

CASES = 150


@pytest.mark.parametrize("part", range(3))
def test_the_best_are_those_of_brute_force(part):
    assert [seed for seed in range(part, CASES, 3) if not agrees(seed)] == []


def standing(team, routes, not_before="8:30", terms=None):
    """The town with these routes: technician -> jobs in order."""
    day = problem(team, [one for jobs in routes.values() for one in jobs], not_before)
    plan = Plan(
        tuple(Route(who, 0, 0, tuple(Stop(one.id, 0, 0, 0, 0) for one in jobs), None, 0, 0) for who, jobs in routes.items())
    )
    return RoutesInMemory(day, plan, great_circle([shop(n) for n in range(12)], day.travel), terms)


def test_the_nearest_is_first_and_it_is_told_who_comes_late_and_what_lacks():
    promised = job("promised", 2, windows=((at("8:30"), at("9:00")),), parts={"sim": 1})
    team = [
        technician("su", parts={"sim": 1}),
        technician("wei", parts={"sim": 2}),
        technician("far", home=shop(9), parts={"sim": 9}),
    ]
    found = who_now(standing(team, {"su": [promised]}), job("x", 2, minutes=30, parts={"sim": 1}))
    assert [one.technician for one in found.best] == ["wei", "su", "far"]
    assert [one.lacking for one in found.best] == [{}, {"sim": 1}, {}]
    (first,) = (one for one in found.best if one.technician == "wei")
    assert (first.arrive, first.late) == (pytest.approx(at("8:50"), abs=3), ())
    found = who_now(standing(team[:1], {"su": [promised]}), job("x", 2, minutes=30), terms=Terms(wait=9))
    assert [(one.job, one.by_s // 60, one.before_s) for one in found.best[0].late] == [("promised", 20, 0)]


def test_the_less_urgent_makes_room_and_goes_where_it_is_cheapest():
    full = [job("long", 1, minutes=240, priority=5), job("short", 2, minutes=200, priority=1)]
    team = [technician(lunch=NOON), technician("wei", home=shop(3), skills={"repair": 1}, shift=(at("8:30"), at("12:30")))]
    day = standing(team[:1], {"su": full})
    found = who_now(day, job("x", 2, minutes=100, priority=9))
    assert found.best == () and found.swap is not None
    assert (found.swap.bumped, found.swap.to, found.swap.taker.technician) == ("short", None, "su")
    day = standing(team, {"su": full})
    found = who_now(day, job("x", 2, minutes=100, priority=9, skills={"repair": 0}), terms=Terms(wait=0))
    assert found.best[0].technician == "wei" and found.swap is not None
    assert (found.swap.bumped, found.swap.to) == ("short", "wei")
    assert found.swap.to_starts["short"] == pytest.approx(at("8:40"), abs=3)


def test_nothing_settled_and_nothing_more_urgent_makes_room():
    settled = job("settled", 1, minutes=400, pinned_to="su", pinned_start=at("9:00"))
    day = standing([technician()], {"su": [settled]})
    assert who_now(day, job("x", 1, minutes=300, priority=9)).swap is None
    day = standing([technician()], {"su": [job("equal", 1, minutes=400, priority=9)]})
    assert who_now(day, job("x", 1, minutes=300, priority=9)).swap is None


def test_a_route_that_changes_is_learned_and_so_is_the_time():
    day = standing([technician()], {"su": [job("a", 1)]})
    day.put("su", 1, job("b", 2, minutes=300))
    assert who_now(day, job("x", 2)).best[0].position == 0
    day.drop("b")
    day.at(at("16:00"))
    assert who_now(day, job("x", 2)).best == ()
    with pytest.raises(ValueError, match="the place of job x"):
        who_now(day, job("x", 77))


def test_a_day_that_was_made_impossible_by_hand_stands_as_it_is():
    routes = {"su": [job("a", 1, pinned_to="su", pinned_start=at("9:00")), job("b", 9, windows=((at("9:10"), at("9:20")),))]}
    found = who_now(standing([technician(lunch=NOON)], routes), job("x", 1, minutes=30), terms=Terms(late_most_s=0))
    assert all(one.late == () for one in found.best)


def test_home_after_the_shift_is_told():
    day = standing([technician()], {"su": [job("a", 1, minutes=480)]}, terms=Terms(over_most_s=3600))
    (found,) = who_now(day, job("x", 1, minutes=60)).best
    assert found.over_s // 60 == 20


def test_everybody_takes_as_long_as_he_needs_and_nobody_gets_more_than_he_may():
    slow, full = technician("slow", pace=200, home=shop(2)), technician("full", max_stops=1, home=shop(2))
    quick = technician("quick", home=shop(3))
    day = standing([slow, full, quick], {"full": [job("a", 3)]})
    found = who_now(day, job("x", 2, minutes=60)).best
    assert [one.technician for one in found] == ["quick", "slow"], "an hour more is longer than the way"
    later = standing([slow], {"slow": [job("b", 2, minutes=30)]})
    (taker,) = who_now(later, job("x", 2, minutes=60)).best
    assert taker.starts["b"] - taker.start == 120 * 60


def test_who_may_work_longer_is_asked_and_what_goes_together_stays_together():
    late = technician("late", overtime_minutes=90, overtime_price=2)
    day = standing([late, technician("su")], {"late": [job("a", 1, minutes=480)], "su": [job("b", 1, minutes=480)]})
    assert [(one.technician, one.over_s // 60) for one in who_now(day, job("x", 1, minutes=60)).best] == [("late", 20)]
    day = standing([late, technician("su")], {"late": [job("a", 9, linked="fleet")]})
    assert [one.technician for one in who_now(day, job("x", 1, linked="fleet")).best] == ["late"]
