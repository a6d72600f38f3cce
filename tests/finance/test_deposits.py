"""Pages of deposits: hand-ins ticked and booked as one, what was typed kept, taken back, and who may."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dispatch.db import transaction
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import paid
from tests.fees.money import confirmed, handed, owing

NEW = "/finance/deposits/new"


@pytest.fixture
def clerk(database: str, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Finance, an hour after a hand-in of 300 yuan was counted."""
    monkeypatch.setattr("dispatch.finance.pages.deposits.now", lambda: AT + timedelta(hours=1))
    with transaction() as db:
        made = handed(db, [paid(db, owing(db, cast), "300", cast.su).id], cast.su)
        confirmed(db, made.id, {"100": 3}, cast.qian)
    return as_person(cast.qian)


def typed(**changed: object) -> dict[str, object]:
    """The form as it is sent."""
    form = {"hand_in": ["1"], "amount": "300", "bank_account": "招商银行 6021", "slip": "A-1", "paid_at": "2026-12-02T09:30"}
    return {**form, "request_key": str(uuid.uuid4()), **changed}


def test_a_hand_in_goes_to_the_bank_and_comes_back(clerk: FlaskClient) -> None:
    fresh = clerk.get(NEW).text
    assert 'value="300.00"' in fresh and "JK-SZ-2026-0001" in fresh and "¥300.00 in the cash desk" in fresh
    form = typed()
    for _twice in range(2):
        answer = clerk.post(NEW, data=form)
        assert (answer.status_code, answer.location) == (302, "/finance/deposits/1")
    page = clerk.get("/finance/deposits/1").text
    assert "CK-SZ-2026-0001" in page and "招商银行 6021" in page and "苏杰" in page
    assert "At the bank" in clerk.get("/finance").text and "JK-SZ-2026-0001" not in clerk.get(NEW).text
    assert (
        "Paid into the bank" in clerk.get("/finance/hand-ins/1").text
        and "Paid into the bank" in clerk.get("/finance/day?day=2026-12-02").text
    )
    assert "Please give a reason." in clerk.post("/finance/deposits/1/take-back", data={"reason": " "}).text
    assert clerk.post("/finance/deposits/1/take-back", data={"reason": "拿错回单"}).status_code == 302
    again = clerk.post("/finance/deposits/1/take-back", data={"reason": "拿错回单"})
    assert again.status_code == 409 and "has taken these ¥300.00 back already" in again.text
    assert "Taken back" in clerk.get("/finance/deposits").text and "JK-SZ-2026-0001" in clerk.get(NEW).text


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(clerk: FlaskClient) -> None:
    wrong = clerk.post(NEW, data=typed(amount="abc", bank_account="", slip="", paid_at="2027-13-01", reason="零钱"))
    assert wrong.status_code == 422 and 'value="abc"' in wrong.text and 'value="零钱"' in wrong.text
    assert wrong.text.count("Please fill this in.") >= 2 and 'value="1" data-worth="300.00" checked' in wrong.text
    other = clerk.post(NEW, data=typed(amount="250")).text
    assert "These hand-ins come to ¥300.00, and ¥250.00 was paid in: why is that?" in other
    gone = clerk.post(NEW, data=typed(hand_in=["1", "99"]))
    assert gone.status_code == 409 and "Please look again" in gone.text
    assert "Nothing was paid into the bank yet." in clerk.get("/finance/deposits").text


def test_who_may_see_and_who_may_book(clerk: FlaskClient, cast: Cast, as_person: SignIn) -> None:
    assert clerk.get("/finance/deposits/9").status_code == 404
    clerk.post(NEW, data=typed())
    manager = as_person(cast.wang)
    assert manager.get("/finance/deposits/1").status_code == 200 and manager.get(NEW).status_code == 404
    assert manager.post("/finance/deposits/1/take-back", data={"reason": "x"}).status_code == 404
    assert as_person(cast.su).get("/finance/deposits").status_code == 404
