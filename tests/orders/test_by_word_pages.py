"""The pages of an approval by word: the form, what the named person is asked, the marks, and closing held back."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.moves import move_line
from dispatch.orders.operations.verbal import SaidWord, record_word, refuse_word
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.staff.models import Person
from tests.building import approved, repair_order
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.orders.building import dispatched, stored, waiting_id

FOR = "客户车队停运，先派人"
MOST_QUERIES = 12


def form(order: Order, cast: Cast, **instead: Any) -> dict[str, Any]:
    """The form for the open level, filled in."""
    key = str(uuid.uuid4())
    given = {"request_key": key, "approval": str(waiting_id(order)), "approver": str(cast.wang.id), "channel": "phone"}
    return given | {"said_at": "", "what_for": FOR} | instead


def words() -> list[VerbalApproval]:
    with transaction() as db:
        return list(db.scalars(sa.select(VerbalApproval).order_by(VerbalApproval.id)))


@pytest.fixture
def lin(as_person: SignIn, cast: Cast) -> FlaskClient:
    return as_person(cast.lin)


@pytest.fixture
def owed(order: Order, cast: Cast, lin: FlaskClient) -> VerbalApproval:
    """What Wang is said to have approved, recorded by Lin."""
    assert lin.post(f"/orders/{order.number}/by-word", data=form(order, cast)).status_code == 302
    return words()[0]


def overdue(order: Order, cast: Cast) -> VerbalApproval:
    """An approval by word that should have been backfilled yesterday."""
    at = now() - timedelta(days=2)
    with transaction() as db:
        kept = approved(db, cast, db.get_one(Order, order.id), at=at)
        said = SaidWord(cast.wang.id or 0, "in_person", at, "同意另跑一趟", uuid.uuid4())
        return record_word(db, kept.id, said, by=cast.lin, at=at)


# --- recording


def test_the_form_offers_who_could_decide_and_the_order_goes_on(order: Order, cast: Cast, lin: FlaskClient) -> None:
    shown = lin.get(f"/orders/{order.number}").text
    assert f"/orders/{order.number}/by-word" in shown
    page = lin.get(f"/orders/{order.number}/by-word").text
    assert "王建国 (Manager)" in page and "陈立" not in page, "the director does not decide the first level"
    assert "within 24 hours" in page
    answer = lin.post(f"/orders/{order.number}/by-word", data=form(order, cast), follow_redirects=True)
    assert "王建国 is asked to confirm it" in answer.text and stored(order).status == "approved"
    assert "To be backfilled" in answer.text and FOR in answer.text and "Recorded by 林晓" in answer.text
    assert "王建国 approved by word (By phone): to be backfilled" in answer.text


def test_a_second_press_and_a_stale_page(order: Order, cast: Cast, lin: FlaskClient) -> None:
    url, sent = f"/orders/{order.number}/by-word", form(order, cast)
    assert [lin.post(url, data=sent).status_code for _ in range(2)] == [302, 302]
    assert len(words()) == 1
    stale = lin.post(url, data=sent | {"request_key": str(uuid.uuid4()), "what_for": "再来一次"})
    assert stale.status_code == 409 and "Somebody else decided this" in stale.text and "再来一次" in stale.text


def test_a_form_for_the_work_does_not_decide_a_level(order: Order, cast: Cast, lin: FlaskClient) -> None:
    answer = lin.post(f"/orders/{order.number}/by-word", data=form(order, cast, approval=""))
    assert answer.status_code == 409 and "The order has changed meanwhile" in answer.text
    assert not words() and stored(order).status == "awaiting_approval"


def test_what_was_typed_is_kept_beside_what_is_wrong(order: Order, cast: Cast, lin: FlaskClient) -> None:
    url = f"/orders/{order.number}/by-word"
    empty = lin.post(url, data=form(order, cast, approver="", what_for="", said_at="2999-01-01T08:00"))
    assert empty.status_code == 422 and empty.text.count("Please fill this in.") >= 2 and "2999-01-01T08:00" in empty.text
    later = lin.post(url, data=form(order, cast, said_at="2999-01-01T08:00"))
    assert later.status_code == 422 and "This is still to come." in later.text and FOR in later.text
    assert not words()


def test_only_the_desk_of_the_branch_comes_to_the_form(order: Order, cast: Cast, as_person: SignIn) -> None:
    url = f"/orders/{order.number}/by-word"
    for who in (cast.he, cast.su, cast.qian, cast.chen):
        assert as_person(who).get(url).status_code == 404
        assert as_person(who).post(url, data=form(order, cast)).status_code == 404
    assert as_person(cast.lin).post(url, data=form(order, cast, request_key="")).status_code == 404


def test_who_is_alone_in_deciding_cannot_name_anybody(order: Order, cast: Cast, as_person: SignIn) -> None:
    page = as_person(cast.wang).get(f"/orders/{order.number}/by-word").text
    assert "nobody can be named" in page and "request_key" not in page


def test_an_allowance_for_the_work_and_an_order_that_needs_none(order: Order, cast: Cast, lin: FlaskClient) -> None:
    with transaction() as db:
        approved(db, cast, db.get_one(Order, order.id))
    url = f"/orders/{order.number}/by-word"
    page = lin.get(url).text
    assert "allowed during the work" in page and "陈立 (Director)" in page
    sent = {
        "request_key": str(uuid.uuid4()),
        "approval": "",
        "approver": str(cast.chen.id),
        "channel": "wechat",
        "what_for": "免费",
    }
    assert lin.post(url, data=sent).status_code == 302
    assert [(row.approver_id, row.approval_id) for row in words()] == [(cast.chen.id, None)]
    with transaction() as db:
        db.execute(sa.update(Order).where(Order.id == order.id).values(status="closed"))
    for answer in (
        lin.get(url, follow_redirects=True),
        lin.post(url, data=sent | {"request_key": str(uuid.uuid4())}, follow_redirects=True),
    ):
        assert "No approval by word is needed" in answer.text
    assert len(words()) == 1


# --- backfilling


def test_the_named_person_sees_it_and_confirms(order: Order, owed: VerbalApproval, cast: Cast, as_person: SignIn) -> None:
    wang = as_person(cast.wang)
    page = wang.get("/approvals").text
    assert "To be backfilled" in page and "You are said to have approved:" in page and FOR in page and "Recorded by" in page
    assert re.search(r'href="/approvals"[^>]*>.*?<span class="count[^>]*>1<', page, re.S), "the rail counts it"
    assert FOR not in as_person(cast.chen).get("/approvals").text
    assert "is backfilled" in wang.post(f"/approvals/words/{owed.id}/confirm", follow_redirects=True).text
    assert words()[0].decision == "confirmed"
    again = wang.post(f"/approvals/words/{owed.id}/refuse", data={"reason": "其实没有"})
    assert again.status_code == 409 and "You have decided this already." in again.text and "其实没有" in again.text
    shown = wang.get(f"/orders/{order.number}").text
    assert "Backfilled" in shown and "To be backfilled" not in shown.split("History")[0]


def test_of_very_many_the_page_says_where_all_are(
    owed: VerbalApproval, cast: Cast, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "/orders?backfill=1" not in as_person(cast.wang).get("/approvals").text
    monkeypatch.setattr("dispatch.orders.pages.approvals.MOST_AT_ONCE", 1)
    page = as_person(cast.wang).get("/approvals").text
    assert "The oldest 1 is shown." in page and 'href="/orders?backfill=1"' in page


def test_what_is_overdue_says_so_everywhere(order: Order, cast: Cast, as_person: SignIn) -> None:
    overdue(order, cast)
    wang = as_person(cast.wang)
    for path in ("/approvals", f"/orders/{order.number}", "/orders"):
        assert "To be backfilled: overdue" in wang.get(path).text, path


def test_refusing_asks_for_a_reason_and_the_director_settles(
    order: Order, owed: VerbalApproval, cast: Cast, as_person: SignIn
) -> None:
    wang, chen = as_person(cast.wang), as_person(cast.chen)
    url = f"/approvals/words/{owed.id}"
    assert wang.post(f"{url}/refuse", data={"reason": " "}).status_code == 422
    assert chen.post(f"{url}/confirm").status_code == 422, "only he himself says what he said"
    refused = wang.post(f"{url}/refuse", data={"reason": "没有接到电话"}, follow_redirects=True)
    assert "The order is not closed before the director has settled it" in refused.text
    assert wang.post(f"{url}/settle", data={"reason": "x"}).status_code == 403
    assert "没有接到电话" in chen.get("/approvals").text
    shown = chen.get(f"/orders/{order.number}").text
    assert "Refused afterwards" in shown and "没有接到电话" in shown and "Write how it was settled" in shown
    assert "The director has still to write" in as_person(cast.lin).get(f"/orders/{order.number}").text
    assert chen.post(f"{url}/settle", data={"reason": ""}).status_code == 422
    assert chen.post(f"{url}/settle", data={"reason": "客户已补签"}).status_code == 302
    assert "客户已补签" in as_person(cast.lin).get(f"/orders/{order.number}").text


def test_a_word_of_another_branch_is_not_there(owed: VerbalApproval, cast: Cast, as_person: SignIn) -> None:
    assert as_person(cast.lin).post(f"/approvals/words/{owed.id}/confirm").status_code == 404, "she decides nothing"
    with transaction() as db:
        db.get_one(Person, cast.wang.id).branch_id = cast.gz
        elsewhere = db.get_one(Person, cast.he.id)
        elsewhere.role_rows[0].role = "manager"
    assert as_person(cast.he).post(f"/approvals/words/{owed.id}/confirm").status_code == 404
    assert as_person(cast.wang).post("/approvals/words/999999/confirm").status_code == 404
    assert as_person(cast.wang).post(f"/approvals/words/{owed.id}/nonsense").status_code in (404, 405)
    assert as_person(cast.wang).post(f"/approvals/words/{owed.id}/confirm").status_code == 302, "his own word goes with him"


# --- marks and closing


def test_the_mark_stands_where_statuses_are(order: Order, owed: VerbalApproval, cast: Cast, lin: FlaskClient) -> None:
    assert owed.waits
    mark = 'class="status tone-backfill"'
    assert mark in lin.get("/orders").text and "edge-backfill" in lin.get("/orders").text
    assert mark in lin.get(f"/orders/{order.number}").text
    assert mark in lin.get("/plan").text, "it waits for the planner"
    with transaction() as db:
        plain = repair_order(db, cast)
    only = lin.get("/orders?backfill=1").text
    assert order.number in only and plain.number not in only
    assert 'href="/orders?backfill=1"' in lin.get("/orders").text
    lin.post(f"/orders/{plain.number}/by-word", data=form(plain, cast))
    with transaction() as db:
        dispatched(db, cast, db.get_one(Order, plain.id), cast.su)


def test_closing_names_who_owes_the_backfill(order: Order, cast: Cast, as_person: SignIn) -> None:
    row = overdue(order, cast)
    with transaction() as db:
        kept = db.get_one(Order, order.id)
        move_line(db, kept.lines[0], "give_up", by=cast.lin, at=now(), reason="报废")
    wang = as_person(cast.wang)
    page = wang.get("/closing?owes=office").text
    assert "王建国 has still to confirm his approval by word: 同意另跑一趟" in page
    assert f"/orders/{order.number}#approvals" in page
    shut = wang.post(f"/orders/{order.number}/close", data={"version": str(stored(order).version)})
    assert shut.status_code == 422 and stored(order).status == "done"
    with transaction() as db:
        refuse_word(db, row.id, reason="no", by=cast.wang, at=now())
    assert "the director says how this is settled" in wang.get("/closing?owes=office").text


def test_the_pages_ask_little_of_the_database(order: Order, cast: Cast, as_person: SignIn, lin: FlaskClient) -> None:
    overdue(order, cast)
    with transaction() as db:
        more = [repair_order(db, cast) for _ in range(5)]
    for one in more:
        lin.post(f"/orders/{one.number}/by-word", data=form(one, cast))
    wang = as_person(cast.wang)
    for path in ("/approvals", "/orders", "/orders?backfill=1", f"/orders/{order.number}", f"/orders/{order.number}/by-word"):
        with queries() as seen:
            assert wang.get(path).status_code == 200
        assert len(seen) <= MOST_QUERIES, (path, len(seen))
    with transaction() as db:
        assert db.scalar(sa.select(sa.func.count()).where(Approval.decision == "by_word")) == 5
