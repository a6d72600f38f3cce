"""The page of requests that wait: sorted and paged in the database, and several of them approved at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from dispatch.approvals.forms import read_levels
from dispatch.approvals.models import Request
from dispatch.approvals.queries import requests_waiting
from dispatch.approvals.rules import word_after_yes
from dispatch.db import transaction
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchasing import ask_purchase
from dispatch.errors import Invalid
from dispatch.fees.operations import ask_let_off
from dispatch.lists import Cut
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import paid_order

DRILLS = Wanted("other", "冲击钻", 3, Decimal("680.00"), "五金城", "旧的两把已坏")


def asked(db: Session, by: Actor, count: int = 3) -> Request:
    return ask_purchase(db, replace(DRILLS, count=count), key=uuid.uuid4(), by=by, at=AT).request


def box(request: Request) -> str:
    """A request and its open level, as a box of the page names them."""
    step = request.open_step
    assert step is not None
    return f"{request.id}.{step.id}"


def test_boxes_name_requests_and_levels() -> None:
    assert read_levels(["7.9", "x", "8", "10.x", "7.11"], most=2) == {7: 11}
    for texts in ([], ["x.y"], ["1.1", "2.2", "3.3"]):
        with pytest.raises(Invalid):
            read_levels(texts, most=2)


def test_what_a_yes_comes_to() -> None:
    words = [str(word_after_yes(kind, ())) for kind in ("purchase", "refund", "goodwill", "overrule")]
    assert words == ["Approved: to be ordered", "Approved: to be given back", "Approved", "Charge let off"]
    assert str(word_after_yes("refund", ("order.approve_director", "order.approve_finance"))) == "Goes on to: Director"


def test_the_list_pages_and_sorts_in_the_database(db: Session, cast: Cast, as_person: SignIn) -> None:
    _order, charge_id, _receipt = paid_order(db, cast)
    for count in range(1, 54):
        asked(db, cast.lin, count)
    ask_let_off(db, charge_id, reason="商定免费", key=uuid.uuid4(), by=cast.wang, at=AT)
    first, second = requests_waiting(db, cast.wang), requests_waiting(db, cast.wang, cut=Cut(2))
    assert (len(first.rows), len(second.rows), first.total, second.pages) == (50, 4, 54, 2)
    assert [one.amount for one in requests_waiting(db, cast.wang, cut=Cut(1, "-amount")).rows][:2] == [36040, 35360]
    assert requests_waiting(db, cast.wang, cut=Cut(1, "kind")).rows[0].kind == "overrule"
    db.commit()
    wang = as_person(cast.wang)
    page = wang.get("/approvals").text
    assert "54 decisions are asked for." in page and "CG-SZ-2026-0001" in page and "what=requests&amp;page=2" in page
    assert "商定免费" in wang.get("/approvals?what=requests&page=2").text
    assert "CG-SZ-2026-0053" in wang.get("/approvals?what=requests&sort=-amount").text
    assert "There is no such page" in wang.get("/approvals?what=requests&page=9").text


def test_orders_and_requests_are_looked_at_apart(db: Session, cast: Cast, as_person: SignIn) -> None:
    order = repair_order(db, cast)
    bought = asked(db, cast.lin)
    db.commit()
    wang = as_person(cast.wang)
    page, requests = wang.get("/approvals").text, wang.get("/approvals?what=requests").text
    assert order.number in page and "CG-SZ" not in page and "Purchases and favours" in page
    assert "CG-SZ-2026-0001" in requests and order.number not in requests
    pressed = wang.post(f"/approvals/requests/{bought.id}/{box(bought).split('.')[1]}/approve", follow_redirects=True).text
    assert "No purchase or favour waits" in pressed and "To the orders that wait" in pressed


def test_several_are_approved_each_on_its_own(db: Session, cast: Cast, as_person: SignIn) -> None:
    first, own, last = (asked(db, by, count) for by, count in ((cast.lin, 3), (cast.wang, 5), (cast.lin, 7)))
    db.commit()
    wang, ids = as_person(cast.wang), [box(one) for one in (first, own, last)]
    shown = wang.get("/approvals/requests/many", query_string={"ids": [*ids, "nonsense"]}).text
    assert "1 of them cannot be approved by you now" in shown and "This is your own request" in shown
    assert "Goes on to: Finance" in shown and "Together ¥6,800.00." in shown and "Approve 2 requests" in shown
    assert "A decision stands" in shown and f'value="{ids[1]}"' not in shown
    with transaction() as session:
        assert session.get_one(Request, first.id).state == "open"
    done = wang.post("/approvals/requests/many", data={"ids": ids}).text
    again = wang.post("/approvals/requests/many", data={"ids": ids}).text
    for page in (done, again):
        assert "2 requests were approved, ¥6,800.00 together." in page and "1 was not approved" in page
        assert "This is your own request" in page
    looked = wang.get("/approvals/requests/many", query_string={"ids": ids}).text
    assert "You have approved 2 of them already." in looked and "1 of them cannot be approved" in looked
    with transaction() as session:
        assert [len(session.get_one(Request, one.id).steps) for one in (first, own, last)] == [2, 1, 2]
    late = as_person(cast.chen).post("/approvals/requests/many", data={"ids": ids[:1]}).text
    assert "Somebody else decided this a moment ago." in late
    nothing = wang.post("/approvals/requests/many", data={"ids": ["x"]}, follow_redirects=True).text
    assert "Choose at least one request." in nothing
    for who in (cast.he, cast.lin):
        assert as_person(who).post("/approvals/requests/many", data={"ids": ids}).status_code == 404
