"""First-contact ownership: who took it owns it until the customer confirms; hand-over by acceptance; “not solved” reopens."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.contact_rules import (
    ContactFacts,
    ContactLinkFacts,
    raised,
    why_not_confirm,
    why_not_offer,
    why_not_unsolved,
    why_not_use,
)
from dispatch.orders.jobs import remind_all
from dispatch.orders.models import Order
from dispatch.orders.operations import owning
from dispatch.orders.operations.confirming import confirm_by_phone, say_not_solved
from dispatch.orders.operations.moves import move_line, move_order
from tests.building import approved, repair_order
from tests.conftest import AT, Cast, SignIn

DAY = timedelta(days=1)


def facts(status: str | None, *, confirmed: bool = False, unsolved: bool = False, offered: int | None = None) -> ContactFacts:
    return ContactFacts(status, 1, offered, confirmed, unsolved)


@pytest.mark.parametrize(
    ("contact", "confirm", "unsolved"),
    [
        (facts("working"), False, False),
        (facts("done"), True, True),
        (facts("closed"), True, True),
        (facts("closed", confirmed=True), False, True),
        (facts("cancelled"), True, False),
        (facts(None), True, True),
        (facts(None, confirmed=True), False, True),
        (facts(None, unsolved=True), False, False),
    ],
)
def test_there_must_be_a_result_to_be_confirmed_or_denied(contact: ContactFacts, confirm: bool, unsolved: bool) -> None:
    assert (why_not_confirm(contact) is None, why_not_unsolved(contact) is None) == (confirm, unsolved)


def test_only_what_is_open_and_not_offered_is_handed_over() -> None:
    assert why_not_offer(facts("working"), 2) is None
    for contact, to in ((facts("working"), 1), (facts("working", offered=3), 2), (facts("done", confirmed=True), 2)):
        assert why_not_offer(contact, to) is not None


@pytest.mark.parametrize("wrong", ["answered", "revoked", "late", "confirmed", "under way", "ours"])
def test_a_link_answers_once_in_time_and_only_what_is_open(wrong: str) -> None:
    contact = facts("working" if wrong == "under way" else "done", confirmed=wrong == "confirmed")
    link = ContactLinkFacts(wrong == "answered", wrong == "revoked", AT if wrong == "late" else AT + DAY, contact)
    link = replace(link, signed_in="林晓" if wrong == "ours" else None)
    assert why_not_use(link, AT + timedelta(hours=1)) is not None
    assert why_not_use(ContactLinkFacts(False, False, AT + DAY, facts("done")), AT) is None


def test_another_call_makes_it_urgent_and_never_an_emergency() -> None:
    assert [raised(urgency) for urgency in ("normal", "urgent", "emergency")] == ["urgent", "urgent", "emergency"]


def contact_of(db: Session, order: Order) -> OwnedContact:
    return db.scalars(sa.select(OwnedContact).where(OwnedContact.order_id == order.id)).one()


def done(db: Session, cast: Cast, *, closed: bool = False) -> tuple[Order, int]:
    """An order whose work is done, and its contact."""
    order = approved(db, cast, repair_order(db, cast))
    for line in order.lines:
        move_line(db, line, "complete", by=cast.lin, at=AT)
    if closed:
        move_order(db, order, "close", by=cast.wang, at=AT)
    return order, contact_of(db, order).id


def actions(db: Session, order_id: int) -> list[str]:
    return [entry.action for entry in reversed(history(db, ("order", order_id)))]


def test_it_is_handed_over_only_by_acceptance_and_order_and_contact_have_one_owner(database: str, cast: Cast) -> None:
    with transaction() as db:
        order, key = done(db, cast)
        contact, lin, wang = contact_of(db, order), cast.lin, cast.wang
        assert contact.owner_id == order.owner_id == lin.id
        with pytest.raises(Invalid):
            owning.offer_contact(db, key, wang.id or 0, reason=" ", by=lin, at=AT)
        with pytest.raises(Invalid):
            owning.offer_contact(db, key, cast.su.id or 0, reason="下班", by=lin, at=AT)
        with pytest.raises(NotFound):
            owning.offer_contact(db, key, wang.id or 0, reason="下班", by=cast.he, at=AT)
        owning.offer_contact(db, key, wang.id or 0, reason="下班", by=lin, at=AT)
        assert (contact.owner_id, contact.offered_to_id) == (lin.id, wang.id)
        with pytest.raises(RuleBroken):
            owning.offer_contact(db, key, wang.id or 0, reason="下班", by=lin, at=AT)
        with pytest.raises(Conflict):
            owning.accept_contact(db, key, by=lin, at=AT)
        with pytest.raises(Invalid):
            owning.decline_contact(db, key, reason="", by=wang, at=AT)
        owning.decline_contact(db, key, reason="不熟悉", by=wang, at=AT)
        owning.offer_contact(db, key, wang.id or 0, reason="再问一次", by=lin, at=AT)
        owning.withdraw_offer(db, key, by=lin, at=AT)
        owning.offer_contact(db, key, wang.id or 0, reason="休假", by=lin, at=AT)
        owning.accept_contact(db, key, by=wang, at=AT)
        db.expire_all()
        assert contact.owner_id == order.owner_id == wang.id
        with pytest.raises(NotAllowed):
            owning.offer_contact(db, key, lin.id or 0, reason="还给你", by=lin, at=AT)
        told = [action for action in actions(db, order.id) if action.startswith("contact.")]
    assert told == ["contact." + act for act in ["offer", "decline", "offer", "withdraw", "offer", "accept"]]


def test_confirmed_it_is_settled_and_not_solved_sets_the_work_going_again(
    database: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.orders.facts._missing_readers", [])
    with transaction() as db:
        order, key = done(db, cast, closed=True)
        with pytest.raises(Invalid):
            confirm_by_phone(db, key, name="", said="", by=cast.lin, at=AT)
        contact = confirm_by_phone(db, key, name="张三", said="好了", by=cast.wang, at=AT)
        assert (contact.confirmed_how, contact.confirmed_by_id, order.status) == ("phone", cast.wang.id, "closed")
        with pytest.raises(RuleBroken):
            confirm_by_phone(db, key, name="张三", said="", by=cast.lin, at=AT)
        with pytest.raises(Invalid):
            say_not_solved(db, key, positions=(), reason="", by=cast.lin, at=AT)
        say_not_solved(db, key, positions=(), reason="又离线了", by=cast.lin, at=AT)
        assert (order.status, order.lines[0].status, contact.confirmed_at) == ("approved", "open", None)
        assert {"order.not_solved", "line.not_solved"} <= set(actions(db, order.id))
        with pytest.raises(RuleBroken):
            say_not_solved(db, key, positions=(), reason="又离线了", by=cast.lin, at=AT)


def test_whoever_signed_on_site_has_confirmed_but_not_what_was_taken_up_again(
    database: str, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    signers = iter(["李师傅", None])
    monkeypatch.setattr("dispatch.orders.operations.owning._signed_readers", [lambda _db, _id: next(signers)])
    with transaction() as db:
        order, key = done(db, cast)
        contact = db.get_one(OwnedContact, key, populate_existing=True)
        assert (contact.confirmed_how, contact.confirmed_name) == ("signature", "李师傅")
        say_not_solved(db, key, positions=(), reason="没有修好", by=cast.lin, at=AT)
        assert contact.confirmed_at is None
        move_line(db, order.lines[0], "complete", by=cast.lin, at=AT)
        assert contact.confirmed_at is None


def test_who_lets_it_lie_is_reminded_once_until_something_happens(database: str, cast: Cast) -> None:
    with transaction() as db:
        _order, key = done(db, cast)
    assert remind_all(0, AT + 3 * DAY) == 0
    assert (remind_all(24, AT + DAY), remind_all(24, AT + 2 * DAY), remind_all(24, AT + 3 * DAY)) == (0, 1, 0)
    with transaction() as db:
        assert db.get_one(OwnedContact, key).alarmed_at == AT + 2 * DAY
        owning.note_contact(db, key, "已告知客户结果", by=cast.lin, at=AT + 3 * DAY)
        assert db.get_one(OwnedContact, key).alarmed_at is None
    assert remind_all(24, AT + 5 * DAY) == 1


def test_the_owner_works_down_his_list_and_the_customer_answers_by_his_link_once(
    as_person: SignIn, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as db:
        order, key = done(db, cast)
        number, plate = order.number, order.lines[0].vehicle.plate or ""
    lin = as_person(cast.lin)
    for address in ("/contacts", "/contacts?show=told&sort=quiet", "/contacts?show=nonsense&page=x"):
        assert number in lin.get(address).text
    assert number not in lin.get("/contacts?show=offered").text
    assert number in as_person(cast.wang).get("/contacts?show=branch").text
    assert as_person(cast.su).get("/contacts").status_code == 404
    assert as_person(cast.he).get(f"/contacts/{key}").status_code == 404
    kept = lin.post(f"/contacts/{key}/not-solved", data={"reason": ""})
    assert kept.status_code == 422 and "Write down what is not solved." in kept.text
    first, second = (link_in(lin.post(f"/contacts/{key}/link").text) for _ in range(2))
    stranger = lin.application.test_client()
    stranger.environ_base.update({"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT_LANGUAGE": "en"})
    assert "A newer link was sent to you" in stranger.get(first).text
    shown = stranger.get(second).text
    assert number in shown and plate[:2] in shown and plate not in shown.replace("·", "") and "Yes, it is solved" in shown
    assert "you are signed in as 林晓" in lin.get(second).text
    assert lin.post(second, data={"answer": "solved"}).status_code == 422, "it is the customer who confirms"
    assert stranger.get("/confirm/" + "x" * 43).status_code == 404
    assert stranger.post(second, data={"answer": "not_solved", "reason": ""}).status_code == 422
    assert stranger.post(second, data={"answer": "not_solved", "reason": "还是不在线"}).status_code == 302
    assert "the work goes on" in stranger.get(second).text
    assert stranger.post(second, data={"answer": "solved"}).status_code == 422, "it is good once"
    with transaction() as db:
        assert db.scalars(sa.select(Order.status)).one() == "approved"
        assert actions(db, order.id)[-3:] == ["order.not_solved", "line.not_solved", "order.follow"]
    page = lin.get(f"/contacts/{key}").text
    assert "The work is not done yet" in page


def link_in(page: str) -> str:
    found = re.search(r"data-copy=\"[^\"]*(/confirm/[^\"]+)\"", page)
    assert found, unescape(page)[:400]
    return found[1]
