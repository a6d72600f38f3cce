"""Two plans beside each other, as plain numbers."""

from __future__ import annotations

from dispatch.board.compare import Placed, Side, compared
from dispatch.board.proposed import is_better, plan_in, trips_in

SUMS = {"priority": 3, "unserved": 1, "travel_s": 600, "distance_m": 5000, "overtime_s": 0, "late_s": 0}


def visit(order: int, who: int, start: int, *lines: int) -> Placed:
    return Placed(order, frozenset(lines or (order,)), who, start, start + 3600)


def side(*visits: Placed) -> Side:
    people = dict.fromkeys(one.technician_id for one in visits)
    return Side(SUMS, {who: tuple(one for one in visits if one.technician_id == who) for who in people})


def test_what_moves_is_told_apart() -> None:
    left = side(visit(1, 7, 30_000), visit(2, 7, 36_000), visit(3, 8, 30_000), visit(4, 8, 50_000))
    right = side(visit(1, 7, 30_030), visit(2, 8, 36_000), visit(3, 8, 40_000), visit(5, 9, 30_000))
    found = compared(left, right)
    assert [(move.mark, move.order_id) for move in found.moves] == [("person", 2), ("time", 3), ("new", 5), ("gone", 4)]
    assert [found.count(mark) for mark in ("person", "time", "new", "gone")] == [1, 1, 1, 1]
    assert [one.mark for one in found.left.stops[8]] == ["time", "gone"] and found.right.stops[7][0].mark == ""
    assert found.people == [7, 8, 9]


def test_a_fleet_that_is_divided_stays_with_whom_it_was() -> None:
    left, right = side(visit(1, 7, 30_000, 1, 2, 3)), side(visit(1, 7, 30_000, 1), visit(1, 8, 30_000, 2, 3))
    assert [move.mark for move in compared(left, right).moves] == ["person"]
    assert compared(side(), side()).people == []


def test_what_is_kept_becomes_trips_and_a_plan() -> None:
    stop = {"order": 5, "lines": [1, 2], "visit": None, "start": 36_000, "end": 40_000, "sequence": 2}
    fixed = {"order": 6, "lines": [3], "visit": 12, "start": 50_000, "end": 52_000, "sequence": 0}
    facts = {"leave_at": 30_000, "home_at": 60_000, "lunch_at": None, "travel_s": 900, "distance_m": 7000}
    routes = [{"technician": 7, "stops": [{"technician": 7} | stop, {"technician": 7} | fixed]} | facts]
    assert [(trip.technician_id, trip.line_ids, trip.sequence) for trip in trips_in(routes)] == [(7, (1, 2), 2)]
    assert [stop.job for stop in plan_in(routes).routes[0].stops] == [1, 2, "visit-12"]


def test_urgency_counts_before_the_road() -> None:
    assert is_better(SUMS | {"priority": 2, "travel_s": 9000}, SUMS) and is_better(SUMS | {"travel_s": 599}, SUMS)
    assert not is_better(SUMS | {"overtime_s": 60}, SUMS) and not is_better(SUMS, SUMS)
