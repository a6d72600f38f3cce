"""Closing orders whose papers are complete: those that a person picked, and those that the company lets close by rule (P8)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.orders.models import Order, OrderPapers
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.papers import count_papers
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import Text


def close_complete(session: Session, order_id: int, *, by: Actor, at: datetime) -> Text | None:
    """Close an order. Where the table refuses it says why, and what is missing is counted anew for the pages.

    Raises NotFound, and NotAllowed for somebody who may not close.
    """
    return _close(session, locked_order(session, order_id), "close", by=by, at=at)


def close_by_rule(session: Session, order_id: int, *, after: timedelta, at: datetime) -> bool:
    """Close an order that has been complete for `after`, as the system. False where that is not, or no longer, so."""
    order = locked_order(session, order_id)
    counted = session.get(OrderPapers, order_id, populate_existing=True)
    if order.status != "done" or counted is None or counted.missing or counted.at > at - after:
        return False
    return _close(session, order, "auto_close", by=SYSTEM, at=at) is None


def _close(session: Session, order: Order, action: str, *, by: Actor, at: datetime) -> Text | None:
    try:
        move_order(session, order, action, by=by, at=at)
    except RuleBroken as refusal:
        if order.status == "done":
            count_papers(session, order, at=at)
        return refusal.text
    return None
