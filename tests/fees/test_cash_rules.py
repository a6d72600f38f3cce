"""Which limit on cash in hand counts for whom, and how near somebody is to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from dispatch.errors import Invalid
from dispatch.fees.cash_rules import Dated, Limit, limit_for, standing_of
from dispatch.finance.forms import read_cash_limit

ZONE = "Asia/Shanghai"
NOON = datetime(2026, 12, 2, 4, 0, tzinfo=UTC)
USUAL = Limit(Decimal(5000), Decimal(24))
AT_ONCE = Limit(Decimal(5000), None)


@pytest.mark.parametrize(
    ("cash", "hours", "limit", "state", "told"),
    [
        ("0", 100, USUAL, "fine", []),
        ("3999.99", 19, USUAL, "fine", []),
        ("4000", 1, USUAL, "near", ["80 % of the limit of ¥5,000.00."]),
        ("5000", 1, USUAL, "near", ["100 % of the limit of ¥5,000.00."]),
        ("5000.01", 1, USUAL, "over", ["Over the limit of ¥5,000.00."]),
        ("1", 20, USUAL, "near", ["To be handed in soon."]),
        ("6000", 25, USUAL, "over", ["Over the limit of ¥5,000.00.", "Held longer than 24 hours."]),
        ("1", 3, AT_ONCE, "fine", []),
        ("1", 13, AT_ONCE, "over", ["Not handed in on the day it was taken."]),
        ("1", 0, Limit(Decimal(0), None), "over", ["Over the limit of ¥0.00."]),
    ],
)
def test_how_cash_stands(cash: str, hours: int, limit: Limit, state: str, told: list[str]) -> None:
    found = standing_of(Decimal(cash), NOON - timedelta(hours=hours), limit, zone=ZONE, at=NOON, near_percent=80)
    assert (found.state, [str(text) for text in found.told]) == (state, told)


def test_the_nearest_limit_counts() -> None:
    def kept(id_: int, branch: int | None = None, person: int | None = None, begins: int = 1, ends: int | None = None) -> Dated:
        limit = Limit(Decimal(id_), None, id_)
        return Dated(limit, branch, person, date(2026, 12, begins), date(2026, 12, ends) if ends else None)

    rows = [
        kept(1),
        kept(2, branch=7),
        kept(3, branch=7, begins=3),
        kept(4, person=9, ends=5),
        kept(5, branch=8),
        kept(6, person=8),
    ]

    def of(person: int, branch: int, day: int) -> int | None:
        return limit_for(person, branch, date(2026, 12, day), rows, USUAL).id

    assert [of(1, 1, 1), of(1, 7, 2), of(1, 7, 3), of(9, 7, 5), of(9, 7, 6)] == [1, 2, 3, 4, 3]
    assert limit_for(1, 1, date(2026, 11, 30), rows, USUAL) is USUAL


def test_a_limit_is_read() -> None:
    read = read_cash_limit(
        {"whom": "p7", "most": "¥3,000", "hours": "1.5", "reason": "x", "valid_to": "2026-12-31"}, date(2026, 12, 2)
    )
    assert (read.person_id, read.branch_id, read.most, read.hours) == (7, None, 3000, Decimal("1.5"))
    assert (read.valid_from, read.valid_to) == (date(2026, 12, 2), date(2026, 12, 31))
    with pytest.raises(Invalid) as refusal:
        read_cash_limit({"whom": "x", "most": "", "hours": "-1", "valid_from": "yesterday"}, date(2026, 12, 2))
    assert set(refusal.value.fields) == {"whom", "most", "hours", "valid_from"}
