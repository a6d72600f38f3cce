"""Who else approves, and in which turn: the rules as plain data, kept with what was sent in, and their page (P3, Q14)."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from dispatch.approvals import queries as ladder_queries
from dispatch.approvals.models import ApprovalRule
from dispatch.approvals.operations.table import add_rule, end_rule
from dispatch.approvals.rules import ABOVE, MANAGER, LevelRule, ladder
from dispatch.audit.queries import history
from dispatch.config_values import approval_steps
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, RuleBroken
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import move_order
from tests.building import installation_order, repair_order
from tests.conftest import AT, Cast, SignIn
from tests.orders.building import asks_above, stored, waiting_id
from tests.orders.said import also, leaves


def some_rule(chance: random.Random) -> LevelRule:
    roles = tuple(chance.sample(ABOVE, chance.randint(1, len(ABOVE))))
    least, most = Decimal(chance.randint(0, 9)), chance.choice([None, Decimal(chance.randint(0, 9))])
    return LevelRule(chance.choice(["installation", "repair"]), roles, least, most, chance.choice([None, 1, 2]))


def test_the_manager_is_always_first_and_nobody_is_asked_twice() -> None:
    chance = random.Random(20261122)
    for _ in range(100):
        check_ladder(chance)


def check_ladder(chance: random.Random) -> None:
    rules = [some_rule(chance) for _ in range(chance.randint(0, 6))]
    kind, size, here = chance.choice(["installation", "repair"]), chance.randint(1, 9), chance.choice([1, 2])
    made = ladder(kind, size, here, rules)
    assert made[0] == MANAGER and len(set(made)) == len(made)
    asked = {f"order.approve_{role}" for rule in rules if rule.fits(kind, Decimal(size), here) for role in rule.roles}
    assert set(made[1:]) == asked


@pytest.mark.parametrize(
    ("size", "branch", "above"),
    [(1, 1, ()), (20, 1, ("director",)), (49, 2, ("director",)), (50, 1, ("director", "finance")), (50, 2, ("director",))],
)
def test_size_and_branch_choose_the_levels(size: int, branch: int, above: tuple[str, ...]) -> None:
    rules = [
        LevelRule("installation", ("director",), Decimal(20)),
        LevelRule("installation", ("finance", "director"), Decimal(50), Decimal(99), 1),
        LevelRule("repair", ("supervisor",)),
    ]
    assert ladder("installation", size, branch, rules) == (MANAGER, *(f"order.approve_{role}" for role in above))


def decide(db: Session, order: Order, *people: object) -> None:
    for who in people:
        step = db.scalars(sa.select(Approval.id).where(Approval.order_id == order.id, Approval.decision.is_(None))).one()
        approve(db, order.id, approval_id=step, by=who, at=AT)  # type: ignore[arg-type]


def test_an_order_is_approved_when_the_last_level_has_said_yes(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director", "finance")
    order = repair_order(db, cast)
    decide(db, order, cast.wang)
    with pytest.raises(RuleBroken, match="The next decision is not yours"):
        decide(db, order, cast.qian)
    decide(db, order, cast.chen)
    assert (order.status, order.approved) == ("awaiting_approval", False)
    decide(db, order, cast.qian)
    assert order.status == "approved"
    told = [entry.action for entry in history(db, ("order", order.id))]
    assert told[:3] == ["order.approve", "approval.pass", "approval.pass"]


def test_the_rules_of_the_day_it_was_sent_in_count(db: Session, cast: Cast) -> None:
    rule, before = asks_above(db, cast, "director"), repair_order(db, cast)
    end_rule(db, rule.id, by=cast.chen, at=AT)
    after = repair_order(db, cast)
    decide(db, after, cast.wang)
    assert after.status == "approved"
    decide(db, before, cast.wang)
    assert before.status == "awaiting_approval"
    reject(db, before.id, approval_id=db.scalars(sa.select(sa.func.max(Approval.id))).one(), reason="no", by=cast.chen, at=AT)
    move_order(db, before, "rework", by=cast.lin, at=AT)
    submit(db, before, by=cast.lin, at=AT)
    decide(db, before, cast.wang)
    db.refresh(before, ["approvals"])
    rounds = [(step.round, step.step, step.decision) for step in before.approvals]
    assert before.status == "approved" and rounds == [(1, 1, "approved"), (1, 2, "rejected"), (2, 1, "approved")]


def test_what_the_settings_ask_for_comes_too(db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ladder_queries, "_fixed", ())
    ladder_queries.configure(approval_steps("installation>1:director"))
    levels = {lines: installation_order(db, cast, lines=lines).approvals[0].following for lines in (1, 2)}
    assert levels == {1: [], 2: ["order.approve_director"]}


def test_the_database_keeps_the_manager_and_two_people(db: Session, cast: Cast) -> None:
    asks_above(db, cast, "director")
    order = repair_order(db, cast)
    decide(db, order, cast.wang)
    wrong = (
        "UPDATE approval SET permission = 'order.approve_director' WHERE step = 1",
        "UPDATE approval SET decision = 'approved', decided_at = now(), decided_by_id = (SELECT decided_by_id FROM approval "
        "WHERE step = 1) WHERE step = 2",
        "INSERT INTO approval (order_id, round, step, permission, requested_by_id, requested_at) "
        "SELECT order_id, round, 3, permission, requested_by_id, requested_at FROM approval WHERE step = 2",
    )
    for statement in wrong:
        with pytest.raises(IntegrityError), db.begin_nested():
            db.execute(sa.text(statement))
    for statement in ("UPDATE approval_rule SET roles = '[\"finance\"]'", "DELETE FROM approval_rule"):
        with pytest.raises(ProgrammingError, match="stays"), db.begin_nested():
            db.execute(sa.text(statement))


def test_a_rule_is_added_once_by_whoever_may(db: Session, cast: Cast) -> None:
    rule, key = LevelRule("repair", ("director",)), uuid.uuid4()
    first = add_rule(db, rule, key=key, by=cast.root, at=AT)
    assert add_rule(db, rule, key=key, by=cast.root, at=AT) is first
    with pytest.raises(Conflict, match="holds already"):
        add_rule(db, rule, key=uuid.uuid4(), by=cast.chen, at=AT)
    for wrong in (replace(rule, roles=()), replace(rule, roles=("director", "director")), replace(rule, most=Decimal(0))):
        with pytest.raises(Invalid):
            add_rule(db, wrong, key=uuid.uuid4(), by=cast.chen, at=AT)
    with pytest.raises(NotAllowed):
        add_rule(db, replace(rule, kind="installation"), key=uuid.uuid4(), by=cast.wang, at=AT)
    end_rule(db, first.id, by=cast.chen, at=AT)
    with pytest.raises(Conflict, match="taken away already"):
        end_rule(db, first.id, by=cast.chen, at=AT)
    told = [(entry.action, entry.by_id) for entry in history(db, ("approval_rule", first.id))]
    assert told == [("approval_rule.end", cast.chen.id), ("approval_rule.add", cast.root.id)]


def test_the_page_of_rules_and_the_ladder_of_an_order(cast: Cast, as_person: SignIn) -> None:
    chen, wang, url = as_person(cast.chen), as_person(cast.wang), "/approvals/rules"
    sent = {"request_key": str(uuid.uuid4()), "kind": "repair", "least": "x", "branch": str(cast.sz), "first": "director"}
    wrong = chen.post(url, data=sent)
    assert wrong.status_code == 422 and "Write a whole number" in wrong.text and 'value="x"' in wrong.text
    for _ in range(2):
        assert chen.post(url, data=sent | {"least": "", "second": "finance"}).status_code == 302
    with transaction() as db:
        rule = db.scalars(sa.select(ApprovalRule)).one()
        order = repair_order(db, cast)
    page = wang.get(url).text
    assert "深圳" in page and "any number of vehicles" in page and "Add this rule" not in page
    assert wang.post(url, data=sent).status_code == 404 and as_person(cast.lin).get(url).status_code == 404
    shown = wang.get(f"/orders/{order.number}").text
    assert "Waits for Manager: 王建国" in shown and "2 · Director" in shown and "3 · Finance" in shown
    wang.post(f"/approvals/{waiting_id(order)}/approve")
    assert "Waits for Director: 陈立" in wang.get(f"/orders/{order.number}").text
    assert [chen.post(f"{url}/{rule.id}/end").status_code for _ in range(2)] == [302, 409]
    assert "Rules that held before" in chen.get(url).text
    chen.post(f"/approvals/{waiting_id(order)}/approve")
    qian = as_person(cast.qian)
    assert "level 3" in qian.get("/approvals").text
    qian.post(f"/approvals/{waiting_id(order)}/approve")
    assert stored(order).status == "approved"


def test_amounts_stand_in_the_same_table(cast: Cast, as_person: SignIn) -> None:
    chen, url = as_person(cast.chen), "/approvals/rules"
    sent = {"kind": "refund", "least": "500", "most": "", "branch": "", "first": "manager", "second": "director"}
    wrong = chen.post(url, data=sent | {"least": "1.234", "request_key": str(uuid.uuid4())})
    assert wrong.status_code == 422 and "at most two decimals" in wrong.text and 'value="1.234"' in wrong.text
    assert chen.post(url, data=sent | {"request_key": str(uuid.uuid4())}).status_code == 302
    only = {"kind": "purchase", "most": "999.99", "request_key": str(uuid.uuid4())}
    assert chen.post(url, data=only).status_code == 302
    page = as_person(cast.wang).get(url).text
    assert "¥500.00 or more" in page and "¥0.00 to ¥999.99" in page and "Supervisor or manager" in page


def test_an_order_whose_approver_has_left_says_so(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        leaves(db, cast.wang)
    assert "Nobody who works here now may decide this level (Manager)" in as_person(cast.lin).get(f"/orders/{order.number}").text
    with transaction() as db:
        also(db, cast.zhou, "manager")
    assert "Waits for Manager: 周新" in as_person(cast.lin).get(f"/orders/{order.number}").text
