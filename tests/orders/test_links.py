"""Deciding by a link: for one person and one level, once, within its time; each other case has its sentence."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.approvals.link_rules import LinkFacts, why_not_use
from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, RuleBroken
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import approve
from dispatch.orders.operations.linking import make_link, revoke_link, use_link
from dispatch.staff.deputies import Absence, name_deputy
from dispatch.staff.hiring import Ties, let_go
from dispatch.staff.models import LoginAttempt
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.orders.building import a_phone, asks_above, stored, waiting_id
from tests.orders.said import also, leaves, open_step
from tests.orders.what_holds import approvals_are_honest
from tests.racing import at_once

DAY = timedelta(hours=24)
GOOD = LinkFacts(1, "王建国", True, AT + DAY, False, False, False, None)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (replace(GOOD, reader=2), "for 王建国, and for nobody else"),
        (replace(GOOD, used=True, decided=True), "used already"),
        (replace(GOOD, revoked=True), "taken back"),
        (replace(GOOD, approver_is_there=False), "no longer works here"),
        (replace(GOOD, decided=True), "decided in another way"),
        (replace(GOOD, expires_at=AT), "has ended"),
    ],
)
def test_each_case_has_its_sentence(facts: LinkFacts, sentence: str) -> None:
    assert sentence in str(why_not_use(facts, AT))
    assert why_not_use(GOOD, AT) is None and why_not_use(replace(GOOD, reader=1), AT) is None


def linked(db: Session, order: Order, whom: Actor, by: Actor) -> tuple[ApprovalLink, str]:
    return make_link(db, order.id, open_step(db, order), whom.id or 0, lasts=DAY, by=by, at=AT)


def use(db: Session, token: str, *, yes: bool = True, reason: str = "") -> Order:
    return use_link(db, token, yes=yes, reason=reason, reader=None, at=AT + timedelta(hours=1))


def test_it_decides_as_the_person_it_was_made_for(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    link, token = linked(db, order, cast.wang, cast.chen)
    assert token.encode() not in link.token_hash
    assert use(db, token).status == "approved"
    step = db.scalars(sa.select(Approval)).one()
    assert (step.decided_by_id, step.link_by_id, link.used_at) == (cast.wang.id, cast.chen.id, AT + timedelta(hours=1))
    told = history(db, ("order", order.id))
    assert [(entry.action, entry.by_id) for entry in told[:2]] == [
        ("order.approve", cast.wang.id),
        ("approval.link", cast.chen.id),
    ]
    with pytest.raises(RuleBroken, match="used already"):
        use(db, token, yes=False, reason="no")


def test_who_makes_a_link_has_no_other_hand_in_the_order(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    own, order = repair_order(db, cast, by=cast.wang), repair_order(db, cast)
    with pytest.raises(RuleBroken, match="made by somebody else"):
        linked(db, own, cast.wang, cast.wang)
    for nobody in (cast.lin, cast.chen, cast.he):
        with pytest.raises(Invalid):
            linked(db, order, nobody, cast.wang)
    use(db, linked(db, order, cast.wang, cast.chen)[1])
    with pytest.raises(RuleBroken, match="by a link that you made"):
        approve(db, order.id, approval_id=open_step(db, order), by=cast.chen, at=AT)
    db.refresh(order, ["approvals"])
    approvals_are_honest(order, untrained=cast.zhou)


def test_a_hand_in_an_earlier_level_makes_no_link_for_the_next(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    order, two = repair_order(db, cast), also(db, cast.wang, "director")
    approve(db, order.id, approval_id=open_step(db, order), by=two, at=AT)
    with pytest.raises(RuleBroken, match="You had a hand in an earlier level"):
        linked(db, order, cast.chen, two)


@pytest.mark.parametrize("who", ["zhou", "qian", "lin"])
def test_who_could_not_decide_a_level_makes_and_takes_back_no_link(db: Session, cast: Cast, who: str) -> None:
    """Supervisor, finance and dispatcher would hold the manager's decision in their hands."""
    order = repair_order(db, cast)
    maker = also(db, cast.zhou, "supervisor") if who == "zhou" else getattr(cast, who)
    link, _token = linked(db, order, cast.wang, cast.wang)
    with pytest.raises(NotAllowed):
        linked(db, order, cast.wang, maker)
    with pytest.raises(NotAllowed):
        revoke_link(db, link.id, by=maker, at=AT)
    assert link.revoked_at is None


def test_a_deputy_of_another_branch_makes_and_takes_back_nothing(db: Session, cast: Cast) -> None:
    order, he = repair_order(db, cast), also(db, cast.he, "manager")
    link, _token = linked(db, order, cast.wang, cast.wang)
    name_deputy(db, Absence(he.id or 0, AT, AT + DAY, "年假", uuid.uuid4()), by=cast.wang, at=AT)
    with pytest.raises(NotFound):
        linked(db, order, cast.wang, he)
    with pytest.raises(NotFound):
        revoke_link(db, link.id, by=he, at=AT)
    assert link.revoked_at is None


def test_a_newer_link_a_taken_back_one_and_one_of_somebody_who_left(db: Session, cast: Cast) -> None:
    order = repair_order(db, cast)
    _, first = linked(db, order, cast.wang, cast.chen)
    second, token = linked(db, order, cast.wang, cast.chen)
    with pytest.raises(RuleBroken, match="taken back"):
        use(db, first)
    assert use_is_refused_without_a_reason(db, token)
    revoke_link(db, second.id, by=cast.wang, at=AT)
    with pytest.raises(Conflict):
        revoke_link(db, second.id, by=cast.wang, at=AT)
    _, last = linked(db, order, cast.wang, cast.wang)
    leaves(db, also(db, cast.wang, "supervisor"))
    with pytest.raises(RuleBroken, match="no longer works here"):
        use(db, last)


def use_is_refused_without_a_reason(db: Session, token: str) -> bool:
    """And the link is as good as before."""
    with pytest.raises(Invalid):
        use(db, token, yes=False, reason=" ")
    return db.scalars(sa.select(sa.func.count()).where(ApprovalLink.used_at.is_not(None))).one() == 0


@pytest.mark.parametrize("attempt", range(2))
@pytest.mark.usefixtures("database")
def test_a_link_and_a_press_at_once_decide_once(cast: Cast, attempt: int) -> None:
    with transaction() as db:
        order = repair_order(db, cast)
        step, (_, token) = open_step(db, order), linked(db, order, cast.wang, cast.chen)
    answers = at_once(
        lambda s: use_link(s, token, yes=False, reason="no", reader=None, at=AT).status,
        lambda s: approve(s, order.id, approval_id=step, by=cast.wang, at=AT).status,
    )
    decided = [answer for answer in answers if isinstance(answer, str)]
    assert len(decided) == 1 and stored(order).status == decided[0]


@pytest.mark.usefixtures("database")
def test_a_link_pressed_twice_taken_back_or_of_somebody_who_leaves_at_once(cast: Cast) -> None:
    def begun() -> tuple[Order, ApprovalLink, str]:
        with transaction() as db:
            order = repair_order(db, cast)
            return (order, *linked(db, order, cast.wang, cast.chen))

    def used(token: str, yes: bool = True) -> Callable[[Session], str]:
        return lambda s: use_link(s, token, yes=yes, reason="no", reader=None, at=AT).status

    order, _, token = begun()
    answers = at_once(used(token), used(token, yes=False))
    assert sorted(type(a).__name__ for a in answers) == ["RuleBroken", "str"] and "used already" in str(lost_of(answers))
    assert stored(order).status in answers
    order, link, token = begun()
    answers = at_once(used(token), lambda s: revoke_link(s, link.id, by=cast.wang, at=AT).number)
    assert re.search("taken back|used or taken back already", str(lost_of(answers)))
    assert (stored(order).status == "approved") == isinstance(answers[0], str)
    order, _, token = begun()
    answers = at_once(used(token), lambda s: let_go(s, cast.wang.id or 0, ties=Ties(0), by=cast.root, at=AT))
    assert answers[1] is None and stored(order).status == ("approved" if isinstance(answers[0], str) else "awaiting_approval")
    assert isinstance(answers[0], str) or "no longer works here" in str(answers[0])


def lost_of(answers: list[object]) -> Refusal:
    """The one of two that was refused."""
    [lost] = [answer for answer in answers if isinstance(answer, Refusal)]
    return lost


def made(client: FlaskClient, order: Order, cast: Cast) -> str:
    """The path of a link that was made on the page."""
    page = client.post(f"/approvals/{waiting_id(order)}/link", data={"approver": str(cast.wang.id)}).text
    return "/a/" + page.split("/a/")[1].split("<")[0].split('"')[0]


def test_the_pages_of_a_link(app: Flask, order: Order, cast: Cast, as_person: SignIn) -> None:
    wang, lin, phone = as_person(cast.wang), as_person(cast.lin), a_phone(app)
    url = f"/approvals/{waiting_id(order)}/link"
    assert lin.get(url).status_code == 404 and url in wang.get("/approvals").text and "王建国" in wang.get(url).text
    assert wang.post(url, data={"approver": "0"}).status_code == 422
    path = made(wang, order, cast)
    shown = phone.get(path)
    assert shown.status_code == 200 and order.number in shown.text and "终端不上线三天" in shown.text
    assert "no-store" in shown.headers["Cache-Control"] and stored(order).status == "awaiting_approval"
    assert order.contact_name not in shown.text and order.contact_phone not in shown.text
    someone = lin.get(path).text
    assert "for nobody else" in someone and order.number not in someone
    assert lin.post(path, data={"decision": "approve"}).status_code == 422
    assert phone.post(path, data={"decision": "perhaps"}).status_code == 404
    assert phone.post(path, data={"decision": "reject", "reason": ""}).status_code == 422
    done = phone.post(path, data={"decision": "approve"}, follow_redirects=True)
    assert "Approved. Thank you." in done.text and "终端不上线三天" not in done.text and stored(order).status == "approved"
    again = phone.post(path, data={"decision": "reject", "reason": "no"})
    assert again.status_code == 422 and "used already" in again.text and order.number not in again.text
    assert "by a link that 王建国 made" in wang.get(f"/orders/{order.number}").text
    assert "This level is decided" in wang.get(url).text


def test_guessing_is_limited_like_signing_in(app: Flask, order: Order, cast: Cast, as_person: SignIn) -> None:
    path, phone = made(as_person(cast.wang), order, cast), a_phone(app)
    most = app.extensions["settings"].login_attempts
    assert [phone.get(f"/a/{n}").status_code for n in range(most + 1)] == [404] * most + [429]
    assert "Too many wrong links" in phone.get(path).text, "a right one waits, too"
    with transaction() as db:
        db.execute(sa.delete(LoginAttempt))
    assert order.number in phone.get(path).text
    with transaction() as db:
        link = db.scalars(sa.select(ApprovalLink)).one()
    wang = as_person(cast.wang)
    for sentence in ("opens nothing any more", "used or taken back already"):
        assert sentence in wang.post(f"/approvals/links/{link.id}/revoke", follow_redirects=True).text
    assert as_person(cast.lin).post(f"/approvals/links/{link.id}/revoke").status_code == 404
    ended = phone.get(path).text
    assert "taken back" in ended and order.number not in ended and "终端不上线三天" not in ended
