"""How a count is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dispatch.errors import Invalid
from dispatch.finance.forms import read_cash_limit, read_count, read_deposit, read_merit
from tests.conftest import AT


def test_a_count_is_read() -> None:
    count = read_count({"n100": "3", "n0.5": " 1 ", "counted": "¥1,300.50", "reason": " x ", "owner": "7"})
    assert (count.counts["100"], count.counts["0.5"], count.counts["50"]) == (3, 1, 0)
    assert (count.counted, count.reason, count.owner_id) == (Decimal("1300.50"), "x", 7)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("n50", "-1"),
        ("n50", "1.5"),
        ("n50", "999999999"),
        ("counted", "NaN"),
        ("counted", "abc"),
        ("counted", "-1"),
        ("counted", "1e5"),
        ("counted", "1,28"),
        ("counted", "0.005"),
        ("reason", "长" * 201),
    ],
)
def test_what_is_no_number_is_refused(field: str, typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_count({"n100": "1", field: typed})
    assert set(refusal.value.fields) == {field}


def test_nothing_counted_is_no_count_of_nothing() -> None:
    with pytest.raises(Invalid) as refusal:
        read_count({"n50": " ", "reason": "少了", "owner": "7"})
    assert set(refusal.value.fields) == {"n100"}
    assert read_count({"n100": "0"}).counts["100"] == 0


def test_full_width_signs_are_read() -> None:
    count = read_count({"n100": "１２", "counted": "￥１，２００．５０", "reason": ""})
    assert (count.counts["100"], count.counted) == (12, Decimal("1200.50"))


DAY = date(2026, 12, 2)
LIMIT = {"whom": "all", "most": "500"}
DEPOSIT = {"amount": "1", "bank_account": "工行", "slip": "1", "paid_at": "2026-12-02T09:00"}
MERIT = {"person": "1", "kind": "praise", "points": "5"}


@pytest.mark.parametrize("typed", ["1900-01-01", "9999-12-31", "0001-01-01", "2026-13-01"])
def test_days_beyond_all_books_are_refused_at_their_field(typed: str) -> None:
    with pytest.raises(Invalid) as limit:
        read_cash_limit({**LIMIT, "valid_from": typed}, DAY)
    with pytest.raises(Invalid) as deposit:
        read_deposit({**DEPOSIT, "paid_at": f"{typed}T00:00"}, [], zone="Asia/Shanghai", at=AT)
    assert (set(limit.value.fields), set(deposit.value.fields)) == ({"valid_from"}, {"paid_at"})


@pytest.mark.parametrize("typed", ["0", "1001", "-1", "1.5"])
def test_points_are_a_few(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_merit({**MERIT, "points": typed})
    assert set(refusal.value.fields) == {"points"}
