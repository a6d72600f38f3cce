"""What invoices say: buyers and their codes, lines to the fen, what is red-lettered, and what is wrong with an order's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dispatch.errors import Conflict, Invalid
from dispatch.invoices.lifecycle import STATES, STEPS, check_step, steps_from
from dispatch.invoices.rules import (
    Amounts,
    Billing,
    Buyer,
    Item,
    Rest,
    chosen_lines,
    lacking,
    lines_over,
    read_tax_code,
    read_uscc,
    red_lines,
    shown_number,
    tidy_title,
    totals,
    whole_lines,
)
from dispatch.permissions import permissions_of
from tests.invoices.building import USCC

MOVE = Item(1, "S003", Decimal("150.00"), Decimal("0.06"))
ANTENNA = Item(1, "P003", Decimal("45.00"), Decimal("0.13"))


def rest(item: Item, standing: str, most: str | None = None) -> Rest:
    """So much of it is on no invoice."""
    return Rest(item, item.code, Decimal(standing), Decimal(most or standing))


@pytest.mark.parametrize("typed", [USCC, USCC.lower(), f" {USCC[:8]} {USCC[8:]}", "９１１１００００６０００３７３４１Ｌ"])
def test_a_credit_code_is_read_as_it_is_pasted(typed: str) -> None:
    assert read_uscc(typed) == USCC


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("91110000600037341K", "check digit"),
        (USCC[:17], "has 17"),
        (USCC[:17] + "O", "without I, O"),
        ("恒通" * 9, "digits and capital"),
    ],
)
def test_a_wrong_credit_code_is_told(typed: str, why: str) -> None:
    assert why in str(read_uscc(typed))


def test_a_tax_code_has_nineteen_digits() -> None:
    assert read_tax_code("１０９０５１２０１０００００００００ 0") == "1090512010000000000"
    assert "this one has 18" in str(read_tax_code("109051201000000000"))
    assert "19 digits" in str(read_tax_code("10905120100000000A0"))


def test_a_chinese_title_has_no_blanks_inside() -> None:
    assert tidy_title("  恒通 物流\t（深圳） 有限公司 ") == "恒通物流（深圳）有限公司"
    assert tidy_title("Hengtong  Logistics Ltd") == "Hengtong Logistics Ltd"


def test_a_special_invoice_needs_more_of_its_buyer() -> None:
    assert lacking(Buyer("恒通")) == {}
    assert set(lacking(Buyer("恒通", kind="special"))) == {"uscc"}
    assert set(lacking(Buyer("恒通", kind="special", medium="paper", uscc=USCC))) == {"address", "phone", "bank", "account"}


def test_net_and_tax_are_the_amount_to_the_fen() -> None:
    lines = whole_lines([rest(MOVE, "300.00"), rest(ANTENNA, "45.00"), rest(MOVE, "0.00")])
    assert [(one.gross, one.net, one.tax, one.quantity) for one in lines] == [
        (Decimal("300.00"), Decimal("283.02"), Decimal("16.98"), 2),
        (Decimal("45.00"), Decimal("39.82"), Decimal("5.18"), 1),
    ]
    assert totals(lines) == (Decimal("345.00"), Decimal("322.84"), Decimal("22.16"))
    assert totals([]) == (0, 0, 0)


def test_an_invoice_may_be_over_some_of_the_lines() -> None:
    lines = whole_lines([rest(MOVE, "300.00"), rest(ANTENNA, "45.00")])
    assert chosen_lines(lines, None) == lines
    assert [one.item for one in chosen_lines(lines, {ANTENNA.key})] == [ANTENNA]
    for keys in (set[str](), {ANTENNA.key, "1/S999/1.00/0.06"}):
        with pytest.raises(Invalid):
            chosen_lines(lines, keys)


def test_part_of_the_charges_is_taken_from_what_stands_first() -> None:
    rests = [rest(MOVE, "0.00", "150.00"), rest(ANTENNA, "45.00")]
    lines = lines_over(rests, Decimal("100.00"))
    assert lines is not None
    assert [(one.item.code, one.gross, one.quantity) for one in lines] == [
        ("P003", Decimal("45.00"), 1),
        ("S003", Decimal("55.00"), None),
    ]
    assert lines_over(rests, Decimal("195.01")) is None


def test_red_lines_take_all_tax_of_a_line_that_ends() -> None:
    left = [Amounts(MOVE, "移机", Decimal("100.00"), Decimal("94.35"), Decimal("5.65"))]  # a fen off: part of it went before
    (whole,) = red_lines(left, Decimal("100.00"))
    assert (whole.gross, whole.net, whole.tax) == (Decimal("-100.00"), Decimal("-94.35"), Decimal("-5.65"))
    (part,) = red_lines(left, Decimal("53.00"))
    assert (part.gross, part.net, part.tax) == (Decimal("-53.00"), Decimal("-50.00"), Decimal("-3.00"))


@pytest.mark.parametrize(
    ("charged", "received", "invoiced", "back", "red", "unbilled", "unpaid"),
    [
        (300, 300, 300, 0, 0, 0, 0),
        (300, 300, 0, 0, 0, 300, 0),
        (300, 0, 300, 0, 0, 0, 300),
        (200, 200, 300, 100, 100, 0, 0),  # let off and given back
        (200, 300, 300, 0, 100, 0, 0),  # let off, not given back yet
        (300, 200, 300, 100, 100, 0, 100),  # given back alone
        (300, 300, 300, 100, 0, 0, 0),  # given back in cash, and paid again by WeChat
    ],
)
def test_what_is_wrong_between_charges_money_and_invoices(
    charged: int, received: int, invoiced: int, back: int, red: int, unbilled: int, unpaid: int
) -> None:
    one = Billing(*map(Decimal, (charged, received, invoiced, back)))
    assert (one.to_red_letter, one.paid_not_invoiced, one.invoiced_not_paid) == (red, unbilled, unpaid)


def test_the_table_of_states() -> None:
    assert {step.to for step in STEPS.values()} | {"requested"} == set(STATES)
    assert set(steps_from("requested", permissions_of(["finance"]))) == {"issue", "note", "refuse", "withdraw"}
    assert steps_from("requested", permissions_of(["specialist"])) == ["withdraw"]
    assert steps_from("refused", permissions_of(["finance"])) == []
    with pytest.raises(Conflict, match="Request withdrawn"):
        check_step("issue", "withdrawn")


def test_a_number_is_shown_as_on_paper() -> None:
    assert shown_number("144031900011" + "123456") == "1440319000 11123456"
    assert shown_number("26442000000012345678") == "26442000000012345678"
