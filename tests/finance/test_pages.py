"""Pages of money: my cash and its slip, the overview, statements, counting, the day list and its spreadsheet."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from dispatch.db import transaction
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.models import HandIn
from dispatch.finance.queries import day_rows
from dispatch.sheets.gateway import missing_libraries
from dispatch.sheets.verifying import verify
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, taken_back
from tests.sheets.engine import flipped, needs_libraries, needs_poppler, told

DAY = "2026-12-02"


@pytest.fixture
def held(database: str, cast: Cast) -> int:
    """Su holds 300 and 45.50 in cash, 200 came through WeChat; the first is declared: its hand-in's id."""
    with transaction() as db:
        order = owing(db, cast)
        first = paid(db, order, "300", cast.su, payer="=1+1")
        paid(db, order, "45.5", cast.su)
        paid(db, order, "200", cast.su, channel="wechat")
        return handed(db, [first.id], cast.su).id


def test_a_technician_declares_what_he_holds_and_takes_it_back(held: int, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.su)
    page = client.get("/my-money").text
    assert "¥345.50" in page and "JK-SZ-2026-0001" in page and "Waits to be counted" in page
    with transaction() as db:
        (loose,) = receipts_in_hand(db, cast.su.id or 0)
    assert client.post("/my-money", data={"receipts": [loose.id]}).status_code == 302
    again = client.post("/my-money", data={"receipts": [loose.id]})
    assert (again.status_code, "handed in already" in again.text) == (409, True)
    assert client.post(f"/my-money/{held}/withdraw").status_code == 302
    assert client.post("/my-money", data={}).status_code == 422
    assert as_person(cast.wei).post(f"/my-money/{held}/withdraw").status_code == 404


def test_finance_counts_by_denomination(held: int, cast: Cast, as_person: SignIn) -> None:
    client, url = as_person(cast.qian), f"/finance/hand-ins/{held}"
    assert "Count the cash" in client.get(url).text
    wrong = client.post(url, data={"n100": "2", "counted": "300"})
    assert (wrong.status_code, "make ¥200.00, not ¥300.00" in wrong.text, 'value="2"' in wrong.text) == (422, True, True)
    typo = client.post(url, data={"n0.5": "x"}).text
    assert 'href="#f-n0.5"' in typo and 'id="f-n0.5"' in typo and "¥0.5: A whole number" in typo, "each error leads to its field"
    bare = client.post(url, data={"n100": "2"})
    assert bare.status_code == 422 and "why is that?" in bare.text and "Who answers for the difference?" in bare.text
    assert client.post(url, data={"n100": "x"}).status_code == 422
    done = client.post(url, data={"n100": "2", "reason": "少一张", "owner": str(cast.su.id)})
    assert done.status_code == 302
    late = client.post(url, data={"n100": "3"})
    assert late.status_code == 409 and "has confirmed" in late.text
    shown = client.get(url).text
    assert "-¥100.00" in shown and "少一张" in shown and "PZ-SZ-2026-" in shown
    assert "-¥100.00" in client.get("/finance").text
    with transaction() as db:
        assert balance(db, "difference", branch_id=cast.sz) == Decimal(100)


def test_finance_takes_a_confirmed_hand_in_back(held: int, cast: Cast, as_person: SignIn) -> None:
    client, url = as_person(cast.qian), f"/finance/hand-ins/{held}"
    assert "Take this hand-in back" not in client.get(url).text
    assert client.post(f"{url}/take-back", data={"reason": "x"}).status_code == 422
    client.post(url, data={"n100": "2", "reason": "少一张", "owner": str(cast.su.id)})
    page = client.get(url).text
    assert "Take this hand-in back" in page and "¥200.00 leaves the cash desk, and 苏杰 answers for the ¥300.00" in page
    bare = client.post(f"{url}/take-back", data={"reason": " "})
    assert (
        bare.status_code == 422 and "Please give a reason." in bare.text and '<details class="counter-entry" open>' in bare.text
    )
    assert "Take this hand-in back" not in as_person(cast.wang).get(url).text
    assert as_person(cast.wang).post(f"{url}/take-back", data={"reason": "x"}).status_code == 404
    assert client.post(f"{url}/take-back", data={"reason": "数错了"}).status_code == 302
    shown = client.get(url).text
    assert "Taken back by 钱敏 on" in shown and "数错了" in shown
    assert [number for number in range(1, 9) if f"PZ-SZ-2026-{number:06d}" in shown] == [5, 6], "its vouchers and no other"
    again = client.post(f"{url}/take-back", data={"reason": "数错了"})
    assert again.status_code == 409 and "钱敏 has taken JK-SZ-2026-0001 back already" in again.text
    assert client.post("/finance/hand-ins/999/take-back", data={"reason": "x"}).status_code == 404
    assert "Everything until yesterday is explained." in client.get("/finance").text
    assert "JK-SZ-2026-0001" in client.get("/finance/hand-ins?status=taken_back").text
    assert "JK-SZ-2026-0001" not in client.get("/finance/hand-ins?status=confirmed").text
    account = client.get(f"/finance/people/{cast.su.id}").text
    assert "Hand-in taken back" in account and "数错了 · 钱敏" in account


def test_what_was_taken_back_is_not_at_finance_any_more(held: int, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        confirmed(db, held, {"100": 3}, cast.qian)
        taken_back(db, held, cast.qian)
        (row,) = day_rows(db, branch_id=cast.sz, since=AT.date(), until=AT.date())
    assert (row.received, row.in_hands) == (0, Decimal("345.50"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(as_person(cast.qian).get(f"/finance/day.xlsx?day={DAY}").data))
    assert [line[8] for line in book.get_sheet_by_index(0).to_python()[1:4]] == ["", "", ""]
    (settled_at,) = book.get_sheet_by_index(1).to_python()[1:]
    assert settled_at[:2] == ["PZ-SZ-2026-000006", "2026-12-02 09:00"]
    assert settled_at[2:] == ["Hand-in taken back", "JK-SZ-2026-0001", "钱敏", "数错了", -300]
    day = as_person(cast.qian).get(f"/finance/day?day={DAY}").text
    assert "Settled at finance" in day and "-¥300.00" in day
    assert "Settled at finance" not in as_person(cast.qian).get(f"/finance/day?day={DAY}&channel=cash").text
    phone = as_person(cast.su).get("/my-money").text
    assert "Taken back" in phone and "数错了" in phone and "¥345.50" in phone


def test_who_may_look_and_who_may_count(held: int, cast: Cast, as_person: SignIn) -> None:
    assert as_person(cast.su).get("/finance").status_code == 404
    assert as_person(cast.lin).get("/my-money").status_code == 404
    manager = as_person(cast.wang)
    assert "Count the cash" not in manager.get(f"/finance/hand-ins/{held}").text
    assert manager.post(f"/finance/hand-ins/{held}", data={"n100": "3"}).status_code == 404
    assert manager.get(f"/finance/people/{cast.he.id}").status_code == 404
    assert manager.get("/finance/hand-ins/999").status_code == 404


def test_expected_collected_and_received_side_by_side(held: int, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        confirmed(db, held, {"100": 3}, cast.qian)
        (row,) = day_rows(db, branch_id=cast.sz, since=AT.date(), until=AT.date())
    assert (row.expected, row.collected, row.received) == (1500, Decimal("545.50"), 300)
    assert (row.to_match, row.in_hands, row.missing) == (200, Decimal("45.50"), Decimal("954.50"))


def test_a_statement_reads_like_a_banks(held: int, cast: Cast, as_person: SignIn) -> None:
    page = as_person(cast.qian).get(f"/finance/people/{cast.su.id}").text
    assert page.index("¥345.50") and "PZ-SZ-2026-000003" in page and "RSZ000001" in page
    assert "Held longer than" not in page or "24 hours" in page
    assert as_person(cast.qian).get(f"/finance/people/{cast.wei.id}").status_code == 200


def test_the_day_list_is_filtered_and_exported(held: int, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.qian)
    assert "¥545.50" in client.get(f"/finance/day?day={DAY}").text
    assert "¥200.00" in client.get(f"/finance/day?day={DAY}&channel=wechat&person={cast.su.id}").text
    assert "No receipts on this day" in client.get("/finance/day?day=2020-01-01").text
    assert client.get("/finance/day?day=yesterday&channel=gold&person=x").status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/finance/day.xlsx?day={DAY}").data))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:3] == ["Time", "Receipt", "Order"]
    assert [row[6] for row in rows[1:4]] == [300, 45.5, 200]
    assert rows[1][5] == "=1+1" and rows[1][8] == "JK-SZ-2026-0001"


@pytest.mark.skipif(bool(missing_libraries()), reason="this machine lacks the PDF engine's libraries")
def test_the_slip_is_a_signed_pdf_for_its_owner_and_finance(held: int, cast: Cast, as_person: SignIn) -> None:
    slip = as_person(cast.su).get(f"/hand-ins/{held}/slip.pdf")
    assert (slip.status_code, slip.data[:5]) == (200, b"%PDF-")
    assert as_person(cast.wei).get(f"/hand-ins/{held}/slip.pdf").status_code == 404


@needs_libraries
@needs_poppler
def test_the_slip_is_known_as_ours_and_a_turned_bit_in_it_as_well(
    held: int, cast: Cast, as_person: SignIn, tmp_path: Path
) -> None:
    facts = {"reason": "少一百元", "owner_id": cast.su.id}
    with transaction() as db:
        confirmed(db, held, {"100": 2}, cast.qian, **facts)
    pdf = as_person(cast.qian).get(f"/hand-ins/{held}/slip.pdf").data
    file = tmp_path / "slip.pdf"
    file.write_bytes(pdf)
    said = told("pdfsig", "-nocert", file)
    assert "Signature is Valid" in said and "Total document signed" in said
    text = told("pdftotext", "-layout", file, "-")
    assert all(word in text for word in ("交款单", "JK-SZ-2026-0001", "¥300.00", "¥200.00", "-¥100.00", "少一百元", "钱敏"))
    verdict = verify(pdf, issued=False)
    assert [(one["ours"], one["intact"]) for one in verdict.signatures] == [(True, True)]
    assert verify(flipped(pdf, len(pdf) // 3), issued=False).verdict == "altered"


def test_a_withdrawn_hand_ins_slip_is_void(held: int, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.finance.slips.make_pdf", lambda html, **_: html.encode())
    client = as_person(cast.su)
    assert "作废" not in client.get(f"/hand-ins/{held}/slip.pdf").text
    client.post(f"/my-money/{held}/withdraw")
    assert "作废" in client.get(f"/hand-ins/{held}/slip.pdf").text


def test_the_slip_of_what_was_taken_back_is_void_and_says_why(
    held: int, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.finance.slips.make_pdf", lambda html, **_: html.encode())
    with transaction() as db:
        confirmed(db, held, {"100": 3}, cast.qian)
    client = as_person(cast.qian)
    assert "作废" not in client.get(f"/hand-ins/{held}/slip.pdf").text
    with transaction() as db:
        taken_back(db, held, cast.qian, reason="张冠李戴")
    slip = client.get(f"/hand-ins/{held}/slip.pdf").text
    assert "作废" in slip and "张冠李戴" in slip and "钱敏" in slip and "12-02 09:00" in slip


@pytest.mark.parametrize(
    "path", ["/finance", "/finance/hand-ins", "/finance/hand-ins/1", "/finance/people/5", f"/finance/day?day={DAY}"]
)
def test_a_page_asks_little_of_the_database(held: int, cast: Cast, as_person: SignIn, path: str) -> None:
    client = as_person(cast.qian)
    client.get(path)
    with queries() as seen:
        assert client.get(path).status_code == 200
    assert len(seen) <= 12, seen


def test_my_money_asks_little_of_the_database(held: int, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.su)
    with queries() as seen:
        assert client.get("/my-money").status_code == 200
    assert len(seen) <= 12, seen
    with transaction() as db:
        assert db.get_one(HandIn, held).status == "handed"


def test_days_beyond_all_books_and_what_is_too_long_are_told(database: str, cast: Cast, as_person: SignIn) -> None:
    client, spans = as_person(cast.qian), "from=0001-01-01&to=9999-12-31"
    for path in ("/finance/months?month=9999-12", f"/finance/rates?{spans}", f"/finance/people/{cast.su.id}?{spans}"):
        assert client.get(path).status_code == 200, path
    for path in (
        f"/finance/days/{cast.sz}/9999-12-31",
        f"/finance/days/{cast.sz}/0001-01-01",
        "/finance/months/9999-12/journal.csv",
    ):
        assert client.get(path).status_code == 404, path
    sent = {"request_key": "5f0c2a52-6f0f-4d0e-9d2e-0c9a5a6f7b11", "most": "500"}
    assert client.post("/finance/limits", data={**sent, "whom": "b999999"}).status_code == 404
    reason = "长" * 10_000
    refused = as_person(cast.chen).post(f"/finance/days/{cast.sz}/{DAY}/reopen", data={"reason": reason})
    assert (refused.status_code, "At most 200 characters" in refused.text) == (422, True)
    limit = client.post("/finance/limits", data={**sent, "whom": f"p{cast.su.id}", "reason": reason})
    assert limit.status_code == 422 and reason in limit.text
