"""Why a job found nobody, who could take one, and what speaks against a change by hand."""

from __future__ import annotations

import pytest

from dispatch.routing import Conflict, Plan, Route, conflicts, plan, who_could
from tests.routing.town import HOUR, NOON, at, job, problem, shop, starts, technician

LIMIT_S = 5
AFTERNOON = ((at("13:00"), at("15:00")),)


def reasons(made: Plan, name: str) -> list[tuple[str, tuple[object, ...]]]:
    """Sentence and technicians for a job left over."""
    (left,) = (left for left in made.unserved if left.job == name)
    return [(str(reason.text), reason.technicians) for reason in left.reasons]


def test_each_technician_is_named_once_and_who_came_nearest_stands_first():
    team = [
        technician("untrained", product_trained=False),
        technician("plain"),
        technician("low", skills={"repair": 1}),
        technician("empty", skills={"repair": 2}),
        technician("short", skills={"repair": 2}, parts={"BD-808A": 1}, shift=(at("8:30"), at("12:00"))),
        technician("far", skills={"repair": 2}, parts={"BD-808A": 1}, home=shop(90)),
        technician("full", skills={"repair": 2}, parts={"BD-808A": 1}),
    ]
    busy = job("busy", minutes=300, pinned_to="full", pinned_start=at("12:00"))
    asked = job("x", windows=AFTERNOON, skills={"repair": 2}, parts={"BD-808A": 1})
    made = plan(problem(team, [busy, asked]), LIMIT_S)
    assert reasons(made, "x") == [
        ("1 is full between 13:00 and 15:00; the first is free at 08:40", ("full",)),
        ("1 has no BD-808A in the bag", ("empty",)),
        ("1 cannot fit the way into the shift", ("far",)),
        ("1 is not on shift then", ("short",)),
        ("1 has skill repair below 2", ("low",)),
        ("1 lacks skill repair 2", ("plain",)),
        ("1 has not passed the product training", ("untrained",)),
    ]


def test_equal_reasons_are_counted_together():
    team = [technician(name) for name in "abc"] + [technician(name, skills={"repair": 2}) for name in "de"]
    made = plan(problem(team, [job("x", skills={"repair": 2}, parts={"BD-808A": 1})]), LIMIT_S)
    assert reasons(made, "x") == [
        ("2 have no BD-808A in the bag", ("d", "e")),
        ("3 lack skill repair 2", ("a", "b", "c")),
    ]


def test_a_full_day_without_windows_is_full_all_day():
    made = plan(problem([technician()], [job("a", minutes=480, priority=9), job("b")]), LIMIT_S)
    assert reasons(made, "b") == [("1 is full all day", ("su",))]


def test_who_could_ranks_the_able_by_detour_and_says_what_the_others_lack():
    team = [
        technician("far", home=shop(6)),
        technician("near", home=shop(1)),
        technician("late", shift=(at("16:50"), at("17:30"))),
        technician("green", product_trained=False),
    ]
    rows = who_could(problem(team, []), Plan(), job("x", 1))
    assert [(row.technician, row.ok) for row in rows] == [("near", True), ("far", True), ("green", False), ("late", False)]
    assert (rows[0].start, rows[0].extra_travel_s) == (at("8:30"), 0)
    assert [str(text) for text in rows[2].missing] == ["has not passed the product training"] and rows[2].start is not None
    assert [str(text) for text in rows[3].missing] == ["not on shift at that time"] and rows[3].start is None


def test_who_could_fits_the_job_between_the_stops_of_a_plan():
    day = problem([technician(lunch=NOON)], [job("a", 1, windows=((at("9:00"), at("9:00")),)), job("b", 3, windows=AFTERNOON)])
    (row,) = who_could(day, plan(day, LIMIT_S), job("x", 2))
    assert row.ok and row.extra_travel_s == pytest.approx(0, abs=3) and row.start == pytest.approx(at("10:10"), abs=3)


def test_who_could_takes_a_planned_job_out_first():
    team = [technician(parts={"sim": 1}), technician("wei", parts={"sim": 1}, home=shop(5))]
    day = problem(team, [job("a", 1, parts={"sim": 1})])
    rows = who_could(day, plan(day, LIMIT_S), day.jobs[0])
    assert all(row.ok for row in rows) and len(rows) == 2


def test_who_could_counts_the_parts_of_the_other_stops():
    day = problem([technician(parts={"sim": 1})], [job("a", 1, parts={"sim": 1})])
    (row,) = who_could(day, plan(day, LIMIT_S), job("x", 1, parts={"sim": 1}))
    assert not row.ok and [str(text) for text in row.missing] == ["is 1 short of sim in the bag"]


def test_who_could_works_beside_a_day_that_was_made_impossible_by_hand():
    day = problem([technician()], [job("a", 1), job("b", 9, windows=((at("9:45"), at("9:55")),))])
    by_hand = plan(problem([technician()], [job("a", 1)]), LIMIT_S).routes[0]
    odd = Route("su", by_hand.leave_at, by_hand.home_at, (*by_hand.stops, moved(by_hand, "b", at("9:50"))), None, 0, 0)
    (row,) = who_could(day, Plan((odd,)), job("x", 9))
    assert row.ok and row.start == at("10:50")


def moved(route: Route, name: str, start: int):
    """A stop of an hour like the route's first, somewhere else in the day."""
    return type(route.stops[0])(name, start, start, start + HOUR, 0)


@pytest.fixture
def morning():
    """One technician with a visit at shop 2 from 10:00 to 11:00, pinned there."""
    day = problem(
        [technician(lunch=NOON, skills={"repair": 1}), technician("green", product_trained=False)],
        [job("a", 2, pinned_to="su", pinned_start=at("10:00"))],
    )
    return day, plan(day, LIMIT_S)


def kinds(found: list[Conflict]) -> list[tuple[str, bool]]:
    """What kinds, and whether hard."""
    return [(conflict.kind, conflict.hard) for conflict in found]


@pytest.mark.parametrize(
    ("asked", "start", "expected"),
    [
        (job("x", 2), "11:00", []),
        (job("x", 3), "11:10", []),
        (job("x", 3), "11:05", [("travel", False)]),
        (job("x", 4), "8:55", [("travel", False)]),
        (job("x", 3), "8:55", [("travel", False), ("travel", False)]),
        (job("x", 2), "10:30", [("overlap", True)]),
        (job("x", 2), "9:30", [("overlap", True)]),
        (job("x", 2), "10:00", [("overlap", True)]),
        (job("x", 2, skills={"repair": 2}), "11:00", [("skill", True)]),
        (job("x", 2, parts={"sim": 1}), "11:00", [("part", False)]),
        (job("x", 2, windows=AFTERNOON), "11:30", [("window", False)]),
        (job("x", 2), "17:00", [("shift", False)]),
        (job("x", 2), "16:25", [("shift", False)]),
        (job("x", 2, minutes=180), "11:10", [("lunch", False)]),
    ],
)
def test_conflicts_of_a_change_by_hand(morning, asked, start, expected):
    day, made = morning
    found = conflicts(day, made, asked, "su", at(start))
    if start == "8:55" and asked.at == shop(4):
        assert ("travel", False) in kinds(found)
    else:
        assert kinds(found) == expected


def test_conflicts_name_the_order_and_the_times(morning):
    day, made = morning
    (found,) = conflicts(day, made.routes[0], job("x", 2), "su", at("10:30"))
    assert str(found.text) == "overlaps order a, 10:00 to 11:00"


def test_training_is_a_hard_conflict(morning):
    day, made = morning
    assert kinds(conflicts(day, made, job("x", 2), "green", at("11:00"))) == [("training", True)]


def test_a_move_of_a_planned_visit_does_not_conflict_with_itself(morning):
    day, made = morning
    assert conflicts(day, made, day.jobs[0], "su", at("10:15")) == []


def test_the_past_is_a_soft_conflict():
    day = problem([technician()], [], not_before="12:00")
    assert kinds(conflicts(day, Plan(), job("x", 1), "su", at("11:00"))) == [("past", False), ("travel", False)]
    assert starts(Plan()) == {}
