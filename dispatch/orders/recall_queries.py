"""Reading recalls: of a vehicle's lines, and what a call about a vehicle may repeat."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.models import Order, OrderLine, Recall, Visit, VisitLine
from dispatch.orders.recall_rules import repeats_since
from dispatch.staff.models import Person


def causes_of(session: Session, line_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Line -> the state of its recall and the number of the order whose visit caused it; none for what is no recall."""
    query = sa.select(Recall.line_id, Recall.state, Order.number).join(Order, Order.id == Recall.cause_order_id)
    rows = session.execute(query.where(Recall.line_id.in_(line_ids), Recall.state != "denied"))
    return {line_id: (state, number) for line_id, state, number in rows}


@dataclass(frozen=True)
class Before:
    """The last visit to a vehicle: what a call about it may repeat."""

    number: str
    technician: str
    finished_at: datetime


def visit_before(session: Session, vehicle_id: int, *, at: datetime) -> Before | None:
    """The last visit within the days of the rule that did something on a vehicle."""
    query = (
        sa.select(Order.number, Person.name, Visit.finished_at)
        .select_from(OrderLine)
        .join(VisitLine, VisitLine.line_id == OrderLine.id)
        .join(Visit, Visit.id == VisitLine.visit_id)
        .join(Order, Order.id == Visit.order_id)
        .join(Person, Person.id == Visit.technician_id)
        .where(OrderLine.vehicle_id == vehicle_id, OrderLine.status == "done", Visit.finished_at > repeats_since(at))
    )
    row = session.execute(query.order_by(Visit.finished_at.desc(), Visit.id.desc()).limit(1)).first()
    return Before(row[0], row[1], row[2]) if row and row[2] else None
