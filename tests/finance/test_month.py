"""A month: what is final, the export for accounting, codes of accounts, settlement sheets, statements of account."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from dispatch.db import transaction
from dispatch.finance.age_rules import NAMES, aged, bars, step_of, totals
from dispatch.finance.code_rules import USUAL, code_of
from dispatch.finance.month_rules import Month, csv_file, is_final, month_of, plain, read_month
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing, paid_off
from tests.sheets.engine import needs_libraries

MONTH = "/finance/months/2026-12"
WINTER = Month(2026, 12)


def test_months() -> None:
    assert (WINTER.first, WINTER.last) == (date(2026, 12, 1), date(2026, 12, 31))
    assert str(WINTER.after) == "2027-01" and WINTER.before == Month(2026, 11) and month_of(WINTER.last) == WINTER
    assert read_month("2026-12") == WINTER and read_month("2026-13") is None and read_month("") is None
    assert is_final(WINTER, [date(2026, 12, 31), date(2027, 1, 2)]) and not is_final(WINTER, [date(2026, 12, 30)])
    assert not is_final(WINTER, [None]) and not is_final(WINTER, [])


def test_a_cell_is_never_a_formula() -> None:
    assert [plain(text) for text in ("=1+1", "+86", "-x", "@a", "\tb", "恒通", "")] == [
        "'=1+1",
        "'+86",
        "'-x",
        "'@a",
        "'\tb",
        "恒通",
        "",
    ]
    told = csv_file(["a", "b"], [["=x", Decimal("-1.5")], ["甲,乙", Decimal(2)]], [1])
    assert told == '\ufeffa,b\r\n\'=x,-1.50\r\n"甲,乙",2.00\r\n'.encode()


def test_money_by_its_age() -> None:
    assert [step_of(days) for days in (-1, 0, 1, 2, 3, 4, 7, 8, 30, 31)] == [0, 0, 0, 1, 1, 2, 2, 3, 3, 4]
    today = date(2026, 12, 31)
    rows = aged(
        [("a", "甲", today, Decimal(5)), ("b", "乙", date(2026, 12, 1), Decimal(3)), ("a", "甲", today, Decimal(1))], today
    )
    assert [(row.key, row.sum) for row in rows] == [("b", 3), ("a", 6)] and totals(rows) == (6, 0, 0, 3, 0)
    drawn = bars(totals(rows))
    assert [bar.name for bar in drawn] == list(NAMES) and [bar.old for bar in drawn] == [False, False, False, True, True]
    assert drawn[0].height == 72 and drawn[3].height == 36 and bars(totals([]))[0].height == 0


@pytest.fixture
def clerk(database: str, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Finance a day after cash, a channel and an account brought money; 120 of the account were paid."""
    monkeypatch.setattr("dispatch.finance.pages.month.now", lambda: AT + timedelta(days=1))
    with transaction() as db:
        order = owing(db, cast)
        confirmed(db, handed(db, [paid(db, order, "300", cast.su, payer="=1+1").id], cast.su).id, {"100": 3}, cast.qian)
        paid(db, order, "80", cast.su, channel="wechat")
        paid_off(db, paid(db, order, "200", cast.su, channel="account").id, "120", cast.qian)
    return as_person(cast.qian)


def test_the_export_for_accounting(clerk: FlaskClient) -> None:
    rows = list(csv.reader(io.StringIO(clerk.get(f"{MONTH}/journal.csv").data.decode("utf-8-sig"))))
    assert rows[0][:7] == ["Voucher", "Date", "Account code", "Account (Chinese)", "Account (English)", "Debit", "Credit"]
    assert len({len(row) for row in rows}) == 1 and rows[-1][0] == "Sum" and rows[-1][5] == rows[-1][6] == "2500.00"
    cash = next(row for row in rows if row[2] == "100102")
    assert cash[1] == "2026-12-02" and cash[5:9] == ["300.00", "0.00", "Receipt RSZ000001", "苏杰"] and cash[10].startswith("WX-")
    form = {"account": "cash_in_hand:", "code": "1001", "zh": "现金", "en": "Cash", "valid_from": "2026-12-01"}
    bad = clerk.post("/finance/account-codes", data={**form, "code": "", "valid_from": "x"})
    assert bad.status_code == 422 and "Please fill this in." in bad.text and 'value="现金"' in bad.text
    assert clerk.post("/finance/account-codes", data={**form, "account": "x"}).status_code == 422
    assert clerk.post("/finance/account-codes", data=form).status_code == 302
    book = CalamineWorkbook.from_filelike(io.BytesIO(clerk.get(f"{MONTH}/journal.xlsx").data)).get_sheet_by_index(0).to_python()
    assert ["1001", "现金", "Cash", 300.0] in [row[2:6] for row in book] and book[-1][5:7] == [2500, 2500]
    assert "1001" not in clerk.get("/finance/months/2026-11/journal.csv").text
    for wrong in ("/finance/months/x/journal.csv", f"{MONTH}/journal.pdf", f"{MONTH}/people/1.txt", f"{MONTH}/customers/99.xlsx"):
        assert clerk.get(wrong).status_code == 404
    assert code_of(dict(USUAL), "later", "x").code == ""


def test_people_and_customers_of_a_month(clerk: FlaskClient, cast: Cast) -> None:
    page = clerk.get("/finance/months?month=2026-12").text
    assert "Preliminary" in page and "苏杰" in page and "¥300.00" in page and "¥80.00" in page and "¥120.00" in page
    for path in ("/finance/months?month=2026-12", "/finance/account-codes"):
        with queries() as seen:
            clerk.get(path)
        assert len(seen) <= 12, (path, seen)
    sheet = clerk.get(f"{MONTH}/people/{cast.su.id}.xlsx").data
    first, second = (CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(at).to_python() for at in (0, 1))
    assert first[1:5] == [
        ["Collected in cash", 300],
        ["Collected through channels", 80],
        ["On account", 200],
        ["Handed in, counted", 300],
    ]
    assert [row[4:] for row in second[1:]] == [[300, 300], [-300, 0]]
    account = clerk.get(f"{MONTH}/customers/1.xlsx").data
    sums = CalamineWorkbook.from_filelike(io.BytesIO(account)).get_sheet_by_index(0).to_python()
    assert [row[1] for row in sums[1:]] == [0, 200, 120, 80]


@needs_libraries
def test_papers_of_a_month(clerk: FlaskClient, cast: Cast) -> None:
    for path in (f"{MONTH}/people/{cast.su.id}.pdf", f"{MONTH}/customers/1.pdf"):
        assert clerk.get(path).data.startswith(b"%PDF")
