"""The price list."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from dispatch.fees.forms import read_amount, read_prices, read_tax_rate
from dispatch.words import Text
from tests.tabular.files import book, expected, full_width, sample, table

HEADINGS = ["编码", "名称", "类别", "单价", "税率", "生效日期"]


def test_the_sample() -> None:
    prices = read_prices(sample("prices.csv"))
    assert len(prices.rows) == expected("prices.csv")["lines"] and not prices.problems
    antenna = prices.rows[3]
    assert (antenna.code, antenna.name, antenna.category) == ("P004", "4G 天线", "part")
    assert (antenna.amount, antenna.tax_rate, antenna.valid_from) == (Decimal("38.50"), Decimal("0.13"), date(2026, 1, 1))
    assert [row.category for row in prices.rows].count("service") == 5


@pytest.mark.parametrize("typed", ["13%", "13", "0.13", full_width("13%"), "13.0%"])
def test_tax_rates(typed: str) -> None:
    assert read_tax_rate(typed) == Decimal("0.13")


@pytest.mark.parametrize("typed", ["130%", "-1%", "free", "%"])
def test_no_tax_rates(typed: str) -> None:
    assert isinstance(read_tax_rate(typed), Text)


def test_numbers_of_a_spreadsheet() -> None:
    row = read_prices(book([HEADINGS, ["P1", "天线", "配件", 38.5, 0.13, date(2026, 1, 1)]])).rows[0]
    assert (str(row.amount), row.tax_rate) == ("38.50", Decimal("0.13"))


def test_problems() -> None:
    rows = [
        ["P1", "a", "配件", "¥1,580.00", "13%", "2026-01-01"],
        ["P2", "b", "礼品", "1.005", "x", "soon"],
        ["P3", "c", "服务", "-1", "6%", ""],
        ["P1", "a", "配件", "1600", "13%", "2026-01-01"],
        ["P1", "a", "配件", "1700", "13%", "2027-01-01"],
    ]
    prices = read_prices(book([HEADINGS, *rows]))
    assert [(row.row, row.amount) for row in prices.rows] == [(2, Decimal("1580.00")), (6, Decimal("1700.00"))]
    assert [(problem.row, problem.column) for problem in prices.problems] == [
        *[(3, column) for column in ("类别", "单价", "税率", "生效日期")],
        (4, "单价"),
        (4, "生效日期"),
        (5, "编码"),
    ]


def test_english_headings() -> None:
    assert (
        read_prices(table("Code,Name,Category,Price,Tax rate,Valid from\nS1,Visit,Service,0,6%,2026-01-01\n")).rows[0].category
        == "service"
    )


@pytest.mark.parametrize("typed", ["9" * 25, "1" * 40, "-1", "10000000"])
def test_no_prices(typed: str) -> None:
    assert "is not a price" in str(read_amount(typed))
