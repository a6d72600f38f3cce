"""Pages of days: what stands in the way, closing, what comes late, opening again; a person's account by span; ageing."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from dispatch.db import transaction
from dispatch.fees.models import Receipt
from dispatch.orders.models import Order
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing, settled
from tests.finance.test_day_closing import LATER

DAY = "/finance/days/1/2026-12-02"
LAST = "/finance/days/1/2026-12-03"


@pytest.fixture
def clerk(database: str, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Finance, a day after 300 yuan were handed in and 250 counted."""
    for page in ("closing", "overview"):
        monkeypatch.setattr(f"dispatch.finance.pages.{page}.now", lambda: LATER)
    with transaction() as db:
        made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
        confirmed(db, made.id, {"100": 2, "50": 1}, cast.qian, reason="少一张", owner_id=cast.su.id)
    return as_person(cast.qian)


def test_a_day_on_its_pages(clerk: FlaskClient, cast: Cast, as_person: SignIn) -> None:
    assert "2026-12-02" in clerk.get("/finance/days").text
    page = clerk.get(DAY).text
    assert "these keep the day open" in page and "-¥50.00" in page and "JK-SZ-2026-0001" in page and "Close the day" not in page
    refused = clerk.post(f"{DAY}/close")
    assert refused.status_code == 422 and "苏杰 ¥50.00 (JK-SZ-2026-0001)" in refused.text
    first = clerk.get("/finance").text
    assert first.index("The count differs") < first.index("By branch and day") and 'href="/finance/hand-ins/1"' in first
    with transaction() as db:
        settled(db, 1, "50", cast.qian)
    with queries() as seen:
        clerk.get(DAY)
    assert len(seen) <= 12, seen
    assert "the books would begin" in clerk.get(DAY).text and clerk.post(f"{DAY}/close").status_code == 302
    again = clerk.post(f"{DAY}/close")
    assert again.status_code == 409 and "钱敏 has closed 2026-12-02 already" in again.text
    with transaction() as db:
        order = db.get_one(Order, db.get_one(Receipt, 1).order_id)
        paid(db, order, "80", cast.su, at=AT + timedelta(minutes=5), recorded_at=LATER)
    page = clerk.get(LAST).text
    assert "Came late" in page and "Close the day" in page
    assert (
        "late" in clerk.get("/finance/day?day=2026-12-03").text
        and "RSZ000002" not in clerk.get("/finance/day?day=2026-12-02").text
    )
    assert clerk.post(f"{LAST}/close").status_code == 302 and "Open the day again" not in clerk.get(LAST).text
    for path in ("/finance/days", DAY, LAST, "/finance/ageing", "/finance/people/5?from=2026-12-03"):
        with queries() as seen:
            assert clerk.get(path).status_code == 200
        assert len(seen) <= 12, (path, seen)
    chief = as_person(cast.chen)
    assert chief.post(f"{LAST}/reopen", data={"reason": ""}).status_code == 422
    assert "Later days first" in chief.post(f"{DAY}/reopen", data={"reason": "x"}).text
    assert chief.post(f"{LAST}/reopen", data={"reason": "漏记"}).status_code == 302 and "漏记" in clerk.get(LAST).text
    assert as_person(cast.wang).post(f"{LAST}/close").status_code == 404
    for wrong in ("/finance/days/99/2026-12-02", "/finance/days/1/never", "/finance/days?branch=99"):
        assert clerk.get(wrong).status_code == 404


def test_a_persons_account_by_span_and_as_a_spreadsheet(clerk: FlaskClient, cast: Cast) -> None:
    with transaction() as db:
        paid(db, db.get_one(Order, db.get_one(Receipt, 1).order_id), "80", cast.su, at=LATER)
    page = clerk.get(f"/finance/people/{cast.su.id}?from=2026-12-03&to=x").text
    assert (
        "RSZ000002" in page
        and "Opening balance" in page
        and 'class="grow" data-label="Paper"><div class="paper">RSZ000001' not in page
    )
    book = clerk.get(f"/finance/people/{cast.su.id}/statement.xlsx?to=2026-12-02").data
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[5:] for row in rows[1:]] == [[0, 0, 0], [300, 0, 300], [0, 300, 0], [300, 300, 0]]
    assert "¥80.00" in clerk.get("/finance/ageing").text
