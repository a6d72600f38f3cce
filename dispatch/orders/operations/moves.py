"""The only writer of a status. Each change takes the order's row lock, asks the lifecycle table, and writes the history row."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import STALE
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import FOLLOWING, Named, OrderFacts, Transition, followed_status, transition, why_not
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.clocks import order_moved, visit_moved
from dispatch.orders.operations.departing import to_end_first
from dispatch.orders.operations.owning import follow_order, take_signature
from dispatch.orders.operations.papers import count_papers
from dispatch.orders.operations.technicians import fit_technician
from dispatch.orders.operations.waits import change_wait
from dispatch.orders.waiting_rules import WaitFor
from dispatch.staff.rules import Actor
from dispatch.words import say


def locked_order(session: Session, order_id: int, *, version: int | None = None) -> Order:
    """The order under its row lock, as it is now. Raises NotFound, or Conflict when the reader's page showed another version."""
    order = session.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise NotFound
    if version is not None and order.version != version:
        raise Conflict(STALE)
    return order


def move_order(
    session: Session,
    order: Order,
    action: str,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    named: Named | None = None,
    wait: WaitFor | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take one row of the order table. `order` must be locked; `named` is who approved by word, where that is the action, `wait`
    what it is to wait for; `detail` is kept in the history beside it.

    Raises NotAllowed, RuleBroken or Invalid (no reason given).
    """
    row = transition("order", action)
    _check(row, "order", order.status, replace(facts_of(session, order, by, named=named), wait=wait), reason)
    target = row.target or followed_status(*_parts(session, order.id))
    change_wait(session, order, wait if target == "waiting" else None, by=by, at=at)
    if wait is not None and target == "waiting":
        reason, detail = order.waiting_reason, {**(detail or {}), "wait": wait.why, "day": wait.next_on.isoformat()}
    _write(session, order, order, "order." + action, target, by=by, at=at, reason=reason, detail=detail)


def move_line(session: Session, line: OrderLine, action: str, *, by: Actor, at: datetime, reason: str | None = None) -> None:
    """Take one row of the line table, then let the order follow."""
    order = locked_order(session, line.order_id)
    session.refresh(line, ["status", "reason"])  # somebody else may have settled it while the lock was waited for
    row = transition("line", action)
    _check(row, "line", line.status, facts_of(session, order, by), reason)
    line.reason = reason
    _write(
        session, order, line, "line." + action, row.target or line.status, by=by, at=at, reason=reason, detail={"line": line.id}
    )
    follow(session, order, by=by, at=at)


def move_visit(
    session: Session,
    visit: Visit,
    action: str,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    when: datetime | None = None,
) -> None:
    """Take one row of the visit table, then let the order follow. Only its technician drives a visit.

    `when` is the moment by his device's corrected clock, where the server hears of it later.
    """
    order = locked_order(session, visit.order_id)
    row = transition("visit", action)
    facts = facts_of(session, order, by)
    if row.permission == "visit.drive" and visit.technician_id != by.id:
        raise NotFound
    if action == "depart":
        facts = replace(facts, to_end_first=to_end_first(session, visit))
    _check(row, "visit", visit.status, facts, reason)
    if action == "dispatch":
        fit_technician(session, visit.technician_id, outside=True)
    visit.reason = reason if row.target == "abandoned" else None
    stamp = {"dispatch": "dispatched_at", "depart": "departed_at", "arrive": "arrived_at", "finish": "finished_at"}.get(action)
    done_at = happened(visit, when, at)
    if stamp:
        setattr(visit, stamp, done_at)
    detail: dict[str, Any] = {"visit": visit.id, "technician": visit.technician_id}
    detail |= {"device_at": done_at.isoformat()} if done_at != at else {}
    _write(session, order, visit, "visit." + action, row.target or visit.status, by=by, at=at, reason=reason, detail=detail)
    visit_moved(session, visit, action, when=done_at)
    follow(session, order, by=by, at=at, when=done_at)


def happened(visit: Visit, when: datetime | None, at: datetime) -> datetime:
    """When a visit's move was made: as the device says, but no later than the server heard of it, nor before the move before."""
    before = (visit.arrived_at, visit.departed_at, visit.dispatched_at)
    earliest = next((moment for moment in before if moment is not None), at)
    return max(min(when or at, at), min(earliest, at))


def follow(session: Session, order: Order, *, by: Actor, at: datetime, when: datetime | None = None) -> None:
    """Let an order at work take the status that its lines and visits imply; `when` is the moment of what it follows."""
    if order.status not in FOLLOWING:
        return
    session.flush()
    target = followed_status(*_parts(session, order.id))
    if target != order.status:
        _write(session, order, order, "order.follow", target, by=by, at=at, reason=None, when=when)


def _parts(session: Session, order_id: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lines = session.scalars(sa.select(OrderLine.status).where(OrderLine.order_id == order_id))
    visits = session.scalars(sa.select(Visit.status).where(Visit.order_id == order_id))
    return tuple(lines), tuple(visits)


def _check(row: Transition, table: str, status: str, facts: OrderFacts, reason: str | None) -> None:
    no = why_not(row, table, status, facts)
    if no is not None:
        forbidden = row.permission is not None and row.permission not in facts.actor_permissions
        raise NotAllowed(no) if forbidden else RuleBroken(no)
    if row.reason and not (reason or "").strip():
        raise Invalid({"reason": say("Please give a reason.")})


def _write(
    session: Session,
    order: Order,
    subject: Order | OrderLine | Visit,
    action: str,
    target: str,
    *,
    by: Actor,
    at: datetime,
    reason: str | None,
    detail: dict[str, Any] | None = None,
    when: datetime | None = None,
) -> None:
    before = subject.status
    change = {"from": subject.status, "to": target, **(detail or {}), **({"reason": reason} if reason else {})}
    if isinstance(subject, Order):
        subject.approved = subject.approved or target == "approved"
    subject.status = target
    session.flush()
    record(session, ("order", order.id), action, by=by, at=at, detail=change)
    follow_order(session, order, at=at)
    if action == "order.follow" and target == "done":
        take_signature(session, order, by=by, at=at)
    if subject is order:
        order_moved(session, order, before, when=when or at)
    if subject is order and target == "done":
        count_papers(session, order, at=at)
