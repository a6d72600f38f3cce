"""Days, clocks and words of the board."""

from __future__ import annotations

from datetime import date, time

import pytest

from dispatch.board.forms import read_clock, read_day
from dispatch.board.rules import (
    day_bounds,
    district_of,
    moment_of,
    seconds_of,
    seconds_of_clock,
    worded,
)
from dispatch.words import say

DAY = date(2026, 12, 3)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("day", [DAY, date(2026, 3, 29), date(2026, 11, 1)])
def test_a_clock_on_the_wall_is_read_back(zone: str, day: date) -> None:
    """Also on the days when the clocks are changed."""
    for seconds in (9 * 3600, 13 * 3600 + 5 * 60, 23 * 3600):
        assert seconds_of(moment_of(seconds, day, zone), day, zone) == seconds
    start, end = day_bounds(day, zone)
    assert start < moment_of(12 * 3600, day, zone) < end


@pytest.mark.parametrize(
    ("address", "district"),
    [
        ("广东省深圳市宝安区石岩街道水田社区第三工业区", "宝安区"),
        ("深圳市南山区科技园南路8号", "南山区"),
        ("龙岗区平湖街道", "龙岗区"),
        ("湖南省长沙市长沙县星沙镇", "长沙县"),
        ("福永码头", "福永码头"),
        ("12 Harbour Road, Warehouse 4", "12 Harbour Ro"),
    ],
)
def test_the_district_of_an_address(address: str, district: str) -> None:
    assert district_of(address).startswith(district)


def test_codes_become_words() -> None:
    text = say("%(a)s and %(job)s", a=say("is 1 short of %(part)s", part="terminal:BD-808A"), job="visit-7")
    assert str(worded(text, {"visit-7": "WX-1"})) == "is 1 short of terminal BD-808A and WX-1"
    assert str(worded(say("lacks skill %(skill)s %(level)s", skill="electrics", level=2))) == "lacks skill Vehicle electrics 2"
    assert str(worded(say("lacks skill %(skill)s", skill="welding"))) == "lacks skill welding"


@pytest.mark.parametrize(("typed", "seconds"), [("14:30", 52200), ("9:05", 32700), ("1430", 52200), ("09:05:00", 32700)])
def test_times_are_read(typed: str, seconds: int) -> None:
    assert read_clock(typed) == seconds


@pytest.mark.parametrize("typed", ["", "25:00", "9:61", "soon", None])
def test_no_times_are_not_read(typed: str | None) -> None:
    assert read_clock(typed) is None


def test_days_are_read() -> None:
    assert read_day(" 2026-12-04 ", DAY) == date(2026, 12, 4)
    assert read_day("2026-13-04", DAY) == DAY
    assert seconds_of_clock(time(1, 1, 1)) == 3661
