"""What a technician sees of his day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine

SEEN = ("dispatched", "on_the_way", "on_site", "finished")


def visits_today(session: Session, person_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """A technician's dispatched visits that start within [start, end), by time, and those he is still at from before."""
    today = sa.and_(Visit.starts_at >= start, Visit.starts_at < end, Visit.status.in_(SEEN))
    unfinished = sa.and_(Visit.starts_at < start, Visit.status.in_(VISIT_MOVING))
    query = sa.select(Visit).where(Visit.technician_id == person_id, sa.or_(today, unfinished))
    order = joinedload(Visit.order)
    line = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
    )
    return session.scalars(whole.order_by(Visit.starts_at)).unique().all()
