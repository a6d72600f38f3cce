"""What is given away climbs the ladder of its amount: money given back, charges let off, goodwill; alone and two at once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
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
from dispatch.approvals.queries import request_seen, requests_waiting
from dispatch.approvals.rules import LevelRule
from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Favour
from dispatch.fees.operations import ask_goodwill, ask_let_off, ask_refund, decide_favour, hand_back, withdraw_favour
from dispatch.fees.papers import favours_open
from dispatch.fees.queries import account_of, charges_of
from dispatch.orders.models import Order
from dispatch.staff.deputies import Absence, name_deputy
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import charged, paid_order, price_list, repair, swapped
from tests.orders.said import also
from tests.racing import at_once

YES, NO = Answer(yes=True), Answer(yes=False, reason="没有依据")


def rule(db: Session, cast: Cast, kind: str, least: int, *roles: str) -> None:
    add_rule(db, LevelRule(kind, roles, Decimal(least)), key=uuid.uuid4(), by=cast.chen, at=AT)


def back(db: Session, receipt_id: int, by: Actor, amount: str = "200", **facts: Any) -> Request:
    given = {"amount": Decimal(amount), "reason": "多收", "key": uuid.uuid4(), "by": by, "at": AT, **facts}
    return ask_refund(db, receipt_id, **given)


def off(db: Session, charge_id: int, by: Actor, **facts: Any) -> Request:
    return ask_let_off(db, charge_id, **{"reason": "商定免费", "key": uuid.uuid4(), "by": by, "at": AT, **facts})


def said(db: Session, request: Request, by: Actor, answer: Answer = YES) -> str:
    return decide_favour(db, request.id, answer, by=by, at=AT).state


def test_money_goes_back_only_when_every_level_of_its_amount_has_said_yes(db: Session, cast: Cast) -> None:
    rule(db, cast, "refund", 100, "director")
    order, _charge, receipt_id = paid_order(db, cast)
    key = uuid.uuid4()
    asked = back(db, receipt_id, cast.qian, key=key)
    assert back(db, receipt_id, cast.qian, key=key).id == asked.id
    with pytest.raises(Conflict, match="asked for already"):
        back(db, receipt_id, cast.wang)
    with pytest.raises(RuleBroken, match="not yours"):
        said(db, asked, cast.qian)
    assert said(db, asked, cast.wang) == "open"
    with pytest.raises(RuleBroken, match="not yours"):
        said(db, asked, cast.wang)
    with pytest.raises(RuleBroken, match="decided an earlier level"):
        said(db, asked, replace(cast.wang, roles=frozenset({"manager", "director"})))
    with pytest.raises(RuleBroken, match="not approved"):
        hand_back(db, asked.id, device="desk", by=cast.qian, at=AT)
    assert said(db, asked, cast.chen) == "approved" and account_of(db, order.id).received == 300
    with pytest.raises(NotAllowed):
        hand_back(db, asked.id, device="desk", by=cast.lin, at=AT)
    receipt = hand_back(db, asked.id, device="desk", by=cast.qian, at=AT)
    assert (receipt.amount, account_of(db, order.id).received, asked.state) == (Decimal(-200), 100, "done")
    with pytest.raises(Conflict, match="carried out already"):
        hand_back(db, asked.id, device="desk", by=cast.qian, at=AT)
    told = [entry.action for entry in history(db, ("order", order.id))][:5]
    assert told == ["refund.done", "receipt.refund", "refund.approve", "refund.pass", "refund.ask"]
    with pytest.raises(RuleBroken, match="more than what is left"):
        back(db, receipt_id, cast.qian)


def test_a_charge_is_let_off_with_the_last_yes_and_a_no_leaves_it(db: Session, cast: Cast) -> None:
    order, charge_id, _receipt = paid_order(db, cast)
    with pytest.raises(NotAllowed):
        off(db, charge_id, cast.lin)
    with pytest.raises(Invalid):
        off(db, charge_id, cast.wang, reason=" ")
    first = off(db, charge_id, cast.wang)
    with pytest.raises(RuleBroken, match="your own request"):
        said(db, first, cast.wang)
    with pytest.raises(Invalid):
        said(db, first, cast.chen, Answer(yes=False, reason=" "))
    assert said(db, first, cast.chen, NO) == "rejected"
    with pytest.raises(Conflict):
        said(db, first, cast.chen)
    second = off(db, charge_id, cast.wang)
    with pytest.raises(NotAllowed, match="Only who has asked"):
        withdraw_favour(db, second.id, by=cast.chen, at=AT)
    withdraw_favour(db, second.id, by=cast.wang, at=AT)
    with pytest.raises(Conflict, match="over already"):
        withdraw_favour(db, second.id, by=cast.wang, at=AT)
    assert account_of(db, order.id).charged == 300
    third = off(db, charge_id, cast.wang)
    assert said(db, third, cast.chen) == "done" and account_of(db, order.id).charged == 0
    with pytest.raises(RuleBroken, match="taken back already"):
        off(db, charge_id, cast.wang)
    assert not db.scalars(sa.select(Favour).where(Favour.alive)).all()
    assert list(broken_ladders(db)) == []
    db.execute(sa.update(Request).where(Request.id == first.id).values(state="approved"))
    assert [str(text) for text in broken_ladders(db)] == [
        f"Request {first.id} (overrule) is approved, and its levels say otherwise"
    ]


def test_goodwill_is_sized_by_what_it_gives_away(db: Session, cast: Cast) -> None:
    rule(db, cast, "goodwill", 500, "manager", "director")
    price_list(db, cast)
    order, cheap, unknown = repair(db, cast), repair(db, cast), repair(db, cast)
    swapped(db, cast, order)
    charged(db, cast, order)
    swapped(db, cast, cheap, sim=True)
    asked = []
    for one in (order, cheap, unknown):
        facts = {"reason": "老客户", "key": uuid.uuid4(), "by": cast.lin, "at": AT}
        row = ask_goodwill(db, one.id, one.lines[0].id, **facts)  # type: ignore[arg-type]
        asked.append(db.get_one(Request, row.request_id))
    levels = [(one.amount, one.steps[0].permission, one.steps[0].following) for one in asked]
    higher = ("order.approve", ["order.approve_director"])
    assert levels == [(Decimal(680), *higher), (Decimal(15), "favour.approve", []), (None, *higher)]
    assert said(db, asked[0], cast.wang) == "open" and account_of(db, order.id).charged == 680
    assert said(db, asked[0], cast.chen) == "done" and account_of(db, order.id).charged == 0
    assert withdraw_favour(db, asked[2].id, by=cast.lin, at=AT).state == "withdrawn"


def test_an_order_is_not_closed_over_what_still_waits(db: Session, cast: Cast) -> None:
    order, charge_id, receipt_id = paid_order(db, cast)
    off(db, charge_id, cast.wang)
    asked = back(db, receipt_id, cast.qian)
    said(db, asked, cast.wang)
    db.execute(sa.update(Order).where(Order.id == order.id).values(status="done"))
    db.refresh(order)
    owed = [str(text) for text in favours_open(db, order)]
    assert [text.split(":")[0] for text in owed] == ["This is approved and not done yet", "This waits for approval"]


def test_a_deputy_of_another_branch_decides_what_he_could_himself(db: Session, cast: Cast) -> None:
    _order, charge_id, _receipt = paid_order(db, cast)
    asked = (
        off(db, charge_id, cast.chen) if cast.chen.may("fact.correct") else off(db, charge_id, also(db, cast.qian, "supervisor"))
    )
    he = also(db, cast.he, "manager")
    with pytest.raises(RuleBroken, match="stand in for nobody"):
        said(db, asked, he)
    absence = Absence(he.id or 0, AT, AT + timedelta(days=1), "年假", uuid.uuid4())
    name_deputy(db, absence, by=cast.wang, at=AT)
    stands_in = replace(he, places=frozenset({(cast.sz, "favour.approve")}))
    assert [one.id for one in requests_waiting(db, stands_in).rows] == [asked.id] and not requests_waiting(db, he).rows
    assert request_seen(db, asked.id, stands_in).id == asked.id
    with pytest.raises(NotFound):
        request_seen(db, asked.id, he)
    assert said(db, asked, stands_in) == "done"
    (step,) = db.scalars(sa.select(RequestStep)).all()
    assert (step.decided_by_id, step.for_id) == (he.id, cast.wang.id)


def test_the_database_keeps_two_people_and_one_open_level(db: Session, cast: Cast) -> None:
    rule(db, cast, "refund", 0, "director")
    _order, _charge, receipt_id = paid_order(db, cast)
    asked = back(db, receipt_id, cast.qian)
    said(db, asked, cast.wang)
    decided = "UPDATE approval_request_step SET decision = 'approved', decided_at = now(), decided_by_id = {} WHERE step = 2"
    wrong = (
        decided.format(cast.qian.id),
        decided.format(cast.wang.id),
        "INSERT INTO approval_request_step (request_id, step, permission, requested_by_id, requested_at) "
        "SELECT request_id, 3, permission, requested_by_id, requested_at FROM approval_request_step WHERE step = 2",
        "INSERT INTO favour (request_id, receipt_id) SELECT request_id, receipt_id FROM favour",
        "UPDATE approval_request SET amount = NULL",
    )
    for statement in wrong:
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(sa.text(statement))


# --- two at once

Act = Callable[[Session], Any]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("rival", ["approve", "reject", "withdraw"])
def test_two_at_once_decide_once(cast: Cast, rival: str) -> None:
    with transaction() as db:
        order, charge_id, _receipt = paid_order(db, cast)
        asked = off(db, charge_id, cast.wang)
        supervisor = replace(cast.zhou, roles=frozenset({"supervisor"}))
    acts: dict[str, Act] = {
        "approve": lambda s: said(s, asked, supervisor),
        "reject": lambda s: said(s, asked, supervisor, NO),
        "withdraw": lambda s: withdraw_favour(s, asked.id, by=cast.wang, at=AT).state,
    }
    answers = at_once(lambda s: said(s, asked, cast.chen), acts[rival])
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]
    with transaction() as db:
        rows = charges_of(db, order.id)
        let_off = db.get_one(Request, asked.id).state == "done"
        assert len(rows) == (2 if let_off else 1) and list(broken_chains(db)) == []
        assert len(db.scalars(sa.select(RequestStep).where(RequestStep.decision.is_not(None))).all()) == 1


@pytest.mark.usefixtures("database")
def test_money_is_handed_back_once_however_many_press(cast: Cast) -> None:
    with transaction() as db:
        order, _charge, receipt_id = paid_order(db, cast)
        asked = back(db, receipt_id, cast.qian)
        said(db, asked, cast.wang)
    acts = [lambda s, who=who: hand_back(s, asked.id, device="desk", by=who, at=AT).id for who in (cast.qian, cast.wang)]
    answers = at_once(*acts, lambda s: withdraw_favour(s, asked.id, by=cast.qian, at=AT).state)
    assert [isinstance(answer, Conflict | RuleBroken) for answer in answers].count(False) == 1
    with transaction() as db:
        given = 200 if db.get_one(Request, asked.id).state == "done" else 0
        assert account_of(db, order.id).received == 300 - given


# --- pages


def test_the_pages_from_asking_to_the_money(db: Session, cast: Cast, as_person: SignIn) -> None:
    order, charge_id, receipt_id = paid_order(db, cast)
    db.commit()
    qian, wang, chen = as_person(cast.qian), as_person(cast.wang), as_person(cast.chen)
    url = f"/orders/{order.number}/corrections"
    typed = {"amount": "200", "reason": "多收两百", "key": str(uuid.uuid4())}
    assert [qian.post(f"{url}/refund/{receipt_id}", data=typed).status_code for _ in range(2)] == [303, 303]
    let = {"reason": "商定免费", "key": str(uuid.uuid4())}
    assert wang.post(f"{url}/drop-charge/{charge_id}", data=let).status_code == 303
    refund, overrule = db.scalars(sa.select(Request).order_by(Request.id)).all()
    page = wang.get("/approvals").text
    assert "多收两百" in page and "商定免费" in page and "This is your own request" in page
    own = wang.post(f"/approvals/requests/{overrule.id}/{overrule.open_step.id}/approve")  # type: ignore[union-attr]
    assert own.status_code == 422 and "This is your own request" in own.text
    step = refund.open_step
    assert step is not None
    empty = wang.post(f"/approvals/requests/{refund.id}/{step.id}/reject", data={"reason": " "})
    assert empty.status_code == 422 and "Please give a reason." in empty.text
    assert wang.post(f"/approvals/requests/{refund.id}/{step.id}/approve").status_code == 303
    late = chen.post(f"/approvals/requests/{refund.id}/{step.id}/reject", data={"reason": "太多"})
    assert late.status_code == 409 and "Somebody else decided this a moment ago." in late.text and "太多" in late.text
    assert "Approved: to be given back" in qian.get(f"/approvals/requests/{refund.id}").text
    assert qian.post(f"/approvals/requests/{refund.id}/hand-back").status_code == 303
    done = qian.get(f"/approvals/requests/{refund.id}").text
    assert "Given back" in done and "is given back</button>" not in done
    assert wang.post(f"/approvals/requests/{overrule.id}/withdraw").status_code == 303
    assert "Withdrawn" in wang.get(f"/approvals/requests/{overrule.id}").text
    assert "Not asked for any more" in wang.get(f"/orders/{order.number}").text
    assert as_person(cast.he).get(f"/approvals/requests/{refund.id}").status_code == 404
    assert as_person(cast.su).get(f"/approvals/requests/{refund.id}").status_code == 404
    assert wang.post(f"/approvals/requests/{overrule.id}/{step.id}/approve").status_code == 404
