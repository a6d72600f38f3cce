"""Pages of differences: first on finance's page until they are settled, on the page of their hand-in, by whom it is for."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest

from dispatch.db import transaction
from dispatch.fees.settling_models import DifferenceSettlement
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import balance, confirmed, handed, owing, settled


@pytest.fixture
def short(database: str, cast: Cast) -> str:
    """The page of Su's hand-in of 300 yuan, of which he answers for 100 that were missing."""
    with transaction() as db:
        made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
        confirmed(db, made.id, {"100": 2}, cast.qian, reason="少一张", owner_id=cast.su.id)
        return f"/finance/hand-ins/{made.id}"


def test_what_is_open_shrinks_until_it_is_settled(short: str, cast: Cast, as_person: SignIn) -> None:
    client = as_person(cast.qian)
    first = client.get("/finance").text
    assert "Differences to explain" in first and "苏杰" in first and "-¥100.00" in first
    press = {"how": "paid", "amount": "60", "request_key": str(uuid.uuid4())}
    for _twice in range(2):
        assert client.post(f"{short}/settle", data=press).status_code == 302
    assert "-¥40.00" in client.get("/finance").text and "of -¥100.00" in client.get("/finance").text
    assert 'value="40.00"' in client.get(short).text and "Settled in cash at the desk" in client.get(short).text
    client.post(f"{short}/settle", data={"how": "paid", "amount": "40"})
    assert "Everything until yesterday is explained." in client.get("/finance").text
    assert "Settled: nothing of it is open." in client.get(short).text
    late = client.post(f"{short}/settle", data={"how": "paid", "amount": "40"})
    assert late.status_code == 422 and "No difference of JK-SZ-2026-0001 is open" in late.text


def test_the_technician_sees_what_is_still_open(short: str, cast: Cast, as_person: SignIn) -> None:
    phone = as_person(cast.su)
    assert "difference -¥100.00: 少一张" in phone.get("/my-money").text
    with transaction() as db:
        settled(db, 1, "60", cast.qian)
    assert "still open: -¥40.00" in phone.get("/my-money").text
    with transaction() as db:
        settled(db, 1, "40", cast.wang, how="written_off")
    assert "This difference is settled." in phone.get("/my-money").text


def test_what_was_typed_stays_where_it_is_refused(short: str, cast: Cast, as_person: SignIn) -> None:
    page = as_person(cast.qian).post(f"{short}/settle", data={"how": "paid", "amount": "100.5", "reason": "转账"})
    assert page.status_code == 422 and "is more than what is open" in page.text
    assert (
        'value="100.5"' in page.text
        and 'value="转账"' in page.text
        and page.text.count('details class="counter-entry" open') == 1
    )
    wrong = as_person(cast.wang).post(f"{short}/settle", data={"how": "written_off", "amount": "", "reason": "x"})
    assert wrong.status_code == 422 and 'href="#f-amount"' in wrong.text and 'id="f-amount"' in wrong.text


def test_finance_takes_cash_and_a_manager_writes_off(short: str, cast: Cast, as_person: SignIn) -> None:
    clerk, manager = as_person(cast.qian), as_person(cast.wang)
    assert "Pay it in at the desk" in clerk.get(short).text and "Write it off" not in clerk.get(short).text
    assert "Write it off" in manager.get(short).text and "Pay it in at the desk" not in manager.get(short).text
    assert clerk.post(f"{short}/settle", data={"how": "written_off", "amount": "1", "reason": "x"}).status_code == 403
    bare = manager.post(f"{short}/settle", data={"how": "written_off", "amount": "1"})
    assert bare.status_code == 422 and "Please give a reason." in bare.text
    assert manager.post(f"{short}/settle", data={"how": "written_off", "amount": "100", "reason": "假币"}).status_code == 302
    assert "Written off" in clerk.get(short).text and "假币" in clerk.get(short).text
    assert as_person(cast.su).post(f"{short}/settle", data={"how": "paid", "amount": "1"}).status_code == 404
    assert clerk.post("/finance/hand-ins/999/settle", data={"how": "paid", "amount": "1"}).status_code == 404
    assert clerk.post(f"{short}/settle", data={"how": "no", "amount": "1"}).status_code == 422


def test_a_wrong_settlement_is_taken_back(short: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        row = settled(db, 1, "60", cast.qian)
    client, url = as_person(cast.qian), f"/finance/settlements/{row.id}/take-back"
    back = client.post(f"{short}/take-back", data={"reason": "x"})
    assert back.status_code == 422 and "are settled: take that back first" in back.text
    assert client.post(url, data={"reason": ""}).status_code == 422
    assert as_person(cast.wang).post(url, data={"reason": "x"}).status_code == 403
    assert client.post(url, data={"reason": "记错人"}).status_code == 302
    assert "Taken back by 钱敏 on" in client.get(short).text and "记错人" in client.get(short).text
    assert client.post(url, data={"reason": "x"}).status_code == 409
    assert client.post("/finance/settlements/999/take-back", data={"reason": "x"}).status_code == 404
    with transaction() as db:
        assert balance(db, "difference", branch_id=cast.sz) == Decimal(100)
        assert db.query(DifferenceSettlement).count() == 2


def test_the_page_asks_little_of_the_database(short: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        settled(db, 1, "60", cast.qian)
        settled(db, 1, "20", cast.wang, how="written_off")
    client = as_person(cast.qian)
    for path in (short, "/finance"):
        client.get(path)
        with queries() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= 12, seen
