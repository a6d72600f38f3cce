"""When cash in hand is a risk, and how a count is read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from dispatch.errors import Invalid
from dispatch.finance.forms import read_count
from dispatch.finance.rules import CashLimits, cash_risks
from tests.conftest import AT

LIMITS = CashLimits(Decimal(5000), timedelta(hours=24))


@pytest.mark.parametrize(
    ("cash", "hours", "told"),
    [
        ("5000", 24, []),
        ("5000.01", 1, ["Over the limit of ¥5,000.00."]),
        ("1", 25, ["Held longer than 24 hours."]),
        ("6000", 25, ["Over the limit of ¥5,000.00.", "Held longer than 24 hours."]),
    ],
)
def test_risks(cash: str, hours: int, told: list[str]) -> None:
    assert [str(risk) for risk in cash_risks(Decimal(cash), AT - timedelta(hours=hours), LIMITS, AT)] == told


def test_a_count_is_read() -> None:
    count = read_count({"n100": "3", "n0.5": " 1 ", "counted": "¥1,300.50", "reason": " x ", "owner": "7"})
    assert (count.counts["100"], count.counts["0.5"], count.counts["50"]) == (3, 1, 0)
    assert (count.counted, count.reason, count.owner_id) == (Decimal("1300.50"), "x", 7)


@pytest.mark.parametrize(
    ("field", "typed"), [("n50", "-1"), ("n50", "1.5"), ("counted", "NaN"), ("counted", "abc"), ("counted", "-1")]
)
def test_what_is_no_number_is_refused(field: str, typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_count({field: typed})
    assert set(refusal.value.fields) == {field}
