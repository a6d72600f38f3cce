"""Reading what waits: which orders wake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.models import Order
from dispatch.orders.waiting_models import OrderWait
from dispatch.staff.models import Branch


def to_wake(session: Session, *, at: datetime, limit: int) -> Sequence[int]:
    """The orders whose day has come by the clock of their branch, the earliest first."""
    today = sa.cast(sa.func.timezone(Branch.zone, at), sa.Date)
    query = sa.select(OrderWait.order_id).join(Order, Order.id == OrderWait.order_id).join(Branch, Branch.id == Order.branch_id)
    due = query.where(OrderWait.until.is_(None), OrderWait.next_on <= today)
    return session.scalars(due.order_by(OrderWait.next_on, OrderWait.order_id).limit(limit)).all()
