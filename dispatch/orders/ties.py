"""What other features' pages ask about orders: numbers for links, and visits that still hang on a person."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, Visit
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor


def order_numbers(session: Session, order_ids: Collection[int], by: Actor) -> dict[int, str]:
    """order id -> number, for those the reader may see."""
    if not order_ids:
        return {}
    query = sa.select(Order.id, Order.number).where(Order.id.in_(order_ids), visible(by))
    return {row.id: row.number for row in session.execute(query)}


def live_visits(session: Session, person_id: int) -> int:
    """How many visits of a technician are planned or under way."""
    query = sa.select(sa.func.count()).select_from(Visit).where(Visit.technician_id == person_id, Visit.status.in_(VISIT_LIVE))
    return session.scalar(query) or 0
