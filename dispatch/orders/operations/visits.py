"""Putting visits on technicians' days, moving them, taking them off, and ending orders that need none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import STALE
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.orders.lifecycle import FOLLOWING, VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.operations.approving import withdraw_open_steps
from dispatch.orders.operations.moves import follow, locked_order, move_order, move_visit
from dispatch.orders.operations.technicians import check_may_take, fit_technician
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class NewVisit:
    """A trip to be planned: who, when, and for which lines of the order."""

    order_id: int
    technician_id: int
    starts_at: datetime
    ends_at: datetime
    line_ids: tuple[int, ...]
    sequence: int = 0
    by_hand: bool = False


def plan_visit(session: Session, new: NewVisit, *, by: Actor, at: datetime) -> Visit:
    """Put a visit on a technician's day.

    Raises RuleBroken when the order is not approved, a line is already covered, or the technician may not be sent (P15);
    Conflict (from the database) when his time is taken.
    """
    by.must("order.plan")
    return _put(session, new, outside=False, by=by, at=at)


def take_visit(session: Session, new: NewVisit, *, by: Actor, at: datetime) -> Visit:
    """A contractor's worker takes an order that was offered: his visit begins as dispatched, since nobody has to send him.

    Whether it was offered to him is asked where offers are. Raises as `plan_visit` does.
    """
    by.must("visit.drive")
    return _put(session, replace(new, by_hand=True), outside=True, by=by, at=at)


def _put(session: Session, new: NewVisit, *, outside: bool, by: Actor, at: datetime) -> Visit:
    order = locked_order(session, new.order_id)
    if order.status not in FOLLOWING:
        raise RuleBroken(say("The order is not approved or is waiting, so nobody can be sent."))
    technician = fit_technician(session, new.technician_id, outside=outside)
    check_may_take(session, order, technician, at)
    lines = _free_lines(session, order, new.line_ids)
    visit = Visit(
        order_id=order.id,
        branch_id=order.branch_id,
        technician_id=technician.id,
        status="dispatched" if outside else "planned",
        dispatched_at=at if outside else None,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        sequence=new.sequence,
        by_hand=new.by_hand,
    )
    visit.visit_lines = [VisitLine(line_id=line.id, order_id=order.id) for line in lines]
    session.add(visit)
    session.flush()
    detail = {"visit": visit.id, "to": visit.status, "technician": technician.id, "starts_at": new.starts_at.isoformat()}
    record(session, ("order", order.id), "visit.plan", by=by, at=at, detail=detail)
    follow(session, order, by=by, at=at)
    return visit


def _free_lines(session: Session, order: Order, line_ids: Sequence[int]) -> Sequence[OrderLine]:
    query = sa.select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.id.in_(line_ids))
    lines = session.scalars(query.order_by(OrderLine.position)).all()
    if not lines or len(lines) != len(set(line_ids)):
        raise NotFound
    covered = (
        sa.select(VisitLine.line_id).join(VisitLine.visit).where(VisitLine.line_id.in_(line_ids), Visit.status.in_(VISIT_LIVE))
    )
    if session.scalars(covered.limit(1)).first() is not None or any(line.status not in ("open", "residual") for line in lines):
        raise RuleBroken(say("Somebody else has planned this vehicle already."))
    return lines


def take_over_line(session: Session, visit: Visit, line: OrderLine, *, by: Actor, at: datetime) -> None:
    """A vehicle that was planned for a colleague on the same order, or for nobody yet, is done on this visit instead.

    Raises RuleBroken when it was settled on another visit. The order must be locked.
    """
    if line.status not in ("open", "residual"):
        raise RuleBroken(say("Somebody else has settled this vehicle already."))
    others = sa.select(VisitLine).join(VisitLine.visit).where(VisitLine.line_id == line.id, Visit.status.in_(VISIT_LIVE))
    for row in session.scalars(others).all():
        session.delete(row)
    visit.visit_lines.append(VisitLine(line_id=line.id, order_id=line.order_id))
    session.flush()
    record(session, ("order", line.order_id), "visit.take_over", by=by, at=at, detail={"visit": visit.id, "line": line.id})


def locked_visit(session: Session, visit_id: int, *, version: int | None = None) -> Visit:
    """A visit, its order locked first. Raises NotFound, or Conflict when the reader's page showed another version."""
    order_id = session.scalar(sa.select(Visit.order_id).where(Visit.id == visit_id))
    if order_id is None:
        raise NotFound
    locked_order(session, order_id)
    visit = session.get_one(Visit, visit_id, populate_existing=True)
    if version is not None and visit.version != version:
        raise Conflict(STALE)
    return visit


def change_visit(
    session: Session,
    visit: Visit,
    *,
    technician_id: int,
    starts_at: datetime,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    by_hand: bool = True,
) -> Visit:
    """Give a visit that nobody has set out for to another technician or time; its length stays. It counts as set by hand, unless
    a proposal says so (`by_hand` false): then it counts as before."""
    by.must("order.plan")
    if visit.status not in ("planned", "dispatched"):
        raise RuleBroken(say("The technician has already set out. Abandon the visit with a reason instead."))
    technician = fit_technician(session, technician_id)
    if technician.id != visit.technician_id:
        check_may_take(session, visit.order, technician, at)
    change = {"visit": visit.id, "technician": technician.id, "from_technician": visit.technician_id}
    length = visit.ends_at - visit.starts_at
    visit.technician_id, visit.starts_at, visit.ends_at = technician.id, starts_at, starts_at + length
    visit.by_hand = visit.by_hand or by_hand
    session.flush()
    detail = change | {"starts_at": starts_at.isoformat()} | ({"reason": reason} if reason else {})
    record(session, ("order", visit.order_id), "visit.change", by=by, at=at, detail=detail)
    return visit


def take_off_plan(session: Session, visits: Sequence[Visit], *, by: Actor, at: datetime, reason: str) -> None:
    """Abandon visits that were only planned, so that their lines can be planned anew."""
    for visit in visits:
        move_visit(session, visit, "abandon", by=by, at=at, reason=reason)


def cancel_order(session: Session, order_id: int, *, version: int | None, by: Actor, at: datetime, reason: str) -> Order:
    """Cancel an order with a reason: its planned visits are taken off, its open approvals withdrawn."""
    order = locked_order(session, order_id, version=version)
    move_order(session, order, "cancel", by=by, at=at, reason=reason)
    withdraw_open_steps(session, order, by=by, at=at)
    live = sa.select(Visit).where(Visit.order_id == order.id, Visit.status.in_(VISIT_LIVE)).order_by(Visit.id)
    take_off_plan(session, session.scalars(live).all(), by=by, at=at, reason=reason)
    return order
