"""What other features' pages ask about orders: numbers for links, and visits that still hang on a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

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


def visits_within(session: Session, person_ids: Collection[int], start: datetime, end: datetime) -> Sequence[Visit]:
    """Visits of these technicians that are planned or under way and touch a time, by time, with their orders and customers."""
    query = sa.select(Visit).where(Visit.technician_id.in_(person_ids), Visit.status.in_(VISIT_LIVE))
    touching = query.where(Visit.starts_at < end, Visit.ends_at > start)
    return session.scalars(touching.options(joinedload(Visit.order).joinedload(Order.customer)).order_by(Visit.starts_at)).all()


def live_visits(session: Session, person_id: int) -> int:
    """How many visits of a technician are planned or under way."""
    query = sa.select(sa.func.count()).select_from(Visit).where(Visit.technician_id == person_id, Visit.status.in_(VISIT_LIVE))
    return session.scalar(query) or 0
