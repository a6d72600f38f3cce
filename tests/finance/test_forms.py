"""How a count is read."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dispatch.errors import Invalid
from dispatch.finance.forms import read_count


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
