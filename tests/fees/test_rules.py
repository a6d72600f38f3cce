"""P10 as a table, the part a unit is charged as, amounts and numbers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Invalid
from dispatch.fees.money_forms import read_charge, read_payment, read_refund
from dispatch.fees.rules import (
    Cover,
    amount_of,
    decide,
    invoice_warning,
    part_named,
    receipt_number,
    running_in,
    serves_own_product,
    yuan,
)
from dispatch.words import say
from tests.tabular.files import full_width

UNTIL = date(2025, 6, 30)
BOUGHT = say("12 months from installation on %(day)s", day="2024-06-30")
PART: dict[str, Any] = {"category_is_part": True, "order_kind": "repair", "own_product": False, "cover": Cover()}
SERVICE: dict[str, Any] = {**PART, "category_is_part": False}
P10 = [
    ({**SERVICE, "own_product": True}, (True, "own_service_free"), "are free"),
    ({**SERVICE, "own_product": True, "order_kind": "installation"}, (True, "own_service_free"), "are free"),
    ({**SERVICE, "own_product": True, "cover": Cover(False)}, (True, "own_service_free"), "are free"),
    (SERVICE, (False, "listed_price"), "the listed price is charged"),
    ({**SERVICE, "cover": Cover(True, UNTIL)}, (False, "listed_price"), "the listed price is charged"),
    ({**PART, "cover": Cover(True, UNTIL)}, (True, "in_warranty"), "In warranty until 2025-06-30: free."),
    (
        {**PART, "cover": Cover(True, UNTIL, BOUGHT, "Wang")},
        (True, "in_warranty"),
        "In warranty until 2025-06-30 (12 months from installation on 2024-06-30): free.",
    ),
    ({**PART, "cover": Cover(False, UNTIL, BOUGHT, "Wang")}, (True, "goodwill"), "Goodwill, approved by Wang: free."),
    (
        {**PART, "cover": Cover(False, UNTIL)},
        (False, "part_out_of_warranty"),
        "Out of warranty since 2025-07-01: the part is charged.",
    ),
    (PART, (False, "part_out_of_warranty"), "Nothing on record says that it is in warranty: the part is charged."),
    ({**PART, "order_kind": "installation", "own_product": True}, (True, "own_service_free"), "free."),
    ({**PART, "order_kind": "installation"}, (False, "listed_price"), "the listed price is charged"),
]


@pytest.mark.parametrize(("facts", "verdict", "sentence"), P10)
def test_the_rule_of_charges(facts: dict[str, Any], verdict: tuple[bool, str], sentence: str) -> None:
    decision = decide(**facts)
    assert (decision.free, decision.rule) == verdict and sentence in str(decision.told)


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("上门费(本公司产品)", True),
        ("安装费(本公司产品)", True),
        ("维修人工费", True),
        ("现场勘察费", True),
        ("Visit", True),
        ("移机费", False),
        ("移机上门费(本公司产品)", False),
        ("SIM 充值 100MB/年", False),
        ("安装费(非本公司设备)", False),
        ("SIM top-up", False),
    ],
)
def test_which_services_are_free(name: str, own: bool) -> None:
    assert serves_own_product(name) is own


NAMES = {"P001": "BD-808A 主机", "P002": "bd - 809V  主机", "P006": "SIM 卡", "P007": "BD-808A 支架", "P008": "TK-310 套装"}


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("BD-808A", "P001"),
        ("bd-808a", "P001"),
        ("BD 808A", None),
        ("BD-809 v", "P002"),
        ("BD-808", None),
        ("SIM", "P006"),
        ("TK-310", "P008"),
        ("GT06N", None),
        ("", None),
    ],
)
def test_which_part_a_unit_is_charged_as(start: str, code: str | None) -> None:
    assert part_named(start, NAMES.items()) == code


def test_two_parts_that_could_both_be_meant_are_a_persons_to_choose() -> None:
    assert part_named("A1", [("P1", "A1 支架"), ("P2", "A1 电源")]) is None


def test_amounts() -> None:
    assert amount_of(3, Decimal("38.50"), free=False) == Decimal("115.50")
    assert amount_of(3, Decimal("38.50"), free=True) == 0
    assert amount_of(1, Decimal("0.005"), free=False) == Decimal("0.01")
    assert [yuan(Decimal(amount)) for amount in ("1280", "-45.5", "0")] == ["¥1,280.00", "-¥45.50", "¥0.00"]


@given(st.sampled_from(["SZ", "GZ2", "R"]), st.integers(1, 10**9))
def test_receipt_numbers_there_and_back(branch: str, running: int) -> None:
    number = receipt_number(branch, running)
    assert running_in(number, branch) == running and running_in(number, branch + "X") is None


def test_receipt_numbers() -> None:
    assert receipt_number("SZ", 51) == "RSZ000051"
    assert [running_in(text, "SZ") for text in ("RSZ51", "SZ000051", "RSZ00005a", "RSZ0000051", "")] == [None] * 5


@pytest.mark.parametrize("digits", [8, 18, 20])
def test_invoice_numbers(digits: int) -> None:
    assert invoice_warning("1" * digits) is None
    assert "this one has" in str(invoice_warning("1" * (digits - 1)))
    assert "digits only" in str(invoice_warning("1" * (digits - 1) + "X"))


TYPED = [
    ("1,280", "1280"),
    ("￥145.5", "145.50"),
    (full_width("145.50"), "145.50"),
    ("１，２８０．５元", "1280.50"),
    (" 80 ", "80"),
    ("12,345,678.9", None),
    ("1,234,567.8", "1234567.80"),
]


@pytest.mark.parametrize(("text", "amount"), TYPED)
def test_amounts_as_typed(text: str, amount: str | None) -> None:
    typed = {"amount": text, "channel": "cash"}
    if amount is None:
        with pytest.raises(Invalid):
            read_payment(typed)
    else:
        assert read_payment(typed).amount == Decimal(amount)


@pytest.mark.parametrize("text", ["", "0", "0.00", "-5", "1.005", "1,28", "12,80.0", "1,2800", "abc", "1e400", "NaN"])
def test_no_amounts(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_payment({"amount": text, "channel": "cash"})
    assert set(refusal.value.fields) == {"amount"}


def test_a_payment_as_typed() -> None:
    typed = {"amount": "680", "channel": "wechat", "payer": " 张 超敏 ", "reference": "4200"}
    payment = read_payment({**typed, "invoice_number": full_width("1440 3190")})
    assert (payment.payer, payment.reference, payment.invoice_number, payment.warnings) == ("张 超敏", "4200", "14403190", {})
    odd = read_payment({"amount": "680", "channel": "cash", "invoice_number": "1234567"})
    assert odd.invoice_number == "1234567" and "this one has 7" in str(odd.warnings["invoice_number"])
    with pytest.raises(Invalid) as refusal:
        read_payment({"amount": "680", "channel": "gold"})
    assert set(refusal.value.fields) == {"channel"}


def test_charges_and_refunds_as_typed() -> None:
    charge = read_charge({"code": " p003 ", "quantity": full_width("2"), "line": "7"})
    assert (charge.code, charge.quantity, charge.line_id) == ("P003", 2, 7)
    assert read_charge({"code": "P003"}).quantity == 1
    with pytest.raises(Invalid) as refusal:
        read_charge({"quantity": "0"})
    assert set(refusal.value.fields) == {"code", "quantity"}
    assert read_refund({"amount": "5", "reason": "多收"}).reason == "多收"
    with pytest.raises(Invalid) as refusal:
        read_refund({})
    assert set(refusal.value.fields) == {"amount", "reason"}
