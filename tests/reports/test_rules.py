"""The formulae of the day's figures, by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from dispatch.reports.presenting import HEIGHT, chart, lasting
from dispatch.reports.rules import (
    Hand,
    Scope,
    Share,
    Taken,
    VisitTimes,
    by_channel,
    collected,
    first_time_fix,
    span_of,
    spans_of,
    technicians_of,
)
from tests.conftest import AT

DAY = date(2026, 12, 2)
SCOPE = Scope(DAY, 1, "Asia/Shanghai", AT)


def times(
    number: str, *, received: float = -2, set_out: float = 1, reached: float = 2, ended: float = 3, first: float = 0
) -> VisitTimes:
    """A visit by hours after AT; its order was first set out for and reached `first` hours before."""

    def at(hours: float) -> datetime:
        return AT + timedelta(hours=hours)

    return VisitTimes(
        number, 1, "苏杰", at(received), at(0), at(set_out), at(reached), at(ended), at(set_out - first), at(reached - first), 1
    )


def test_a_day_is_cut_in_the_branchs_zone() -> None:
    start, end = SCOPE.bounds
    assert (start.isoformat(), end - start) == ("2026-12-02T00:00:00+08:00", timedelta(days=1))
    assert SCOPE.has(start) and not SCOPE.has(end) and not SCOPE.has(None)
    assert SCOPE.today == DAY and Scope(DAY, 1, "America/New_York", AT).today == DAY - timedelta(days=1)
    assert (SCOPE.trend[0], SCOPE.trend[-1], len(SCOPE.trend)) == (date(2026, 11, 19), DAY, 14)


def test_the_middle_one_and_the_worst() -> None:
    spans = spans_of([times("A"), times("B", received=-4, ended=6), times("C", reached=2.5)], SCOPE)
    assert spans.to_arrival is not None and spans.work is not None and spans.wait is not None
    assert (spans.to_arrival.median, spans.to_arrival.worst_order, spans.to_arrival.count) == (4.5 * 3600, "B", 3)
    assert (spans.work.median, spans.work.worst) == (3600, 4 * 3600)
    assert spans.wait.median == 3600


def test_an_order_that_was_reached_on_another_day_does_not_count_again() -> None:
    spans = spans_of([times("A", first=48)], SCOPE)
    assert spans.to_arrival is None and spans.wait is None and spans.work is not None


def test_two_visits_of_an_order_count_once_for_its_arrival() -> None:
    spans = spans_of([times("A"), times("A", set_out=4, reached=5, ended=6, first=3)], SCOPE)
    assert spans.to_arrival is not None and spans.to_arrival.count == 1
    assert spans.work is not None and spans.work.count == 2


def test_a_clock_that_went_backwards_is_no_time() -> None:
    found = span_of([("A", AT, AT - timedelta(hours=1)), ("B", None, AT)])
    assert found is not None and (found.worst, found.count) == (0, 1)
    assert span_of([]) is None


@pytest.mark.parametrize(("part", "whole", "percent"), [(1, 3, 33), (2, 3, 67), (1, 8, 13), (0, 4, 0), (4, 4, 100), (0, 0, None)])
def test_percents_are_rounded_half_up(part: int, whole: int, percent: int | None) -> None:
    assert Share(part, whole).percent == percent


def test_fixed_at_the_first_visit() -> None:
    assert first_time_fix([1, 1, 2, 0, 3]) == Share(2, 4)


def test_money_by_channel_without_what_went_on_account() -> None:
    rows = [
        Taken(DAY, "cash", 1, "苏杰", Decimal("145.00")),
        Taken(DAY, "cash", 2, "卫晨", Decimal("-45.00")),
        Taken(DAY, "account", 1, "苏杰", Decimal("680.00")),
        Taken(DAY - timedelta(days=1), "wechat", 1, "苏杰", Decimal("15.00")),
    ]
    channels = by_channel(rows, DAY)
    assert channels == {"cash": Decimal("100.00"), "account": Decimal("680.00")} and collected(channels) == 100
    su, wei = technicians_of([times("A")], rows, SCOPE)
    assert (su.name, su.visits, su.vehicles, su.collected) == ("苏杰", 1, 1, Decimal("145.00"))
    assert (wei.name, wei.visits, wei.collected) == ("卫晨", 0, Decimal("-45.00"))


def test_who_only_hands_in_or_only_holds_cash_is_listed_as_well() -> None:
    hands = [Hand(1, "苏杰", Decimal("265.00"), Decimal("0.00")), Hand(3, "周宁", Decimal(0), Decimal("680.00"))]
    su, zhou = technicians_of([times("A")], [], SCOPE, hands)
    assert (su.name, su.visits, su.handed_in, su.in_hands) == ("苏杰", 1, Decimal("265.00"), 0)
    assert (zhou.name, zhou.visits, zhou.handed_in, zhou.in_hands) == ("周宁", 0, 0, Decimal("680.00"))


def test_bars_stand_on_one_ground_and_the_largest_fills_the_chart() -> None:
    drawn = chart([(DAY, 4.0), (DAY, 0.0), (DAY, -3.0), (DAY, 2.0)])
    assert [bar.height for bar in drawn.bars] == [HEIGHT, 0.0, 0.0, HEIGHT / 2]
    assert all(bar.y + bar.height == HEIGHT and bar.x + bar.width <= drawn.width for bar in drawn.bars)
    assert [bar.height for bar in chart([(DAY, 0.0)]).bars] == [0.0] and chart([]).bars == []


def test_times_in_words() -> None:
    assert [str(lasting(seconds)) for seconds in (0, 89, 3600, 5100)] == ["0 min", "1 min", "1 h 00 min", "1 h 25 min"]
