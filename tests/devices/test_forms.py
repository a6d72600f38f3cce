"""Stock lists."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.devices.forms import read_sims, read_terminals
from dispatch.errors import RuleBroken
from tests.tabular.files import book, expected, sample, table

TERMINALS = ["序列号", "型号", "IMEI", "终端ID(808)", "批次", "入库日期", "仓库", "质保月数"]
GOOD = ["SN1", "BD-808A", "359121104139382", "4316102", "B2603", date(2026, 11, 24), "总仓", 36]


def test_the_sample_of_terminals() -> None:
    stock = read_terminals(sample("stock_terminals.csv"))
    assert len(stock.rows) == expected("stock_terminals.csv")["lines"] and not stock.problems and not stock.unknown_columns
    first = stock.rows[0]
    assert (first.row, first.serial, first.model, first.imei) == (2, "SN26000000", "TK-310", "359121104139382")
    assert (first.terminal_id, first.phone_808, first.batch, first.store) == ("4316102", None, "B2603", "总仓")
    assert (first.received_on, first.warranty_months) == (date(2026, 11, 24), 36)


def test_the_sample_of_sims() -> None:
    stock = read_sims(sample("stock_sims.csv"))
    assert len(stock.rows) == expected("stock_sims.csv")["lines"] and not stock.problems
    assert sum(not row.iccid.printed.isdigit() for row in stock.rows) == expected("stock_sims.csv")["with_letters"]
    first = stock.rows[0]
    assert (first.iccid.printed, first.msisdn, first.carrier, first.plan) == (
        "898606243293A2245176",
        "1440033950743",
        "中国移动",
        "30MB/月",
    )
    assert (first.expires_on, first.bound_imei) == (date(2027, 2, 28), None)


def test_terminals_of_a_spreadsheet_with_numbers_as_numbers() -> None:
    row = read_terminals(book([TERMINALS, [*GOOD[:2], 359121104139382, 4316102, *GOOD[4:]]])).rows[0]
    assert (row.imei, row.terminal_id, row.received_on, row.warranty_months) == (
        "359121104139382",
        "4316102",
        date(2026, 11, 24),
        36,
    )


def test_problems_name_row_column_and_reason() -> None:
    rows = [
        ["SN1", "X", "359121104139383"],
        ["", "X", ""],
        ["SN3", "", "0" * 15],
        ["SN4", "X", "", "", "", "someday", "", "long"],
    ]
    stock = read_terminals(book([TERMINALS, *rows]))
    assert not stock.rows
    assert [(problem.row, problem.column) for problem in stock.problems] == [
        (2, "IMEI"),
        (3, "序列号"),
        (4, "型号"),
        (4, "IMEI"),
        (5, "入库日期"),
        (5, "质保月数"),
    ]
    assert str(stock.problems[1].text) == "is missing"


def test_a_number_twice_in_the_file_names_both_rows() -> None:
    stock = read_terminals(book([TERMINALS, GOOD, ["sn 1", *GOOD[1:2], "", ""], ["SN3", "X", GOOD[2], "1"]]))
    assert [row.row for row in stock.rows] == [2]
    assert [str(problem.text) for problem in stock.problems] == [
        "SN1 in row 3 stands already in row 2",
        "359121104139382 in row 4 stands already in row 2",
    ]


def test_a_sim_is_known_by_nineteen_characters() -> None:
    stock = read_sims(table("ICCID,号码\n89860622588667878485,1410051948431\n8986062258866787848,1410051948432\n"))
    assert len(stock.rows) == 1 and stock.problems[0].column == "ICCID"


def test_an_iccid_cut_by_a_spreadsheet_is_not_taken() -> None:
    stock = read_sims(book([["ICCID", "号码"], [89860622588667878485, "1410051948431"]]))
    assert not stock.rows and "format the column as text" in str(stock.problems[0].text)


def test_english_headings_and_unknown_columns() -> None:
    heading = "Serial number,Model,IMEI,Terminal ID,Received on,Warranty months,Shelf\n"
    terminals = read_terminals(table(heading + "SN1,X,,4316102,2026-11-24,12,A3\n"))
    assert terminals.rows[0].terminal_id == "4316102" and terminals.unknown_columns == ("Shelf",)
    heading = "ICCID;Number;Carrier;Data plan;Expires on;Bound IMEI\n"
    sims = read_sims(table(heading + "89860622588667878485;1410051948431;CM;2GB;2027-06-28;359121104139382\n"))
    assert sims.rows[0].bound_imei == "359121104139382" and sims.rows[0].plan == "2GB"


def test_a_file_of_something_else() -> None:
    with pytest.raises(RuleBroken, match="Looked for: 序列号"):
        read_terminals(sample("prices.csv"))
    with pytest.raises(RuleBroken, match="Looked for: ICCID"):
        read_sims(sample("stock_terminals.csv"))


@pytest.mark.parametrize(
    ("months", "day"), [("0", "2026-11-24"), ("241", "2026-11-24"), ("12", "1989-12-31"), ("12", "9999-01-01")]
)
def test_months_and_days_that_cannot_be(months: str, day: str) -> None:
    stock = read_terminals(book([TERMINALS, [*GOOD[:5], day, "总仓", months]]))
    assert not stock.rows and len(stock.problems) == 1
