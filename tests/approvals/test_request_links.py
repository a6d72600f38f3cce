"""Deciding a request by a link: the same rules as for orders; here on purchases, which need no order, and on a refund."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.approvals.link_models import RequestLink
from dispatch.approvals.models import Request, RequestStep
from dispatch.approvals.operations.linking import behind
from dispatch.approvals.operations.request_links import make_request_link, revoke_request_link, use_request_link
from dispatch.approvals.operations.requests import Answer
from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchasing import ask_purchase, decide_purchase
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.operations import ask_refund
from dispatch.staff.deputies import Absence, name_deputy
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import paid_order
from tests.orders.building import a_phone
from tests.orders.said import also, leaves
from tests.racing import at_once

DAY = timedelta(hours=24)
DRILLS = Wanted("other", "冲击钻", 3, Decimal("680.00"), "五金城", "旧的两把已坏")
YES, NO = Answer(yes=True), Answer(yes=False, reason="先修旧的")


def asked(db: Session, by: Actor) -> Request:
    """A purchase that manager, finance and director decide."""
    return ask_purchase(db, DRILLS, key=uuid.uuid4(), by=by, at=AT).request


def level(request: Request) -> int:
    step = request.open_step
    assert step is not None
    return step.id


def linked(db: Session, request: Request, whom: Actor, by: Actor) -> tuple[RequestLink, str]:
    return make_request_link(db, level(request), whom.id or 0, lasts=DAY, by=by, at=AT)


def use(db: Session, token: str, answer: Answer = YES, *, reader: int | None = None, after: float = 1) -> Request:
    link = behind(db, RequestLink, token)
    assert link is not None
    return use_request_link(db, link, decide_purchase, answer, reader=reader, at=AT + timedelta(hours=after))


def test_it_decides_once_as_the_person_it_was_made_for(db: Session, cast: Cast) -> None:
    request = asked(db, cast.lin)
    link, token = linked(db, request, cast.wang, cast.chen)
    assert token.encode() not in link.token_hash
    for wrong, sentence in (({"reader": cast.lin.id}, "nobody else"), ({"after": 24}, "has ended")):
        with pytest.raises(RuleBroken, match=sentence):
            use(db, token, **wrong)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        use(db, token, Answer(yes=False, reason=" "))
    assert (use(db, token, reader=cast.wang.id).state, link.used_at) == ("open", AT + timedelta(hours=1))
    first, second = request.steps
    assert (first.decided_by_id, first.link_by_id, second.step) == (cast.wang.id, cast.chen.id, 2)
    told = [(entry.action, entry.by_id, entry.detail.get("link_by")) for entry in history(db, ("request", request.id))]
    assert told[:2] == [("purchase.pass", cast.wang.id, "陈立"), ("request.link", cast.chen.id, None)]
    with pytest.raises(RuleBroken, match="used already"):
        use(db, token, NO)
    assert use(db, linked(db, request, cast.qian, cast.qian)[1]).state == "open"
    with pytest.raises(RuleBroken, match="by a link that you made"):
        decide_purchase(db, request.id, YES, by=cast.chen, at=AT)
    assert list(broken_chains(db)) == []


def test_who_makes_one_and_for_whom(db: Session, cast: Cast) -> None:
    request, own = asked(db, cast.lin), asked(db, cast.wang)
    with pytest.raises(RuleBroken, match="asked for this yourself"):
        linked(db, own, cast.wang, cast.wang)
    for nobody in (cast.lin, cast.chen, cast.he):
        with pytest.raises(Invalid):
            linked(db, request, nobody, cast.wang)
    link, _token = linked(db, request, cast.wang, cast.wang)
    far, deputy = also(db, cast.he, "manager"), also(db, cast.zhou, "supervisor")
    name_deputy(db, Absence(far.id or 0, AT, AT + DAY, "年假", uuid.uuid4()), by=cast.wang, at=AT)
    for who, refusal in ((far, NotFound), (deputy, NotAllowed), (cast.lin, NotAllowed)):
        with pytest.raises(refusal):
            linked(db, request, cast.wang, who)
        with pytest.raises(refusal):
            revoke_request_link(db, link.id, by=who, at=AT)
    decide_purchase(db, request.id, YES, by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="You had a hand in an earlier level"):
        linked(db, request, cast.chen, also(db, cast.wang, "finance"))
    for unknown in (0, link.id + 1):
        with pytest.raises(NotFound):
            revoke_request_link(db, unknown, by=cast.wang, at=AT)


def test_a_newer_one_a_taken_back_one_one_of_somebody_who_left_and_one_too_late(db: Session, cast: Cast) -> None:
    request = asked(db, cast.lin)
    _, first = linked(db, request, cast.wang, cast.chen)
    second, token = linked(db, request, cast.wang, cast.chen)
    with pytest.raises(RuleBroken, match="taken back"):
        use(db, first)
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(sa.text("UPDATE approval_request_link SET revoked_at = NULL, revoked_by_id = NULL"))
    revoke_request_link(db, second.id, by=cast.wang, at=AT)
    with pytest.raises(Conflict, match="used or taken back already"):
        revoke_request_link(db, second.id, by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="taken back"):
        use(db, token)
    _, late = linked(db, request, cast.wang, cast.chen)
    _, left = linked(db, request, also(db, cast.zhou, "manager"), cast.chen)
    leaves(db, cast.zhou)
    with pytest.raises(RuleBroken, match="no longer works here"):
        use(db, left)
    decide_purchase(db, request.id, NO, by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="decided in another way"):
        use(db, late)
    with pytest.raises(NotFound):
        make_request_link(db, 0, cast.wang.id or 0, lasts=DAY, by=cast.wang, at=AT)
    with pytest.raises(Conflict):
        make_request_link(db, request.steps[0].id, cast.wang.id or 0, lasts=DAY, by=cast.chen, at=AT)


def by_page(s: Session, step: int, _link: int, _token: str, by: Actor) -> str:
    no = replace(NO, step_id=step)
    return decide_purchase(s, s.get_one(RequestStep, step).request_id, no, by=by, at=AT).state


def by_link(s: Session, _step: int, _link: int, token: str, _by: Actor) -> str:
    return use(s, token, NO).state


def taken_back(s: Session, _step: int, link: int, _token: str, by: Actor) -> int:
    return revoke_request_link(s, link, by=by, at=AT).id


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("rival", [by_page, by_link, taken_back])
def test_by_link_and_otherwise_at_once_decide_one_level_once(cast: Cast, rival: Callable[..., object]) -> None:
    """Against another manager on the page, against the same link, and against whoever takes it back."""
    with transaction() as db:
        request = asked(db, cast.lin)
        (link, token), other = linked(db, request, cast.wang, cast.chen), also(db, cast.zhou, "manager")
        step, link_id = level(request), link.id
    answers = at_once(lambda s: use(s, token).state, lambda s: rival(s, step, link_id, token, other))
    lost = [answer for answer in answers if isinstance(answer, RuleBroken | Conflict)]
    assert len(lost) == 1 and re.search("decided|used|taken back", str(lost[0]))
    with transaction() as db:
        found, link = db.get_one(RequestStep, step), db.get_one(RequestLink, link_id)
        won = {"open": "approved", "rejected": "rejected"}
        assert found.decision == next((won[answer] for answer in answers if isinstance(answer, str)), None)
        assert (link.used_at is not None) == (found.link_by_id == cast.chen.id) and list(broken_chains(db)) == []


def made(client: FlaskClient, request: Request, whom: Actor) -> str:
    """The path of a link that was made on the page."""
    page = client.post(f"/approvals/requests/{request.id}/{level(request)}/link", data={"approver": str(whom.id)}).text
    return "/a/" + page.split("/a/")[1].split("<")[0].split('"')[0]


def test_the_pages_of_a_link_to_a_request(app: Flask, db: Session, cast: Cast, as_person: SignIn) -> None:
    order, _charge, receipt_id = paid_order(db, cast)
    refund = ask_refund(db, receipt_id, amount=Decimal(180), reason="重复支付", key=uuid.uuid4(), by=cast.qian, at=AT)
    bought = asked(db, cast.lin)
    db.commit()
    wang, lin, phone = as_person(cast.wang), as_person(cast.lin), a_phone(app)
    url = f"/approvals/requests/{refund.id}/{level(refund)}/link"
    assert lin.get(url).status_code == 404 and url in wang.get("/approvals").text and "王建国" in wang.get(url).text
    assert url in wang.get(f"/approvals/requests/{refund.id}").text and url not in as_person(cast.qian).get("/approvals").text
    assert (
        "asked for this yourself" in as_person(cast.qian).get(url).text or "could decide it" in as_person(cast.qian).get(url).text
    )
    empty = wang.post(url, data={"approver": "0"})
    assert empty.status_code == 422 and "can decide this now" in empty.text
    assert wang.get(f"/approvals/requests/{bought.id}/{level(refund)}/link").status_code == 404
    path = made(wang, refund, cast.wang)
    shown = phone.get(path).text
    assert all(text in shown for text in ("重复支付", "¥180.00", order.number, "钱敏", "Give ¥180.00 back"))
    assert order.contact_name not in shown and order.contact_phone not in shown
    someone = lin.get(path).text
    assert "for nobody else" in someone and "重复支付" not in someone
    assert phone.post(path, data={"decision": "perhaps"}).status_code == 404
    assert phone.post(path, data={"decision": "reject", "reason": " "}).status_code == 422
    done = phone.post(path, data={"decision": "approve"}, follow_redirects=True).text
    assert "Approved. Thank you." in done and "重复支付" not in done
    again = phone.post(path, data={"decision": "reject", "reason": "no"})
    assert again.status_code == 422 and "used already" in again.text
    assert (
        "by a link that 王建国 made" in wang.get(f"/orders/{order.number}").text and "This level is decided" in wang.get(url).text
    )
    path = made(wang, bought, cast.wang)
    refused = phone.post(path, data={"decision": "reject", "reason": "先修旧的"}, follow_redirects=True).text
    assert "Whoever asked for it reads your reason." in refused and "先修旧的" in lin.get(f"/stock/purchases/{bought.id}").text


def test_links_that_are_out_are_taken_back_on_the_page(app: Flask, db: Session, cast: Cast, as_person: SignIn) -> None:
    bought = asked(db, cast.lin)
    db.commit()
    wang, url = as_person(cast.wang), f"/approvals/requests/{bought.id}/{level(bought)}/link"
    path = made(wang, bought, cast.wang)
    link = db.scalars(sa.select(RequestLink)).one()
    assert "Links that are out" in wang.get(url).text
    for sentence in ("opens nothing any more", "used or taken back already"):
        assert sentence in wang.post(f"/approvals/requests/links/{link.id}/revoke", follow_redirects=True).text
    assert wang.post("/approvals/requests/links/0/revoke").status_code == 404
    assert as_person(cast.he).post(f"/approvals/requests/links/{link.id}/revoke").status_code == 404
    ended = a_phone(app).get(path).text
    assert "taken back" in ended and "冲击钻" not in ended
