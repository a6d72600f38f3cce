"""Purchases: asked for, decided in turn by the table, mended and sent in again, taken back, received; alone and two at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.approvals.checks import broken_ladders
from dispatch.approvals.models import Request, RequestStep
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.devices.models import PartEntry, Purchase
from dispatch.devices.operations import store_named
from dispatch.devices.part_moves import counts_at
from dispatch.devices.part_stock import PartFacts, add_part
from dispatch.devices.purchase_forms import read_wanted
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchases import purchase_counts, purchases, under_way
from dispatch.devices.purchasing import ask_purchase, decide_purchase, mend_purchase, receive_purchase, withdraw_purchase
from dispatch.devices.reorder_rules import Level
from dispatch.devices.reordering import set_levels
from dispatch.devices.store_checks import broken_papers
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import store, terminals
from tests.racing import at_once

YES, NO = Answer(yes=True), Answer(yes=False, reason="先用广州的库存")
CABLE = Wanted("part", "P101", 200, Decimal("3.50"), "深圳线材厂", "低于安全库存")
BOXES = replace(CABLE, kind="terminal", name="BD-808A", count=100, unit_price=Decimal(320), supplier="北斗终端公司")


def catalogue(db: Session, cast: Cast) -> None:
    """A part, a terminal model, and the rule that small purchases are the manager's alone."""
    terminals(db, cast, 1)
    add_part(db, "P101", PartFacts("电源线", "根"), by=cast.lin, at=AT)
    small = LevelRule("purchase", (), Decimal(0), Decimal(1000))
    add_rule(db, small, key=uuid.uuid4(), by=cast.chen, at=AT)


def ask(db: Session, wanted: Wanted, by: Actor, key: uuid.UUID | None = None) -> Purchase:
    return ask_purchase(db, wanted, key=key or uuid.uuid4(), by=by, at=AT)


def said(db: Session, bought: Purchase, by: Actor, answer: Answer = YES) -> str:
    return decide_purchase(db, bought.request_id, answer, by=by, at=AT).state


def came(db: Session, bought: Purchase, cast: Cast, count: int = 100, **facts: Any) -> Purchase:
    given = {"delivery": "SH-20261202", "store": store(db, cast), "by": cast.lin, "at": AT, **facts}
    return receive_purchase(db, bought.request_id, count, **given)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({}, {"ware", "count", "unit_price", "supplier", "reason"}),
        ({"ware": "other:"}, {"other", "count", "unit_price", "supplier", "reason"}),
        (
            {"ware": "house:1", "count": "0", "unit_price": "-1", "supplier": " "},
            {"ware", "count", "unit_price", "supplier", "reason"},
        ),
        ({"ware": "sim:", "count": "100000", "unit_price": "99999999", "supplier": "x", "reason": "y"}, {"unit_price"}),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(typed: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_wanted(typed)
    assert set(refused.value.fields) == wrong


def test_three_decide_in_turn_and_a_small_one_is_the_managers(db: Session, cast: Cast) -> None:
    catalogue(db, cast)
    key = uuid.uuid4()
    small, large = ask(db, CABLE, cast.lin, key), ask(db, BOXES, cast.wang)
    assert ask(db, CABLE, cast.lin, key) is small and (small.number, large.number) == ("CG-SZ-2026-0001", "CG-SZ-2026-0002")
    assert (small.request.amount, large.request.amount) == (700, 32000)
    assert under_way(db, cast.sz).keys() == {"part:P101", "terminal:BD-808A"}
    with pytest.raises(RuleBroken, match="your own request"):
        said(db, large, cast.wang)
    other = replace(cast.zhou, roles=frozenset({"manager"}))
    assert [said(db, small, other), said(db, large, other)] == ["approved", "open"]
    with pytest.raises(RuleBroken, match="not yours"):
        said(db, large, cast.chen)
    assert [said(db, large, cast.qian), said(db, large, cast.chen)] == ["open", "approved"]
    with pytest.raises(Conflict):
        said(db, large, cast.chen)
    told = [entry.action for entry in history(db, ("request", large.request_id))]
    assert told == ["purchase.approve", "purchase.pass", "purchase.pass", "purchase.ask"]
    assert [row.number for row in purchases(db, cast.he, limit=9)] == [] and purchase_counts(db, cast.lin)["approved"] == 2
    assert [row.number[-1] for row in purchases(db, cast.lin, state="approved", sort="least", limit=9)] == ["1", "2"]
    for who, refusal in ((cast.su, NotAllowed), (cast.qian, NotAllowed)):
        with pytest.raises(refusal):
            ask(db, CABLE, who)
    for unknown in (replace(CABLE, name="P999"), replace(BOXES, name="XX")):
        with pytest.raises(Invalid):
            ask(db, unknown, cast.lin)


def test_what_is_rejected_is_mended_and_climbs_anew(db: Session, cast: Cast) -> None:
    catalogue(db, cast)
    bought = ask(db, BOXES, cast.lin)
    with pytest.raises(Conflict, match="Only what was rejected"):
        mend_purchase(db, bought.request_id, CABLE, by=cast.lin, at=AT)
    said(db, bought, cast.wang)
    with pytest.raises(Invalid):
        said(db, bought, cast.qian, Answer(yes=False))
    assert said(db, bought, cast.qian, NO) == "rejected"
    with pytest.raises(NotFound):
        mend_purchase(db, bought.request_id, CABLE, by=cast.he, at=AT)
    mend_purchase(db, bought.request_id, replace(BOXES, count=20), by=replace(cast.root, branch_id=cast.sz), at=AT)
    assert (bought.request.state, bought.request.amount, bought.request.round) == ("open", 6400, 2)
    for who in (cast.wang, cast.qian, cast.chen):
        said(db, bought, who)
    rounds = [(step.round, step.step, step.decision) for step in bought.request.steps]
    assert rounds == [(1, 1, "approved"), (1, 2, "rejected"), (2, 1, "approved"), (2, 2, "approved"), (2, 3, "approved")]
    withdraw_purchase(db, bought.request_id, by=cast.lin, at=AT)
    assert list(broken_ladders(db)) == []
    with pytest.raises(RuleBroken, match="not approved"):
        came(db, bought, cast)


def test_a_delivery_is_taken_in_once_and_named(db: Session, cast: Cast) -> None:
    catalogue(db, cast)
    bought, boxes = ask(db, CABLE, cast.lin), ask(db, BOXES, cast.lin)
    with pytest.raises(RuleBroken, match="not approved"):
        came(db, bought, cast)
    said(db, bought, cast.wang)
    for wrong in ({"delivery": " "}, {"count": 0}):
        with pytest.raises(Invalid):
            came(db, bought, cast, **wrong)  # type: ignore[arg-type]
    far = store_named(db, branch_id=cast.gz, name="广州仓")
    with pytest.raises(NotFound):
        came(db, bought, cast, store=far)
    came(db, bought, cast, 180)
    entry = db.get_one(PartEntry, bought.entry_id)
    assert (bought.request.state, entry.quantity, entry.note) == ("done", 180, "CG-SZ-2026-0001 SH-20261202")
    assert list(counts_at(db, store(db, cast).id).values()) == [180]
    with pytest.raises(Conflict, match="carried out already"):
        came(db, bought, cast)
    for who in (cast.wang, cast.qian, cast.chen):
        said(db, boxes, who)
    assert came(db, boxes, cast, 100).entry_id is None
    assert list(broken_papers(db)) == []
    for statement in (
        "UPDATE purchase SET received = NULL",
        "UPDATE purchase SET entry_id = NULL, kind = 'x'",
        "UPDATE purchase SET count = 0",
    ):
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(sa.text(statement))


Act = Callable[[Session], Any]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("rival", ["approve", "reject", "withdraw"])
def test_two_at_once_decide_a_level_once(cast: Cast, rival: str) -> None:
    with transaction() as db:
        catalogue(db, cast)
        bought = ask(db, BOXES, cast.lin)
        step = bought.request.steps[0].id
    second = replace(cast.zhou, roles=frozenset({"manager"}))
    yes, no = replace(YES, step_id=step), replace(NO, step_id=step)
    acts: dict[str, Act] = {
        "approve": lambda s: said(s, bought, second, yes),
        "reject": lambda s: said(s, bought, second, no),
        "withdraw": lambda s: withdraw_purchase(s, bought.request_id, by=cast.lin, at=AT).state,
    }
    answers = at_once(lambda s: said(s, bought, cast.wang, yes), acts[rival])
    with transaction() as db:
        first = db.get_one(RequestStep, step)
        state = db.get_one(Request, bought.request_id).state
        assert list(broken_chains(db)) == []
    if rival == "withdraw" and answers == ["open", "withdrawn"]:
        assert (first.decision, state) == ("approved", "withdrawn")
    else:
        assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]
        assert state == {"approved": "open", "rejected": "rejected", "withdrawn": "withdrawn"}[first.decision or ""]


def test_the_pages_from_the_list_of_what_to_order_to_the_delivery(db: Session, cast: Cast, as_person: SignIn) -> None:
    catalogue(db, cast)
    set_levels(db, store(db, cast), {"part:P101": Level(10, 40)}, by=cast.lin, at=AT)
    db.commit()
    lin, wang = as_person(cast.lin), as_person(cast.wang)
    assert "/stock/purchases/new?ware=part:P101&amp;count=40" in lin.get("/stock/reorder").text
    form = lin.get("/stock/purchases/new?ware=part:P101&count=40").text
    assert 'value="part:P101" selected' in form and 'value="40"' in form
    typed = {
        "ware": "part:P101",
        "count": "40",
        "unit_price": "x",
        "supplier": "线材厂",
        "reason": "见底",
        "key": str(uuid.uuid4()),
    }
    wrong = lin.post("/stock/purchases/new", data=typed)
    assert wrong.status_code == 422 and "at most two decimals" in wrong.text and 'value="线材厂"' in wrong.text
    assert [lin.post("/stock/purchases/new", data=typed | {"unit_price": "3.5"}).status_code for _ in range(2)] == [302, 302]
    (bought,) = db.scalars(sa.select(Purchase)).all()
    page = f"/stock/purchases/{bought.request_id}"
    assert bought.number in lin.get("/stock/reorder").text and bought.number in lin.get("/stock/purchases?sort=most").text
    step = bought.request.steps[0].id
    assert "见底" in wang.get("/approvals").text
    turned = wang.post(f"/approvals/requests/{bought.request_id}/{step}/reject", data={"reason": "太贵"})
    assert turned.status_code == 303 and "Mend the purchase" in lin.get(page).text and "太贵" in lin.get(page).text
    assert 'value="线材厂"' in lin.get(f"{page}/mend").text
    again = lin.post(f"{page}/mend", data=typed | {"unit_price": "3"})
    assert again.status_code == 302 and lin.get(f"{page}/mend").status_code == 404
    db.refresh(bought.request, ["steps"])
    step = bought.request.steps[-1].id
    assert wang.post(f"/approvals/requests/{bought.request_id}/{step}/approve").status_code == 303
    place = {"received": "", "delivery": "SH-1", "store": str(store(db, cast).id)}
    assert lin.post(f"{page}/receive", data=place).status_code == 422
    assert [lin.post(f"{page}/receive", data=place | {"received": "40"}).status_code for _ in range(2)] == [302, 409]
    done = lin.get(page).text
    assert "SH-1" in done and "Received: 40, delivery note SH-1" in done and "Mended and sent in again" in done
    assert [as_person(who).get(page).status_code for who in (cast.he, cast.su)] == [404, 404]
    assert as_person(cast.qian).get("/stock/purchases").status_code == 200
