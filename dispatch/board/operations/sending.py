"""Sending planned visits out to the technicians' phones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.operations.locking import lock_orders
from dispatch.board.operations.runs import DAY_OVER
from dispatch.board.queries import planned_visit_ids
from dispatch.board.work import DayOfBranch
from dispatch.clock import local_day
from dispatch.errors import Refusal, RuleBroken
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.staff.roster_queries import leaves_within
from dispatch.staff.roster_rules import KINDS
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Sent:
    """How sending went: how many visits went out, and which did not (the order's number and why)."""

    count: int
    kept_back: tuple[tuple[str, Text], ...] = ()


def dispatch_day(session: Session, of: DayOfBranch, *, technician_id: int | None, by: Actor) -> Sent:
    """Send out the planned visits of a day, of all technicians or of one. Raises RuleBroken for a day that is over."""
    by.must("order.plan")
    if of.day < of.today:
        raise RuleBroken(DAY_OVER)
    ids = planned_visit_ids(session, of.branch_id, *of.bounds, technician_id=technician_id)
    return dispatch_visits(session, ids, by=by, at=of.at)


def dispatch_visits(session: Session, visit_ids: Sequence[int], *, by: Actor, at: datetime) -> Sent:
    """Send visits out, each by the lifecycle; one that may not go holds back none of the others.

    Visits of days that are over or in their technician's leave are kept back; other branches' are left out.
    """
    by.must("order.plan")
    visits = [v for v in session.scalars(sa.select(Visit).where(Visit.id.in_(visit_ids))) if by.sees_branch(v.branch_id)]
    lock_orders(session, {visit.order_id for visit in visits})
    away = _in_leave(session, visits)
    kept_back = []
    for visit in sorted(visits, key=lambda v: (v.order_id, v.id)):
        no = away.get(visit.id) or _send(session, visit, by=by, at=at)
        if no is not None:
            kept_back.append((visit.order.number, no))
    return Sent(len(visits) - len(kept_back), tuple(kept_back))


def _in_leave(session: Session, visits: Sequence[Visit]) -> dict[int, Text]:
    """Visit id -> why nobody is sent: its technician is away then."""
    if not visits:
        return {}
    start, end = min(visit.starts_at for visit in visits), max(visit.ends_at for visit in visits)
    found = leaves_within(session, {visit.technician_id for visit in visits}, start, end)
    return {
        visit.id: say("its technician is away then: %(leave)s", leave=KINDS[leave.kind])
        for visit in visits
        for leave in found.get(visit.technician_id, ())
        if leave.starts_at < visit.ends_at and visit.starts_at < leave.ends_at
    }


def _send(session: Session, visit: Visit, *, by: Actor, at: datetime) -> Text | None:
    if local_day(visit.ends_at, by.zone) < local_day(at, by.zone):
        return DAY_OVER
    try:
        move_visit(session, visit, "dispatch", by=by, at=at)
    except Refusal as refusal:
        return refusal.text
    return None
