"""Approval (P3): the manager first, further levels where kind and size ask for them, never one's own request."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import transition, why_not
from dispatch.orders.models import Approval, Order, OrderLine
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.rules import ApprovalStep, ExtraApproval, approval_steps
from dispatch.staff.rules import Actor
from dispatch.words import say

DECIDED = say("Somebody else decided this a moment ago.")
DECIDED_BY_YOU = say("You have decided this already.")


def submit(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """Send a locked draft for approval; opens the manager's step."""
    move_order(session, order, "submit", by=by, at=at)
    _open_step(session, order, ApprovalStep(1, "order.approve"), by_id=by.id, at=at)


def approve(
    session: Session, order_id: int, *, approval_id: int, by: Actor, at: datetime, extra: tuple[ExtraApproval, ...] = ()
) -> Order:
    """Approve the open step `approval_id`. With the last level decided the order is approved; before that the next level opens.

    Raises Conflict when somebody else decided first, RuleBroken for one's own request or another's turn.
    """
    order, step = _open(session, order_id, approval_id, by)
    following = _following_step(session, order, step, extra)
    if following is None:
        move_order(session, order, "approve", by=by, at=at)
    else:
        _check_may_decide(session, order, by)
    _decide(step, "approved", by=by, at=at)
    if following is not None:
        record(session, ("order", order.id), "approval.pass", by=by, at=at, detail={"step": step.step})
        session.flush()
        _open_step(session, order, following, by_id=step.requested_by_id, at=at)
    return order


def reject(session: Session, order_id: int, *, approval_id: int, reason: str, by: Actor, at: datetime) -> Order:
    """Reject the open step with a reason. Raises like `approve`, and Invalid without a reason."""
    order, step = _open(session, order_id, approval_id, by)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    move_order(session, order, "reject", by=by, at=at, reason=reason.strip())
    _decide(step, "rejected", by=by, at=at, reason=reason.strip())
    return order


def withdraw_open_steps(session: Session, order: Order, *, by: Actor, at: datetime) -> None:
    """Close what still waits for a decision when the order itself was cancelled."""
    query = sa.select(Approval).where(Approval.order_id == order.id, Approval.decision.is_(None))
    for step in session.scalars(query):
        step.decision, step.decided_at = "withdrawn", at


def _open(session: Session, order_id: int, approval_id: int, by: Actor) -> tuple[Order, Approval]:
    order = locked_order(session, order_id)
    step = session.get(Approval, approval_id, populate_existing=True)
    if step is None or step.order_id != order_id:
        raise NotFound
    if step.decision is not None:
        raise Conflict(DECIDED_BY_YOU if step.decided_by_id == by.id else DECIDED)
    return order, step


def _check_may_decide(session: Session, order: Order, by: Actor) -> None:
    no = why_not(transition("order", "approve"), "order", order.status, facts_of(session, order, by))
    if no is not None:
        raise RuleBroken(no)


def _following_step(session: Session, order: Order, step: Approval, extra: tuple[ExtraApproval, ...]) -> ApprovalStep | None:
    lines = session.scalar(sa.select(sa.func.count()).where(OrderLine.order_id == order.id)) or 0
    return next((s for s in approval_steps(order.kind, lines, extra) if s.step > step.step), None)


def _decide(step: Approval, decision: str, *, by: Actor, at: datetime, reason: str | None = None) -> None:
    step.decision, step.decided_by_id, step.decided_at, step.reason = decision, by.id, at, reason


def _open_step(session: Session, order: Order, step: ApprovalStep, *, by_id: int | None, at: datetime) -> None:
    session.add(Approval(order_id=order.id, step=step.step, permission=step.permission, requested_by_id=by_id, requested_at=at))
    session.flush()
