"""Approval (P3): the manager first, further levels as the rules stood when it was sent in, never one's own request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.operations.steps import ALONE, DECIDED, DECIDED_BY_YOU, Hands, begin, mark
from dispatch.approvals.queries import rules_in_force
from dispatch.approvals.rules import ladder
from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import Named, transition, why_not
from dispatch.orders.models import Approval, Order, OrderLine
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.standing_in import place_of
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import say


def submit(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """Send a locked draft for approval; opens the manager's step, and keeps with it which levels follow by the rules of now."""
    move_order(session, order, "submit", by=by, at=at)
    before = session.scalar(sa.select(sa.func.max(Approval.round)).where(Approval.order_id == order.id)) or 0
    first, *following = _ladder(session, order)
    made = Approval(order_id=order.id, round=before + 1, step=1, permission=first, following=following)
    begin(session, made, by_id=by.id, at=at)


def open_first_steps(session: Session, orders: Sequence[Order], *, by: Actor, at: datetime) -> None:
    """Open the manager's step of orders that this very transaction has saved and sent in, all at once, as `submit` does one."""
    rules = rules_in_force(session)
    ladders = [(order, ladder(order.kind, len(order.lines), order.branch_id, rules)) for order in orders]
    asked = {"round": 1, "step": 1, "requested_by_id": by.id or 0, "requested_at": at}
    rows = [
        {"order_id": order.id, "permission": first, "following": following, **asked} for order, (first, *following) in ladders
    ]
    session.execute(sa.insert(Approval), rows)


def approve(
    session: Session, order_id: int, *, approval_id: int, by: Actor, at: datetime, link_by: Person | None = None
) -> Order:
    """Approve the open step `approval_id`. With the last level decided the order is approved; before that the next level opens.

    `link_by` made the link by which `by` decides, where he does. Raises Conflict when somebody else decided first, RuleBroken for
    one's own request or another's turn.
    """
    order, step = open_step(session, order_id, approval_id, by)
    pass_step(session, order, step, by=by, at=at, link_by=link_by)
    return order


def pass_step(
    session: Session,
    order: Order,
    step: Approval,
    *,
    by: Actor,
    at: datetime,
    named: Named | None = None,
    link_by: Person | None = None,
) -> None:
    """Decide an open step with yes: `by` himself, or by word whoever is `named` by him. Raises like `approve`."""
    action, decision = ("approve_by_word", "by_word") if named else ("approve", "approved")
    hands = ALONE if named else Hands(place_of(session, order, step, by, at), link_by)
    step.following = following = levels_after(session, order, step)
    last, told = not following, {"step": step.step, **hands.told}
    if last:
        move_order(session, order, action, by=by, at=at, named=named, detail=hands.told)
    else:
        _check_may_decide(session, order, action, by, named)
    mark(step, decision, by_id=named.id if named else by.id, at=at, hands=hands)
    session.flush()
    if not last:
        if named:
            record(session, ("order", order.id), "approval.pass_by_word", by=by, at=at, detail=told)
        else:
            record(session, ("order", order.id), "approval.pass", by=by, at=at, detail=told)
        begin(session, _next(step, following), by_id=step.requested_by_id, at=at)


def reject(
    session: Session,
    order_id: int,
    *,
    approval_id: int,
    reason: str,
    by: Actor,
    at: datetime,
    link_by: Person | None = None,
) -> Order:
    """Reject the open step with a reason. Raises like `approve`, and Invalid without a reason."""
    order, step = open_step(session, order_id, approval_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    hands = Hands(place_of(session, order, step, by, at), link_by)
    move_order(session, order, "reject", by=by, at=at, reason=reason.strip(), detail=hands.told)
    mark(step, "rejected", by_id=by.id, at=at, hands=hands, reason=reason.strip())
    return order


def withdraw_open_steps(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """Close what still waits for a decision when the order itself was cancelled."""
    query = sa.select(Approval).where(Approval.order_id == order.id, Approval.decision.is_(None))
    for step in session.scalars(query):
        step.decision, step.decided_at = "withdrawn", at


def open_step(session: Session, order_id: int, approval_id: int, by: Actor) -> tuple[Order, Approval]:
    """The locked order and its step that waits for a decision. Raises NotFound, or Conflict when it was decided meanwhile."""
    order = locked_order(session, order_id)
    step = session.get(Approval, approval_id, populate_existing=True)
    if step is None or step.order_id != order_id:
        raise NotFound
    if step.decision is not None:
        raise Conflict(DECIDED_BY_YOU if step.decided_by_id == by.id else DECIDED)
    return order, step


def levels_after(session: Session, order: Order, step: Approval) -> list[str]:
    """The permissions of the levels after a step: as kept with it, else by the rules of now without those asked already."""
    if step.following is not None:
        return list(step.following)
    same = (Approval.order_id == order.id, Approval.round == step.round)
    asked = set(session.scalars(sa.select(Approval.permission).where(*same)))
    return [permission for permission in _ladder(session, order) if permission not in asked]


def _ladder(session: Session, order: Order) -> tuple[str, ...]:
    lines = session.scalar(sa.select(sa.func.count()).where(OrderLine.order_id == order.id)) or 0
    return ladder(order.kind, lines, order.branch_id, rules_in_force(session))


def _check_may_decide(session: Session, order: Order, action: str, by: Actor, named: Named | None) -> None:
    row, facts = transition("order", action), facts_of(session, order, by, named=named)
    no = why_not(row, "order", order.status, facts)
    if no is not None:
        forbidden = row.permission is not None and row.permission not in facts.actor_permissions
        raise NotAllowed(no) if forbidden else RuleBroken(no)


def _next(step: Approval, levels: list[str]) -> Approval:
    permission, *following = levels
    return Approval(order_id=step.order_id, round=step.round, step=step.step + 1, permission=permission, following=following)
