"""Pages of what is on account: who owes how much since when, booking what he pays, taking a payment back."""

from __future__ import annotations

import io
import uuid

import pytest
from python_calamine import CalamineWorkbook

from dispatch.db import transaction
from dispatch.fees.models import Receipt
from dispatch.fees.settling_models import AccountPayment
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.fees.building import paid
from tests.fees.money import owing, paid_off

DAY = "2026-12-02"


@pytest.fixture
def owed(database: str, cast: Cast) -> tuple[str, int]:
    """The page of a customer with two receipts on account, 300 and 45.50; the id of the first."""
    with transaction() as db:
        order = owing(db, cast)
        first = paid(db, order, "300", cast.su, channel="account")
        paid(db, order, "45.5", cast.su, channel="account")
        return f"/finance/accounts/{order.customer_id}", first.id


def sent(receipt: int, amount: str, **facts: str) -> dict[str, str]:
    return {"receipt": str(receipt), "amount": amount, "channel": "transfer", "request_key": str(uuid.uuid4()), **facts}


def test_finance_sees_who_owes_and_books_what_is_paid(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    (url, first), client = owed, as_person(cast.qian)
    overview = client.get("/finance/ageing").text
    assert "On account" in overview and "¥345.50" in overview and url in overview
    page = client.get(url).text
    assert "RSZ000001 · ¥300.00" in page and 'value="300.00"' in page and "since 2026-12-02" in page
    assert 'value="45.50"' in client.get(f"{url}?receipt={first + 1}").text
    press = sent(first, "100", reference="工行 8841", payer="恒通物流")
    for _twice in range(2):
        assert client.post(url, data=press).status_code == 302
    page = client.get(url).text
    assert "RSZ000001 · ¥200.00" in page and "工行 8841" in page and "恒通物流" in page and "Bank transfer" in page
    assert "¥245.50" in client.get("/finance/ageing").text
    client.post(url, data=sent(first, "200"))
    client.post(url, data=sent(first + 1, "45.5", channel="cash"))
    assert "Nothing is on account: everything was paid." in client.get(url).text
    assert url not in client.get("/finance/ageing").text
    late = client.post(url, data=sent(first, "1"))
    assert late.status_code == 422 and "Nothing of RSZ000001 is open any more." in late.text


def test_what_was_typed_stays_where_it_is_refused(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    (url, first), client = owed, as_person(cast.qian)
    much = client.post(url, data=sent(first, "301", reference="T9"))
    assert much.status_code == 422 and "¥301.00 is more than what is open of RSZ000001: ¥300.00." in much.text
    assert 'value="301"' in much.text and 'value="T9"' in much.text
    for wrong in ({"amount": "x"}, {"amount": ""}, {"channel": "gold"}, {"channel": "account"}, {"receipt": ""}):
        assert client.post(url, data={**sent(first, "1"), **wrong}).status_code == 422
    with transaction() as db:
        assert db.query(AccountPayment).count() == 0


def test_a_wrong_payment_is_taken_back(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    (url, first), client = owed, as_person(cast.qian)
    with transaction() as db:
        row = paid_off(db, first, "120", cast.qian)
    back = f"{url}/payments/{row.id}/take-back"
    bare = client.post(back, data={"reason": ""})
    assert bare.status_code == 422 and '<details class="counter-entry" open' in bare.text
    assert client.post(back, data={"reason": "记错客户"}).status_code == 302
    page = client.get(url).text
    assert "Taken back by 钱敏 on" in page and "记错客户" in page and "RSZ000001 · ¥300.00" in page
    again = client.post(back, data={"reason": "x"})
    assert again.status_code == 409 and "have taken" not in again.text and "¥120.00 back already" in again.text
    assert client.post(f"{url}/payments/999/take-back", data={"reason": "x"}).status_code == 404


def test_who_may_look_and_who_may_book(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    url, first = owed
    manager = as_person(cast.wang)
    assert "Book a payment" not in manager.get(url).text and "¥345.50" in manager.get(url).text
    assert manager.post(url, data=sent(first, "1")).status_code == 404
    assert as_person(cast.su).get(url).status_code == 404
    assert as_person(cast.qian).get("/finance/accounts/999").status_code == 404


def test_payments_are_on_the_day_list_and_in_its_spreadsheet(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    (_, first), client = owed, as_person(cast.qian)
    with transaction() as db:
        paid_off(db, first, "120", cast.qian, reference="T7")
        receipt = db.get_one(Receipt, first).number
    page = client.get(f"/finance/day?day={DAY}").text
    assert "Settled at finance" in page and "T7" in page and "¥120.00" in page
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/finance/day.xlsx?day={DAY}").data))
    (line,) = book.get_sheet_by_index(1).to_python()[1:]
    assert line[2:] == ["Payment of what was on account", receipt, "钱敏", "T7", 120]


def test_the_page_asks_little_of_the_database(owed: tuple[str, int], cast: Cast, as_person: SignIn) -> None:
    (url, first), client = owed, as_person(cast.qian)
    with transaction() as db:
        paid_off(db, first, "120", cast.qian)
    for path in (url, "/finance", f"/finance/day?day={DAY}"):
        client.get(path)
        with queries() as seen:
            assert client.get(path).status_code == 200
        assert len(seen) <= 12, seen
