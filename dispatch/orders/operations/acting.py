"""What a person does to an order by pressing a button of the order table, whichever it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.rules import read_phone
from dispatch.errors import NotFound
from dispatch.orders.facts import open_approval
from dispatch.orders.lifecycle import LINE, LINE_SETTLED, ORDER
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import locked_order, move_line, move_order
from dispatch.orders.operations.visits import cancel_order, take_off_plan
from dispatch.staff.rules import Actor

PRESSED = frozenset(row.action for row in ORDER if row.permission) - {"approve_by_word", "hold"}
"""The actions that people take with a press; the others are consequences, or have a form of their own."""

PRESSED_ON_LINE = frozenset(row.action for row in LINE if row.permission and row.reason)
"""The actions that the desk takes on one vehicle; that it is done is said by whoever does it."""


def act(
    session: Session,
    order_id: int,
    action: str,
    *,
    version: int,
    reason: str,
    by: Actor,
    at: datetime,
) -> Order:
    """Take one row of the order table on the order that the reader saw as `version`; returns the order as it is then.

    Raises NotFound for an action that nobody presses, Conflict for a stale page, and whatever the row itself refuses.
    """
    if action not in PRESSED:
        raise NotFound
    order = locked_order(session, order_id, version=version)
    if action in ("approve", "reject"):
        _decide(session, order, action, reason=reason, by=by, at=at)
    elif action == "submit":
        submit(session, order, by=by, at=at)
    elif action == "cancel":
        cancel_order(session, order_id, version=None, by=by, at=at, reason=reason)
    else:
        move_order(session, order, action, by=by, at=at, reason=reason or None)
    return order


def _decide(session: Session, order: Order, action: str, *, reason: str, by: Actor, at: datetime) -> None:
    step = open_approval(session, order.id)
    if step is None:
        move_order(session, order, action, by=by, at=at, reason=reason)
    elif action == "approve":
        approve(session, order.id, approval_id=step.id, by=by, at=at)
    else:
        reject(session, order.id, approval_id=step.id, reason=reason, by=by, at=at)


def act_on_line(
    session: Session, order_id: int, position: int, action: str, *, version: int, reason: str, by: Actor, at: datetime
) -> OrderLine:
    """Take one row of the line table on a vehicle of the order that the reader saw as `version`.

    A visit that nobody has set out for is taken off when none of its vehicles is left to do. Raises NotFound for a vehicle or
    an action that does not exist, Conflict for a stale page, and whatever the row itself refuses.
    """
    order = locked_order(session, order_id, version=version)
    line = next((line for line in order.lines if line.position == position), None)
    if line is None or action not in PRESSED_ON_LINE:
        raise NotFound
    move_line(session, line, action, by=by, at=at, reason=reason)
    _take_off_idle(session, order, by=by, at=at, reason=reason)
    return line


def _take_off_idle(session: Session, order: Order, *, by: Actor, at: datetime, reason: str) -> None:
    waiting = [visit for visit in order.visits if visit.status in ("planned", "dispatched")]
    idle = [visit for visit in waiting if all(row.line.status in LINE_SETTLED for row in visit.visit_lines)]
    take_off_plan(session, idle, by=by, at=at, reason=reason)


def reveal_phone(session: Session, order_id: int, *, by: Actor, at: datetime) -> str:
    """The contact's whole phone number; that `by` asked for it is written down (Q11)."""
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound
    record(session, ("order", order.id), "phone.reveal", by=by, at=at, detail={"name": order.contact_name})
    return read_phone(order.contact_phone).shown
