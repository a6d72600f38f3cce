"""Our own search: a few stops by hand, any day by the rules, the same answer for the same seed; days from files and to files."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings

from dispatch.board.commands import route
from dispatch.errors import RuleBroken
from dispatch.routing import Problem, Travel, violations
from dispatch.routing.day_file import read_day, written_day
from dispatch.routing.improve import improved
from dispatch.routing.search.run import Effort
from tests.routing.days import day_by_chance
from tests.routing.test_timing import SEEDS, problem_by_chance
from tests.routing.town import HOUR, NOON, at, job, problem, starts, stops, technician

ROUNDS = Effort(60, rounds=200, seed=3)


def test_four_stops_in_a_row_with_lunch_between():
    day = problem([technician(lunch=NOON)], [job("d", 4), job("b", 2), job("c", 3), job("a", 1)])
    made = improved(day, ROUNDS).plan
    assert stops(made) in (["a", "b", "c", "d"], ["d", "c", "b", "a"])
    assert made.routes[0].travel_s == pytest.approx(80 * 60, abs=4) and made.routes[0].lunch_at is not None


def test_who_is_able_goes_and_the_urgent_comes_first():
    people = [technician(skills={"taxi": 1}), technician("wei", skills={"taxi": 2}, parts={"sim": 1})]
    wanted = [
        job("level", skills={"taxi": 2}, windows=((at("9:00"), at("12:00")),)),
        job("part", parts={"sim": 1}, windows=((at("14:00"),) * 2,)),
    ]
    late = [job(f"late{n}", 1, windows=((at("16:00"), at("16:00")),), priority=n) for n in (1, 5, 3)]
    made = improved(problem(people, [*wanted, *late]), ROUNDS).plan
    assert stops(made, "wei")[:2] == ["level", "part"]
    assert [left.job for left in made.unserved] == ["late1"] and starts(made)["late5"] == at("16:00")


def test_what_is_settled_stays_and_what_was_given_to_a_person_before_comes_first():
    settled = [job("late", 3, pinned_to="su", pinned_start=at("9:00")), job("next", 5, pinned_to="su", pinned_start=at("9:30"))]
    wanted = [job("given", 5, minutes=240, pinned_to="su"), job("urgent", 5, minutes=240, priority=9)]
    day = problem([technician(lunch=NOON)], [*settled, *wanted, job("gone", pinned_to="wei")], not_before="10:00")
    made = improved(day, ROUNDS).plan
    assert stops(made) == ["late", "next", "given"] and starts(made)["next"] == at("9:30")
    assert starts(made)["given"] >= at("10:30") and {left.job for left in made.unserved} == {"urgent", "gone"}


@settings(deadline=None, max_examples=30)
@given(SEEDS)
def test_every_plan_keeps_the_rules_on_roads_that_are_no_two_ways_alike(seed):
    day, roads = problem_by_chance(Random(seed))
    assert violations(day, improved(day, Effort(60, rounds=20, seed=seed), roads=roads).plan, roads) == []


def test_the_same_seed_finds_the_same_plan_and_rounds_make_it_better():
    day = read_day(json.dumps(day_by_chance(40, 5, seed=1)))
    first, again, longer = (improved(day, Effort(60, rounds=rounds, seed=7)) for rounds in (100, 100, 2000))
    assert first.plan == again.plan and first.rounds == 100
    assert improved(day, Effort(60, rounds=0)).rounds == improved(day, Effort(0)).rounds == 0
    assert (longer.unserved_priority, longer.travel_s) < (first.unserved_priority, first.travel_s)


def test_two_cores_find_what_the_better_of_them_finds():
    day = read_day(json.dumps(day_by_chance(40, 5, seed=2)))
    alone = [improved(day, Effort(60, rounds=300, seed=seed)) for seed in (0, 1)]
    assert (
        improved(day, Effort(60, rounds=300), processes=2).plan
        == min(alone, key=lambda one: (one.unserved_priority, one.travel_s)).plan
    )


def test_nobody_and_nothing():
    assert [left.job for left in improved(problem([], [job("a")]), ROUNDS, processes=2).plan.unserved] == ["a"]
    assert improved(problem([technician()], []), ROUNDS).plan.routes == ()


GOOD: dict[str, Any] = {
    "travel": {"factor": 1.3, "speed_kmh": 30},
    "technicians": [{"id": "T1", "home": [22.5, 114.0], "shift": [8 * HOUR, 17 * HOUR], "skills": {"taxi": 1}}],
    "jobs": [{"id": "J1", "at": [22.51, 114.0], "minutes": 30, "priority": 2}],
}


def with_job(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "jobs": [{key: value for key, value in {**GOOD["jobs"][0], **changes}.items() if value is not ...}]}


def with_technician(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "technicians": [{**GOOD["technicians"][0], **changes}]}


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ([], "the file: an object is needed here"),
        ({**GOOD, "jobs": None}, "a list “jobs” is needed"),
        ({**GOOD, "technicians": [*GOOD["technicians"]] * 2}, "technician T1: this id is there twice"),
        ({**GOOD, "travel": {"factor": 1, "speed_kmh": 0}}, "“travel” cannot be"),
        (with_job(at=...), "job J1: “at” is missing"),
        (with_job(at=[22.5]), "job J1: “at” cannot be [22.5]"),
        (with_job(at=[22.5, "NaN"]), "“at” cannot be"),
        (with_job(minutes=-5), "job J1: “minutes” cannot be -5"),
        (with_job(id=...), "job 1: “id” is missing"),
        (with_job(windows=[[9 * HOUR, 8 * HOUR]]), "“windows” cannot be [[32400, 28800]]"),
        (with_job(skills={"taxi": "much"}), "“skills” cannot be"),
        (with_job(people=2), "job J1: “people” is nothing that can be planned"),
        ({**GOOD, "depots": []}, "the file: “depots” is nothing that can be planned"),
        (with_technician(skills_until={"taxi": "2026-11-01"}), "the file: “date” is missing"),
        (with_technician(pace=0), "technician T1: “pace” cannot be 0"),
        ({**GOOD, "prices": {"beauty": 1}}, "the file: “prices” cannot be"),
    ],
)
def test_a_wrong_record_is_named(day, sentence):
    with pytest.raises(RuleBroken, match=None) as refused:
        read_day(json.dumps(day))
    assert sentence in str(refused.value)


def test_a_file_says_all_that_the_planner_knows():
    lapsed = with_technician(skills={"taxi": 2, "repair": 1}, skills_until={"taxi": "2026-11-22", "repair": "2026-11-23"})
    day = read_day(json.dumps({**lapsed, "date": "2026-11-23", "not_before": 9 * HOUR, "prices": {"lent": 600}}))
    assert day.technicians[0].skills == {"repair": 1} and day.not_before == 9 * HOUR
    assert (day.prices.lent, day.prices.not_preferred) == (600, 0)
    (wished,) = read_day(json.dumps(with_job(linked="pair", late_minutes=15, late_price=2, preferred=["T1"]))).jobs
    assert (wished.linked, wished.late_minutes, wished.late_price, wished.preferred) == ("pair", 15, 2, ("T1",))


def test_vehicles_of_one_yard_are_divided_and_set_up_once():
    day = read_day(json.dumps(with_job(vehicles=3, setup_minutes=20)))
    route = improved(day, ROUNDS).plan.routes[0]
    assert {stop.job for stop in route.stops} == {"J1#1", "J1#2", "J1#3"}
    assert route.stops[-1].end - route.stops[0].start == (20 + 3 * 30) * 60


def test_a_day_goes_from_file_to_file(tmp_path):
    day, out = tmp_path / "day.json", tmp_path / "plan.json"
    day.write_text(json.dumps(day_by_chance(12, 3, seed=4)))
    done = CliRunner().invoke(
        route, [str(day), "--out", str(out), "--rounds", "50", "--seconds", "600", "--cores", "1", "--lang", "en"]
    )
    figures, plan = json.loads(done.output), json.loads(out.read_text())
    served = [step["job"] for one in plan["routes"] for step in one["stops"] if "job" in step]
    assert done.exit_code == 0 and figures["jobs"] == 12 == len(served) + figures["unserved"] == len(served) + len(
        plan["unserved"]
    )
    assert all(one["reasons"] for one in plan["unserved"]) and figures["rounds"] == 50 and figures["travel_s"] > 0


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "day.json").write_text("{")
    for file, words in ((tmp_path / "none.json", "none.json"), (tmp_path / "day.json", "JSON")):
        done = CliRunner().invoke(route, [str(file), "--out", str(tmp_path / "plan.json"), "--lang", "en"])
        assert done.exit_code != 0 and words in str(done.exception) and not (tmp_path / "plan.json").exists()


def test_a_plan_is_written_with_lunch_in_its_place():
    day = problem([technician(lunch=NOON)], [job("a", 1), job("b", 2)])
    written = written_day(improved(Problem(day.technicians, day.jobs, Travel(1.0, 30)), ROUNDS).plan)
    assert [next(iter(step)) for step in written["routes"][0]["stops"]].count("lunch") <= 1 and written["unserved"] == []
