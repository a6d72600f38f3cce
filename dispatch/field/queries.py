"""What a technician sees of his day, and what he sent that waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.field.models import FieldFact
from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

SEEN = ("dispatched", "on_the_way", "on_site", "finished")


def visits_today(session: Session, person_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """A technician's dispatched visits that start within [start, end), by time, and those from before that he has not ended."""
    today = sa.and_(Visit.starts_at >= start, Visit.starts_at < end, Visit.status.in_(SEEN))
    unfinished = sa.and_(Visit.starts_at < start, Visit.status.in_(("dispatched", *VISIT_MOVING)))
    query = sa.select(Visit).where(Visit.technician_id == person_id, sa.or_(today, unfinished))
    order = joinedload(Visit.order)
    line = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        line.options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
    )
    return session.scalars(whole.order_by(Visit.starts_at)).unique().all()


@dataclass(frozen=True)
class Dispute:
    """A fact that no rule allowed: who sent it, and the order it is about, if it names one."""

    fact: FieldFact
    who: str
    order_number: str | None


def _open(by: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: disputed, not yet settled, and sent by somebody of the reader's branch."""
    unsettled = FieldFact.outcome["settled"].is_(None)
    own = sa.true() if by.may("branches.all") else Person.branch_id == by.branch_id
    return FieldFact.state == "disputed", unsettled, own


def open_disputes(session: Session, by: Actor, *, limit: int = 200) -> list[Dispute]:
    """The facts that wait for a decision, the oldest first."""
    query = sa.select(FieldFact, Person.name, Order.number).join(Person, Person.id == FieldFact.person_id)
    query = query.outerjoin(Visit, Visit.id == FieldFact.visit_id)
    query = query.outerjoin(Order, Order.id == sa.func.coalesce(FieldFact.order_id, Visit.order_id))
    rows = session.execute(query.where(*_open(by)).order_by(FieldFact.received_at).limit(limit))
    return [Dispute(*row) for row in rows]


def dispute_count(session: Session, by: Actor) -> int:
    """How many facts wait for a decision."""
    query = sa.select(sa.func.count()).select_from(FieldFact).join(Person, Person.id == FieldFact.person_id)
    return session.scalar(query.where(*_open(by))) or 0
