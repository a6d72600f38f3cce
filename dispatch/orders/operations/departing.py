"""Nobody is under way to two visits at once."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.orders.lifecycle import VISIT_MOVING
from dispatch.orders.models import Visit, VisitLine
from dispatch.staff.models import Person


def to_end_first(session: Session, visit: Visit) -> str | None:
    """The number of the order whose visit its technician has to end before he sets out for this one; None when he is free.

    At one yard he may work for two orders: a visit on site where this one leads to stays as it is. His row is locked, so that
    two departures of one technician come one after the other.
    """
    session.execute(sa.select(Person.id).where(Person.id == visit.technician_id).with_for_update(key_share=True))
    there = _sites(visit)
    binding = (one for one in _moving(session, visit) if one.status == "on_the_way" or not there & _sites(one))
    return next((one.order.number for one in binding), None)


def _moving(session: Session, visit: Visit) -> Collection[Visit]:
    """The technician's other visits that are under way, as they are now."""
    others = sa.select(Visit).where(Visit.technician_id == visit.technician_id, Visit.id != visit.id)
    query = others.where(Visit.status.in_(VISIT_MOVING)).order_by(Visit.departed_at, Visit.id)
    lines = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    whole = query.options(selectinload(Visit.order), lines)
    return session.scalars(whole.execution_options(populate_existing=True)).all()


def _sites(visit: Visit) -> frozenset[int]:
    """Where it leads to: its vehicles' own places, and the order's for those that have none."""
    return frozenset(row.line.site_id or visit.order.site_id for row in visit.visit_lines)
