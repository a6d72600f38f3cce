"""Waiting: an order is put off until a day with its reason, and wakes by itself."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.errors import Invalid
from dispatch.orders.clock_rules import pauses
from dispatch.orders.models import Order
from dispatch.orders.waiting_models import OrderWait
from dispatch.orders.waiting_rules import WHYS, WaitFor, wrong_with
from dispatch.staff.rules import Actor


def change_wait(session: Session, order: Order, wait: WaitFor | None, *, by: Actor, at: datetime) -> None:
    """End the order's time of waiting, if one is open, and begin `wait`. Raises Invalid beside what cannot be.

    To be called by the writer of statuses alone, who writes them in the same transaction.
    """
    if order.waiting_why is not None:
        open_ = (OrderWait.order_id == order.id, OrderWait.until.is_(None))
        session.execute(sa.update(OrderWait).where(*open_).values(until=at))
    order.waiting_why = order.waiting_reason = order.wakes_on = None
    if wait is not None:
        _begin(session, order, wait, by=by, at=at)


def _begin(session: Session, order: Order, wait: WaitFor, *, by: Actor, at: datetime) -> None:
    wrong = wrong_with(wait, local_day(at, order.branch.zone))
    if wrong:
        raise Invalid(wrong)
    words = wait.words.strip()
    facts = {"why": wait.why, "words": words, "next_on": wait.next_on, "pauses": pauses(wait.why)}
    session.add(OrderWait(order_id=order.id, since=at, by_id=by.id, **facts))
    order.waiting_why, order.wakes_on = wait.why, wait.next_on
    order.waiting_reason = words or str(WHYS[wait.why])
