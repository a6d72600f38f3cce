"""Quotations without a database: their way, what they give away, how far they go, what cannot be asked for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dispatch.errors import Conflict, Invalid
from dispatch.fees.quote_rules import (
    LIVE,
    STATE_WORDS,
    STATES,
    STEPS,
    Wanted,
    at_quoted_price,
    check_step,
    check_wanted,
    given_away,
    split,
    stands_as,
    steps_from,
)

LIST = {"S003": Decimal(150), "P003": Decimal(45)}


def test_every_step_leads_from_state_to_state() -> None:
    assert set(STATE_WORDS) == set(STATES) and set(LIVE) < set(STATES)
    assert {step.to for step in STEPS.values()} == set(STATES)
    assert {state: steps_from(state) for state in STATES} == {
        "draft": ["change", "offer", "withdraw"],
        "waiting": [],
        "offered": ["agree", "decline", "withdraw"],
        "agreed": ["withdraw"],
        "declined": [],
        "expired": [],
        "withdrawn": [],
    }
    with pytest.raises(Conflict, match="Agreed"):
        check_step("agree", "agreed")


def test_an_offer_expires_with_its_day_and_an_agreement_does_not() -> None:
    day = date(2026, 11, 23)
    assert stands_as("offered", day, day) == "offered"
    assert stands_as("offered", day, date(2026, 11, 24)) == "expired"
    assert stands_as("agreed", day, date(2026, 11, 24)) == "agreed"


def test_what_stays_below_the_list_is_given_away() -> None:
    lines = [(2, Decimal(120), Decimal(150)), (1, Decimal("44.50"), Decimal(45)), (9, Decimal(80), Decimal(80))]
    assert given_away(lines) == Decimal("60.50") and not given_away([])


@pytest.mark.parametrize(
    ("quantity", "left", "parts"), [(3, 2, (2, 1)), (2, 2, (2, 0)), (1, 5, (1, 0)), (2, 0, (0, 2)), (2, -1, (0, 2))]
)
def test_a_quoted_price_goes_as_far_as_its_quantity(quantity: int, left: int, parts: tuple[int, int]) -> None:
    assert split(quantity, left) == parts


def test_the_charge_says_whose_price_it_is() -> None:
    rule = at_quoted_price("BJ-SZ-2026-0001", Decimal(150))
    assert (rule.free, rule.rule) == (False, "quoted_price")
    assert str(rule.told) == "Quoted price of BJ-SZ-2026-0001, agreed with the customer; ¥150.00 in the list."


@pytest.mark.parametrize(
    ("lines", "beside"),
    [
        ([], {"code-0"}),
        ([Wanted("X9", 1)], {"code-0"}),
        ([Wanted("S003", 0)], {"quantity-0"}),
        ([Wanted("S003", 1), Wanted("S003", 1000)], {"code-1", "quantity-1"}),
        ([Wanted("S003", 1, Decimal("150.01")), Wanted("P003", 1, Decimal(-1))], {"unit_price-0", "unit_price-1"}),
        ([Wanted("S003", 1)] * 21, {"code-0", *(f"code-{n}" for n in range(1, 21))}),
    ],
)
def test_what_cannot_be_quoted_is_said_beside_its_line(lines: list[Wanted], beside: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        check_wanted(lines, LIST)
    assert set(refused.value.fields) == beside


def test_a_line_may_cost_what_the_list_says_or_less() -> None:
    check_wanted([Wanted("S003", 999), Wanted("P003", 1, Decimal(0))], LIST)
