"""Owners, customers and callers at once: one answer holds, the other is told why not, and `check` finds nothing afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import Conflict, Refusal, RuleBroken
from dispatch.orders.contact_checks import broken_calls, broken_contacts
from dispatch.orders.contact_models import ContactLink, OrderCall, OwnedContact
from dispatch.orders.models import Order
from dispatch.orders.operations.confirming import answer_by_link, confirm_by_phone, make_contact_link, say_not_solved
from dispatch.orders.operations.joining import SaidAgain, join_call
from dispatch.orders.operations.owning import accept_contact, offer_contact, withdraw_offer
from dispatch.orders.operations.visits import cancel_order
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.orders.test_contacts import done
from tests.racing import at_once

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)
Act = Callable[[Session], Any]


def begun(cast: Cast, *, offered: bool = False) -> tuple[int, int, str]:
    """The work of an order is done, and the customer has a link: the ids of its contact and of itself, and the token."""
    with transaction() as db:
        order, key = done(db, cast)
        _, token = make_contact_link(db, key, lasts=DAY, by=cast.lin, at=AT)
        if offered:
            offer_contact(db, key, cast.wang.id or 0, reason="下班", by=cast.lin, at=AT)
        return key, order.id, token


def refused(*acts: Act) -> list[Refusal]:
    """What is refused of acts at once; whatever comes of them, the record is whole."""
    answers = at_once(*acts)
    with transaction() as db:
        assert [str(said) for find in (broken_contacts, broken_calls) for said in find(db)] == []
    return [answer for answer in answers if isinstance(answer, Refusal)]


def contact(key: int) -> OwnedContact:
    with transaction() as db:
        return db.get_one(OwnedContact, key)


def answers(token: str, *, solved: bool) -> Act:
    return lambda db: answer_by_link(db, token, solved=solved, words="没好", positions=(), at=AT)


def test_an_offer_is_answered_once(cast: Cast) -> None:
    key, _, _ = begun(cast, offered=True)
    accepts: Act = lambda db: accept_contact(db, key, by=cast.wang, at=AT).owner_id  # noqa: E731
    lost = refused(accepts, accepts)
    assert [type(no) for no in lost] == [Conflict] and "answered or taken back" in str(lost[0])
    assert (contact(key).owner_id, contact(key).offered_to_id) == (cast.wang.id, None)

    key, _, _ = begun(cast, offered=True)
    lost = refused(accepts_of(key, cast), lambda db: withdraw_offer(db, key, by=cast.lin, at=AT))
    assert len(lost) == 1 and contact(key).offered_to_id is None


def accepts_of(key: int, cast: Cast) -> Act:
    return lambda db: accept_contact(db, key, by=cast.wang, at=AT).owner_id


def test_who_confirms_meanwhile_ends_the_offer(cast: Cast) -> None:
    key, _, token = begun(cast, offered=True)
    lost = refused(accepts_of(key, cast), answers(token, solved=True))
    found = contact(key)
    assert found.confirmed_how == "link" and found.offered_to_id is None and found.owner_id in (cast.lin.id, cast.wang.id)
    assert len(lost) == (0 if found.owner_id == cast.wang.id else 1)


@pytest.mark.parametrize("second", [True, False])
def test_a_link_answers_once_whatever_is_pressed(cast: Cast, second: bool) -> None:
    key, order_id, token = begun(cast)
    lost = refused(answers(token, solved=True), answers(token, solved=second))
    assert len(lost) == 1 and "used already" in str(lost[0])
    with transaction() as db:
        said = db.scalars(sa.select(ContactLink.answer)).one()
        assert (db.get_one(OwnedContact, key).confirmed_at is not None) == (said == "solved")
        assert db.get_one(Order, order_id).status == ("done" if said == "solved" else "approved")


def test_yes_and_no_at_once_end_with_the_work_going_on(cast: Cast) -> None:
    """Yes and then no takes the work up again; after a no there is nothing to say yes to."""
    key, order_id, token = begun(cast)
    lost = refused(
        answers(token, solved=True), lambda db: say_not_solved(db, key, positions=(), reason="没好", by=cast.lin, at=AT).id
    )
    assert [str(no) for no in lost] in ([], ["The work goes on: you will be asked when it is done."])
    with transaction() as db:
        assert db.get_one(Order, order_id).status == "approved" and db.get_one(OwnedContact, key).confirmed_at is None


def test_a_newer_link_and_a_note_by_phone_against_an_answer(cast: Cast) -> None:
    key, _, token = begun(cast)
    newer: Act = lambda db: make_contact_link(db, key, lasts=DAY, by=cast.lin, at=AT)[1]  # noqa: E731
    lost = refused(answers(token, solved=True), newer)
    assert len(lost) == 1 and ("A newer link" in str(lost[0]) or "confirmed it already" in str(lost[0]))
    key, _, token = begun(cast)
    by_phone: Act = lambda db: confirm_by_phone(db, key, name="张三", said="", by=cast.lin, at=AT).id  # noqa: E731
    lost = refused(answers(token, solved=True), by_phone)
    assert len(lost) == 1 and isinstance(lost[0], RuleBroken)
    assert contact(key).confirmed_how == ("phone" if "in another way" in str(lost[0]) else "link")


def test_calls_that_join_at_once_are_all_kept_and_raise_once(cast: Cast) -> None:
    with transaction() as db:
        order = repair_order(db, cast)
    keys = [uuid.uuid4() for _ in range(2)]

    def joins(key: uuid.UUID) -> Act:
        return lambda db: (
            join_call(db, order.number, SaidAgain("李师傅", "1", "还没人来", request_key=key), by=cast.lin, at=AT).id
        )

    assert refused(joins(keys[0]), joins(keys[1]), joins(keys[0])) == []
    with transaction() as db:
        raised = db.execute(sa.select(OrderCall.urgency_before, OrderCall.urgency_after).order_by(OrderCall.id)).all()
    assert raised == [("normal", "urgent"), ("urgent", "urgent")]
    cancel: Act = lambda db: cancel_order(db, order.id, version=None, by=cast.lin, at=AT, reason="不修了").id  # noqa: E731
    lost = refused(joins(uuid.uuid4()), cancel)
    assert [str(no) for no in lost] in ([], [f"{order.number} is Cancelled by now: this call is an order of its own."])
