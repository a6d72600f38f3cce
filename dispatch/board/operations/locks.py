"""Locking visits: what is locked stays as it is in every later plan. Whoever sets a visit by hand locks it, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.operations.locking import lock_day, lock_orders
from dispatch.board.work import DayOfBranch
from dispatch.orders.models import Visit
from dispatch.staff.rules import Actor


def set_lock(
    session: Session, of: DayOfBranch, *, locked: bool, by: Actor, visit_id: int | None = None, technician_id: int | None = None
) -> int:
    """Lock or unlock one planned visit of the day, all of a technician's, or all of the day; how many changed.

    What was sent out needs no lock: it stays anyway.
    """
    by.must("order.plan")
    lock_day(session, of)
    query = _planned(of).where(Visit.by_hand.is_not(locked))
    if visit_id is not None:
        query = query.where(Visit.id == visit_id)
    if technician_id is not None:
        query = query.where(Visit.technician_id == technician_id)
    visits = session.scalars(query.order_by(Visit.order_id, Visit.id)).all()
    lock_orders(session, {visit.order_id for visit in visits})
    return _set(session, [visit for visit in visits if visit.status == "planned"], of, locked=locked, by=by)


def _planned(of: DayOfBranch) -> sa.Select[Any]:
    start, end = of.bounds
    return sa.select(Visit).where(
        Visit.branch_id == of.branch_id, Visit.starts_at >= start, Visit.starts_at < end, Visit.status == "planned"
    )


def _set(session: Session, visits: Sequence[Visit], of: DayOfBranch, *, locked: bool, by: Actor) -> int:
    for visit in visits:
        visit.by_hand = locked
        if locked:
            record(session, ("order", visit.order_id), "visit.lock", by=by, at=of.at, detail={"visit": visit.id})
        else:
            record(session, ("order", visit.order_id), "visit.unlock", by=by, at=of.at, detail={"visit": visit.id})
    return len(visits)
