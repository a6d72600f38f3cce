"""What a plan must do, on days small enough to plan by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dispatch.routing import Lunch, Plan, Problem, Roads, Travel, plan, violations
from dispatch.routing.gateway import Puzzle
from dispatch.routing.roads import places_of, roads_of
from tests.routing.town import DEPOT, HOUR, MINUTE, NOON, at, job, problem, shop, starts, stops, technician

LIMIT_S = 5


def test_four_stops_in_a_row_are_driven_out_and_back():
    made = plan(problem([technician()], [job("c", 3), job("a", 1), job("d", 4), job("b", 2)]), LIMIT_S)
    assert sorted(stops(made)) == ["a", "b", "c", "d"]
    assert made.routes[0].travel_s == pytest.approx(80 * MINUTE, abs=8)
    assert made.unserved == ()


def test_windows_force_the_order_and_each_stop_says_its_times():
    jobs = [job("late", 1, windows=((at("13:00"), at("14:00")),)), job("early", 2, windows=((at("9:00"), at("9:30")),))]
    route = plan(problem([technician()], jobs), LIMIT_S).routes[0]
    early, late = route.stops
    assert (early.job, early.start, early.end) == ("early", at("9:00"), at("10:00"))
    assert (late.job, late.start, late.end) == ("late", at("13:00"), at("14:00"))
    assert late.arrive == pytest.approx(at("10:10"), abs=2)
    assert route.leave_at == early.start - early.travel_s
    assert route.home_at == pytest.approx(at("14:10"), abs=2)
    assert route.distance_m == pytest.approx(route.travel_s * 30 / 3.6, abs=5)


def test_without_jobs_or_technicians_there_is_an_empty_plan_or_a_reason():
    assert plan(problem([technician()], []), LIMIT_S) == Plan()
    (left,) = plan(problem([], [job("a")]), LIMIT_S).unserved
    assert [str(reason.text) for reason in left.reasons] == ["Nobody works on this day."]


def test_the_urgent_job_wins_the_only_slot():
    slot = ((at("9:00"), at("9:10")),)
    jobs = [job("small", 1, windows=slot, priority=5), job("urgent", 1, windows=slot, priority=50)]
    made = plan(problem([technician()], jobs), LIMIT_S)
    assert stops(made) == ["urgent"]


@pytest.mark.parametrize(("own", "asked", "served"), [(3, 2, True), (2, 2, True), (1, 2, False), (0, 1, False)])
def test_a_level_serves_every_level_up_to_it(own, asked, served):
    made = plan(problem([technician(skills={"repair": own})], [job("a", skills={"repair": asked})]), LIMIT_S)
    assert (not made.unserved) is served


def test_skills_are_not_mixed_up_between_technicians():
    team = [technician("su", skills={"repair": 3}), technician("wei", skills={"taxi": 1, "repair": 1})]
    jobs = [job("a", skills={"taxi": 1}), job("b", skills={"repair": 3}), job("c", skills={"repair": 1, "taxi": 1})]
    made = plan(problem(team, jobs), LIMIT_S)
    assert stops(made, "su") == ["b"] and sorted(stops(made, "wei")) == ["a", "c"]


def test_nobody_is_sent_before_the_product_training():
    made = plan(problem([technician(product_trained=False)], [job("a")]), LIMIT_S)
    assert made.routes == () and str(made.unserved[0].reasons[0].text) == "1 has not passed the product training"


def test_who_does_not_take_money_gets_only_jobs_that_collect_none():
    made = plan(problem([technician(takes_money=False)], [job("paid", collects=True), job("free", 2)]), 1)
    assert (stops(made), [left.job for left in made.unserved]) == (["free"], ["paid"])
    assert str(made.unserved[0].reasons[0].text) == "1 holds more cash than he may: no paid job before he hands in"
    both = plan(problem([technician(takes_money=False), technician("wei")], [job("paid", collects=True)]), 1)
    assert stops(both, "wei") == ["paid"]


def test_the_bag_bounds_how_many_jobs_can_be_done():
    jobs = [job(name, parts={"terminal": 1, "sim": 1}) for name in "abc"]
    made = plan(problem([technician(parts={"terminal": 2, "sim": 9})], jobs), LIMIT_S)
    assert len(stops(made)) == 2
    assert str(made.unserved[0].reasons[0].text) == "1 needs every terminal in the bag for other vehicles"


def test_setup_counts_once_at_one_place():
    jobs = [job(name, 1, setup_minutes=20) for name in "abc"]
    made = plan(problem([technician()], jobs), LIMIT_S)
    assert [stop.end - stop.start for stop in made.routes[0].stops] == [80 * MINUTE, HOUR, HOUR]


def test_setup_counts_at_home_too():
    made = plan(problem([technician()], [replace(job("a", setup_minutes=20), at=DEPOT)]), LIMIT_S)
    assert made.routes[0].stops[0].end == at("8:30") + 80 * MINUTE


def test_lunch_is_between_two_jobs_within_its_span():
    jobs = [job(name, number, minutes=100) for name, number in zip("abcd", (1, 2, 2, 1), strict=True)]
    route = plan(problem([technician(lunch=NOON)], jobs), LIMIT_S).routes[0]
    assert route.lunch_at is not None and NOON.earliest <= route.lunch_at <= NOON.latest
    assert all(not stop.start < route.lunch_at + NOON.seconds or not route.lunch_at < stop.end for stop in route.stops)


def test_a_day_without_room_for_lunch_leaves_a_job_over():
    jobs = [job(name, 0.5, minutes=175) for name in "abc"]
    assert len(plan(problem([technician()], jobs), LIMIT_S).unserved) == 0
    assert len(plan(problem([technician(lunch=NOON)], jobs), LIMIT_S).unserved) == 1


def test_who_is_home_before_lunch_ends_takes_none_on_the_road():
    route = plan(problem([technician(lunch=NOON)], [job("a", 1, windows=((at("9:00"), at("9:30")),))]), LIMIT_S).routes[0]
    assert route.lunch_at is None and route.home_at < NOON.latest


def test_lunch_before_the_first_job_is_eaten_before_leaving():
    route = plan(problem([technician(lunch=NOON)], [job("a", 1, windows=((at("15:00"), at("16:00")),))]), LIMIT_S).routes[0]
    assert route.lunch_at == NOON.earliest
    assert route.leave_at == pytest.approx(at("14:50"), abs=2)


def test_pinned_visits_keep_person_and_start_though_another_is_nearer():
    team = [technician("su"), technician("wei", home=shop(3))]
    jobs = [job("fixed", 3, pinned_to="su", pinned_start=at("10:00")), *(job(name, 3) for name in "abcdef")]
    made = plan(problem(team, jobs), LIMIT_S)
    assert "fixed" in stops(made, "su") and starts(made)["fixed"] == at("10:00") and not made.unserved


def test_pinned_visits_stay_though_more_urgent_jobs_wait():
    jobs = [job("fixed", 1, minutes=500, pinned_to="su", pinned_start=at("8:40"), priority=1)]
    jobs += [job(name, 2, priority=100) for name in "abcd"]
    made = plan(problem([technician()], jobs), LIMIT_S)
    assert stops(made) == ["fixed"] and len(made.unserved) == 4


def test_pinned_visits_are_kept_even_where_they_break_rules():
    jobs = [
        job("a", 1, pinned_to="su", pinned_start=at("9:00"), skills={"repair": 9}, parts={"terminal": 5}),
        job("b", 5, pinned_to="su", pinned_start=at("9:50"), windows=((at("14:00"), at("15:00")),)),
        job("c", 5, pinned_to="su", pinned_start=at("17:20")),
    ]
    made = plan(problem([technician(product_trained=False)], jobs), LIMIT_S)
    assert starts(made) == {"a": at("9:00"), "b": at("9:50"), "c": at("17:20")}


def test_a_day_overbooked_by_hand_still_takes_what_fits():
    jobs = [
        job("a", 1, pinned_to="su", pinned_start=at("9:00")),
        job("b", 5, pinned_to="su", pinned_start=at("10:10")),
        job("c", 4),
    ]
    made = plan(problem([technician()], jobs), LIMIT_S)
    assert stops(made) == ["a", "b", "c"]


def test_pinned_to_a_person_without_a_start_finds_its_place_with_that_person():
    made = plan(problem([technician("su"), technician("wei", home=shop(2))], [job("a", 2, pinned_to="su")]), LIMIT_S)
    assert stops(made, "su") == ["a"]


def test_pinned_to_somebody_absent_is_left_over_with_that_reason():
    (left,) = plan(problem([technician()], [job("a", pinned_to="gone", pinned_start=at("9:00"))]), LIMIT_S).unserved
    assert str(left.reasons[0].text) == "The technician it was given to does not work on this day."


def test_replanning_starts_nothing_before_now_and_leaves_from_the_last_stop():
    jobs = [job("done", 4, pinned_to="su", pinned_start=at("9:00")), job("new", 4), job("far", 1)]
    made = plan(problem([technician(lunch=NOON)], jobs, not_before="12:15"), LIMIT_S)
    route = made.routes[0]
    assert [stop.job for stop in route.stops] == ["done", "new", "far"]
    assert route.stops[1].start == at("12:15"), "already there, and lunch was possible between 11:30 and 12:00"
    assert route.lunch_at == at("11:30")


def test_windows_that_are_over_are_told():
    (left,) = plan(
        problem([technician()], [job("a", windows=((at("8:30"), at("10:00")),))], not_before="11:00"), LIMIT_S
    ).unserved
    assert str(left.reasons[0].text) == "Its times for today are over."


def test_odd_windows_are_understood():
    odd = (
        (-100, -50),
        (at("15:00"), at("16:00")),
        (at("9:00"), at("10:00")),
        (at("9:30"), at("11:00")),
        (at("13:00"), at("12:00")),
    )
    made = plan(problem([technician()], [job("a", windows=odd)]), LIMIT_S)
    assert starts(made) == {"a": at("9:00")}


def test_a_shift_of_no_length_gets_nothing():
    made = plan(problem([technician(shift=(at("9:00"), at("9:00"))), technician("wei")], [job("a")]), LIMIT_S)
    assert stops(made, "wei") == ["a"]


def test_43_vehicles_in_one_yard_stay_on_few_technicians():
    bags = {"terminal": 30}
    team = [
        technician(name, lunch=NOON, parts=bags, home=shop(place)) for place, name in enumerate(["su", "wei", "gu", "he", "lin"])
    ]
    yard = [job(f"v{n:02}", 3, minutes=25, setup_minutes=15, parts={"terminal": 1}, windows=((0, 86_000),)) for n in range(43)]
    made = plan(problem(team, yard), LIMIT_S)
    assert not made.unserved
    assert len(made.routes) == 3, "about 18 fit into a day"
    assert stops(made, "he"), "who lives beside the yard goes first"


def test_equal_input_gives_an_equal_plan_in_any_order_of_rows():
    jobs = [job(f"j{n}", n % 7, priority=1 + n % 5, minutes=50) for n in range(30)]
    day = problem([technician(name, lunch=NOON, home=shop(place)) for place, name in enumerate("abc")], jobs)
    first = plan(day, LIMIT_S, seed=7)
    assert plan(day, LIMIT_S, seed=7) == first
    turned = plan(replace(day, jobs=tuple(reversed(day.jobs))), LIMIT_S, seed=7)
    assert turned.routes == first.routes


def test_a_failing_engine_is_replaced_by_insertion(caplog):
    def broken(puzzle: Puzzle, seconds_limit: float) -> list[list[int]]:
        raise RuntimeError("no engine today")

    made = plan(problem([technician()], [job("a", 1), job("b", 2)]), LIMIT_S, engine=broken)
    assert sorted(stops(made)) == ["a", "b"] and "routing engine failed" in caplog.text


def test_an_engine_that_breaks_a_rule_is_not_believed():
    def careless(puzzle: Puzzle, seconds_limit: float) -> list[list[int]]:
        return [list(range(len(puzzle.tasks)))]

    day = problem([technician()], [job(name, minutes=200) for name in "abcd"])
    made = plan(day, LIMIT_S, engine=careless)
    assert len(stops(made)) == 2 and violations(day, made) == []


def test_measured_roads_replace_the_great_circle():
    day = problem([technician()], [job("a", 1)])
    places = places_of(day)
    hour_each = np.full((len(places), len(places)), HOUR) - HOUR * np.eye(len(places), dtype=int)
    made = plan(day, LIMIT_S, roads=Roads(places, hour_each, hour_each))
    assert made.routes[0].travel_s == 2 * HOUR
    with pytest.raises(ValueError, match="square"):
        Roads(places, hour_each[:1], hour_each)


def test_a_stop_at_an_equal_place_costs_no_way():
    roads = roads_of(Problem((technician(),), (job("a", 1), job("b", 1)), Travel()))
    assert len(roads.index) == 2 and roads.seconds[0][0] == 0


def test_lunch_of_a_late_shift_is_not_due_when_the_shift_begins_after_it():
    made = plan(
        problem([technician(shift=(at("14:00"), at("20:00")), lunch=Lunch(at("11:00"), at("13:00"), 30))], [job("a")]), LIMIT_S
    )
    assert made.routes[0].lunch_at is None


def test_two_pinned_visits_before_lunch_do_not_stop_the_engine(caplog):
    pinned = [job("a", 1, pinned_to="su"), job("b", 3, pinned_to="su", pinned_start=at("11:00"))]
    made = plan(problem([technician(lunch=NOON)], [*pinned, job("c", 2), job("d", 1)]), LIMIT_S)
    assert not made.unserved and starts(made)["b"] == at("11:00") and not caplog.records
