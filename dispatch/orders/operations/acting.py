"""What a person does to an order by pressing a button of the order table, whichever it is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.rules import read_phone
from dispatch.errors import NotFound
from dispatch.orders.facts import open_approval
from dispatch.orders.lifecycle import ORDER
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import approve, reject, submit
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.visits import cancel_order
from dispatch.orders.rules import ExtraApproval
from dispatch.staff.rules import Actor

PRESSED = frozenset(row.action for row in ORDER if row.permission)
"""The actions that people take; the others are consequences."""


def act(
    session: Session,
    order_id: int,
    action: str,
    *,
    version: int,
    reason: str,
    by: Actor,
    at: datetime,
    extra: tuple[ExtraApproval, ...] = (),
) -> Order:
    """Take one row of the order table on the order that the reader saw as `version`; returns the order as it is then.

    Raises NotFound for an action that nobody presses, Conflict for a stale page, and whatever the row itself refuses.
    """
    if action not in PRESSED:
        raise NotFound
    order = locked_order(session, order_id, version=version)
    if action in ("approve", "reject"):
        _decide(session, order, action, reason=reason, by=by, at=at, extra=extra)
    elif action == "submit":
        submit(session, order, by=by, at=at)
    elif action == "cancel":
        cancel_order(session, order_id, version=None, by=by, at=at, reason=reason)
    else:
        move_order(session, order, action, by=by, at=at, reason=reason or None)
    return order


def _decide(
    session: Session, order: Order, action: str, *, reason: str, by: Actor, at: datetime, extra: tuple[ExtraApproval, ...]
) -> None:
    step = open_approval(session, order.id)
    if step is None:
        move_order(session, order, action, by=by, at=at, reason=reason)
    elif action == "approve":
        approve(session, order.id, approval_id=step.id, by=by, at=at, extra=extra)
    else:
        reject(session, order.id, approval_id=step.id, reason=reason, by=by, at=at)


def reveal_phone(session: Session, order_id: int, *, by: Actor, at: datetime) -> str:
    """The contact's whole phone number; that `by` asked for it is written down (Q11)."""
    order = session.get(Order, order_id)
    if order is None:
        raise NotFound
    record(session, ("order", order.id), "phone.reveal", by=by, at=at, detail={"name": order.contact_name})
    return read_phone(order.contact_phone).shown
