"""Every row of the three tables, taken by two people at once: one takes it, the other is told why not, nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.orders import facts
from dispatch.orders.lifecycle import TABLES, transition
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import locked_order, move_line, move_order, move_visit
from dispatch.orders.operations.verbal import approve_by_word
from dispatch.orders.operations.visits import NewVisit, cancel_order, locked_visit, plan_visit
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.orders.said import open_step, word
from tests.orders.test_lifecycle_machine import (
    DECIDED_BY_WORD,
    LATER,
    PUT_OFF_AND_CANCELLED,
    PUTS_OFF,
    REFUSED_AND_WORKED,
    machine,
)
from tests.orders.what_holds import nobody_is_booked_twice, status_follows
from tests.racing import at_once

STORIES = {"refused and worked": (2, REFUSED_AND_WORKED), "by word": (1, DECIDED_BY_WORD), "put off": (1, PUT_OFF_AND_CANCELLED)}
BY_ITSELF = {"order.follow"}
TWICE = {"order.not_solved"}
"""What the customer says takes the vehicles up again in the same breath: tests/orders/test_contact_races.py."""

Act = Callable[[Session], Any]


@pytest.fixture(autouse=True)
def no_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the three tables alone are tried."""
    monkeypatch.setattr(facts, "_missing_readers", [])


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("story", STORIES)
def test_each_row_is_taken_once(cast: Cast, story: str) -> None:
    lines, steps = STORIES[story]
    with transaction() as db:
        order_id = repair_order(db, cast, lines=lines).id
    if story == "put off":
        steps = f"order.approve {steps}"
    for step in steps.split():
        with transaction() as db:
            act = chosen(db, cast, order_id, step)
        answers = at_once(act, act)
        lost = [answer for answer in answers if isinstance(answer, Refusal)]
        assert len(lost) == 1 or step in TWICE, (step, answers)
        with transaction() as db:
            after(db, cast, order_id, step)


def chosen(db: Session, cast: Cast, order_id: int, step: str) -> Act:
    """The row as the first who may takes it, about the first that it can be taken of."""
    table, action = step.split(".")
    order, walker = db.get_one(Order, order_id), machine(db, cast)()
    things: list[Any] = {"order": [order], "line": list(order.lines), "visit": list(order.visits)}[table]
    as_met, row = walker.as_met(order), transition(table, action)
    thing, who = next((each, who) for each in things for who in walker.open_to(table, row, each, as_met))
    if table == "line":
        return lambda s: move_line(s, s.get_one(OrderLine, thing.id), action, by=who, at=AT, reason="why")
    if table == "visit":
        return lambda s: move_visit(s, locked_visit(s, thing.id), action, by=who, at=AT, reason="why")
    return of_order(db, cast, order, action, who)


def of_order(db: Session, cast: Cast, order: Order, action: str, who: Actor) -> Act:
    """The same of the order itself, by the operations that people use."""
    key = order.id
    if action in ("approve", "reject", "approve_by_word"):
        step = open_step(db, order)
        acts: dict[str, Act] = {
            "approve": lambda s: approve(s, key, approval_id=step, by=who, at=AT),
            "reject": lambda s: reject(s, key, approval_id=step, reason="why", by=who, at=AT),
            "approve_by_word": lambda s: approve_by_word(s, key, word(cast.wang), approval_id=step, by=who, at=AT),
        }
        return acts[action]
    if action == "submit":
        return lambda s: submit(s, locked_order(s, key), by=who, at=AT)
    if action == "cancel":
        return lambda s: cancel_order(s, key, version=None, by=who, at=AT, reason="why")
    wait = LATER if action in PUTS_OFF else None
    return lambda s: move_order(s, locked_order(s, key), action, by=who, at=AT, reason="why", wait=wait)


def after(db: Session, cast: Cast, order_id: int, step: str) -> None:
    """What holds, the row in the history once more; and somebody is to come once it is approved."""
    order = db.get_one(Order, order_id)
    status_follows(order)
    nobody_is_booked_twice(order)
    assert step in {entry.action for entry in history(db, ("order", order_id))[:3]}, step
    assert not list(broken_chains(db))
    if step == "order.approve":
        lines = tuple(line.id for line in order.lines)
        start = AT + timedelta(hours=1)
        plan_visit(db, NewVisit(order_id, cast.su.id or 0, start, start + timedelta(hours=1), lines), by=cast.lin, at=AT)


def test_the_stories_leave_no_row_out() -> None:
    told = {step for _, steps in STORIES.values() for step in steps.split()}
    assert told | BY_ITSELF == {f"{table}.{row.action}" for table, rows in TABLES.items() for row in rows}
