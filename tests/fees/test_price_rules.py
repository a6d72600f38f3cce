"""Whose price holds on a day, without a database."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dispatch.fees.price_rules import KeptPrice, price_for, price_to_come, standing, with_price
from dispatch.fees.rules import LISTED, SERVICE_FREE

DAY = date(2026, 7, 1)
BRANCH, CUSTOMER = {"branch_id": 1, "holder": "深圳"}, {"customer_id": 7, "holder": "顺达物流"}


def kept(amount: int, begins: int = -30, ends: int | None = None, tax: str = "0.13", **whose: object) -> KeptPrice:
    """A price from a number of days before or after the day on."""
    last = None if ends is None else DAY + timedelta(days=ends)
    facts = ("S003", "移机费", "service", Decimal(amount), Decimal(tax), DAY + timedelta(days=begins), last)
    return KeptPrice(*facts, **whose)  # type: ignore[arg-type]


def test_the_most_particular_that_holds_wins_and_says_why() -> None:
    listed, branch, agreed = kept(150), kept(140, **BRANCH), kept(120, contract="HT-9", **CUSTOMER)
    found = [price_for(some, DAY) for some in ([listed], [branch, listed], [agreed, listed, branch])]
    assert [one and one.amount for one in found] == [150, 140, 120]
    told = [str(with_price(LISTED, one.because if one else None).told) for one in found]
    assert told[0] == str(LISTED.told)
    assert told[1].endswith("charged. Price of branch 深圳 since 2026-06-01.")
    assert told[2].endswith("Agreed with 顺达物流 since 2026-06-01, contract HT-9.")
    assert with_price(SERVICE_FREE, agreed.because) is SERVICE_FREE
    assert str(kept(1, **CUSTOMER).because) == "Agreed with 顺达物流 since 2026-06-01."


def test_what_has_ended_or_not_begun_leaves_the_wider_one() -> None:
    listed = kept(150)
    for other in (kept(120, ends=-1, **CUSTOMER), kept(120, begins=1, **CUSTOMER)):
        found = price_for([listed, other], DAY)
        assert found and found.amount == 150
    assert price_for([kept(120, ends=0, **CUSTOMER)], DAY), "its last day counts"
    assert price_for([kept(150, ends=-1)], DAY) is None
    again = [kept(120, begins=-90, **CUSTOMER), kept(110, begins=-60, ends=-20, **CUSTOMER), listed]
    assert (price_for(again, DAY) or listed).amount == 150, "an end is an end of what came before, too"


def test_the_tax_rate_is_that_of_the_list_on_the_day() -> None:
    prices = [kept(150, begins=-90), kept(150, begins=0, tax="0.09"), kept(120, begins=-60, **CUSTOMER)]
    rates = [price and price.tax_rate for price in (price_for(prices, DAY - timedelta(days=1)), price_for(prices, DAY))]
    assert rates == [Decimal("0.13"), Decimal("0.09")]
    alone = price_for([kept(80, tax="0.06", **CUSTOMER)], DAY)
    assert alone and alone.tax_rate == Decimal("0.06")


def test_a_part_that_came_later_has_its_first_price() -> None:
    found = price_to_come([kept(10, begins=9), kept(9, begins=5, **CUSTOMER), kept(8, begins=5)], DAY)
    assert found and found.amount == 9 and price_to_come([kept(10)], DAY) is None


def test_how_a_price_stands() -> None:
    past, soon = DAY - timedelta(days=1), DAY + timedelta(days=1)
    assert standing(soon, None, next_from=None, day=DAY) == "coming"
    assert standing(past, DAY, next_from=soon, day=DAY) == "valid"
    assert standing(past, past, next_from=None, day=DAY) == "ended"
    assert standing(past, past, next_from=DAY, day=DAY) == "past"


WHOSE = st.sampled_from([{}, BRANCH, CUSTOMER])
KEPT = st.builds(
    lambda amount, begins, ends, whose: kept(amount, begins, ends, **whose),
    st.integers(1, 9),
    st.integers(-5, 5),
    st.none() | st.integers(5, 9),
    WHOSE,
)


@given(st.lists(KEPT, unique_by=lambda one: (one.rank, one.valid_from), max_size=8), st.integers(-6, 10))
def test_a_wider_price_never_hides_a_narrower_one(prices: list[KeptPrice], shift: int) -> None:
    day = DAY + timedelta(days=shift)
    found = price_for(prices, day)
    ranks = {one.rank for one in prices if one.valid_from <= day}
    own = {
        rank: max((one for one in prices if one.rank == rank and one.valid_from <= day), key=lambda one: one.valid_from)
        for rank in ranks
    }
    holding = [one for one in own.values() if one.valid_to is None or day <= one.valid_to]
    assert (found is None) == (not holding)
    if found:
        assert found.amount == max(holding, key=lambda one: one.rank).amount
        assert found == price_for(reversed(prices), day), "in whatever order they come"
