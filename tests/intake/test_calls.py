"""A list of repair calls."""

from __future__ import annotations

from datetime import date, datetime

from dispatch.intake.calls import read_calls
from dispatch.orders.rules import URGENCIES
from tests.tabular.files import expected, sample, table


def test_the_sample() -> None:
    calls = read_calls(sample("repair_calls.csv"))
    assert len(calls.rows) == expected("repair_calls.csv")["calls"] and not calls.problems and not calls.unknown_columns
    assert {row.urgency for row in calls.rows} <= set(URGENCIES)


def test_the_first_two_calls() -> None:
    first, second = read_calls(sample("repair_calls.csv")).rows[:2]
    assert (first.row, first.at, first.customer, first.caller) == (2, datetime(2026, 12, 2, 8, 5), "个体有限公司", "范健平")
    assert (first.phone.digits, first.phone.extension, first.plate, first.model) == ("075526556565", "801", "粤B5Q8JF", "BD-809V")
    assert (first.purchased_on, first.lat, first.lon, first.urgency) == (None, 22.69729, 113.92861, "normal")
    assert first.symptom == "定位漂移,轨迹跑到海里"
    assert second.purchased_on == date(2023, 12, 2)


def test_a_call_without_a_place() -> None:
    call = read_calls(sample("repair_calls.csv")).rows[4]
    assert (call.lat, call.lon) == (None, None)


def test_urgencies_and_problems() -> None:
    head = "来电时间,客户名称,来电号码,购买日期,故障现象,紧急程度\n"
    calls = read_calls(table(head + "2026-12-02 08:05,A,138,,x,特急\n2026-12-02 08:05,A,138,once,x,紧急\n,A,138,,,very\n"))
    assert [row.urgency for row in calls.rows] == ["emergency"]
    assert [(problem.row, problem.column) for problem in calls.problems] == [
        (3, "购买日期"),
        (4, "来电时间"),
        (4, "故障现象"),
        (4, "紧急程度"),
    ]
