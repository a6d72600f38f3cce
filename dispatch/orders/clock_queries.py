"""Reading clocks: the limits in force, the hours of a branch, what is overdue, what somebody was told of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.clock import read_hours
from dispatch.config_values import USUAL_LIMITS, ClockAsked, clocks_asked
from dispatch.orders.clock_models import BranchHours, ClockLimit, ClockNotice, OrderClock
from dispatch.orders.clock_rules import Hours, Limit, Pause
from dispatch.orders.models import Order
from dispatch.orders.waiting_models import OrderWait
from dispatch.staff.models import Branch
from dispatch.staff.roster_queries import calendar_of

AHEAD = timedelta(days=400)
"""So far the calendar is read for a moment to come; beyond it Monday to Friday count, as for any year that is not published."""


def _as_limits(asked: Sequence[ClockAsked]) -> tuple[Limit, ...]:
    word = {"any": ""}
    return tuple(
        Limit(each.stage, each.minutes, each.reckoned, word.get(each.kind, each.kind), word.get(each.urgency, each.urgency))
        for each in asked
    )


_usual = _as_limits(clocks_asked(USUAL_LIMITS))
_office = "08:30-12:00,13:00-17:30"


def configure(asked: Sequence[ClockAsked], office: str) -> None:
    """The limits that hold unless the table says otherwise (CLOCK_LIMITS), and the usual hours (OFFICE_HOURS)."""
    global _usual, _office
    _usual, _office = _as_limits(asked), office


def usual_limits() -> tuple[Limit, ...]:
    """What the settings ask for."""
    return _usual


def usual_hours() -> str:
    """The working hours of a branch that has set none."""
    return _office


def limits_in_force(session: Session) -> list[Limit]:
    """What holds for whatever is taken now: the settings' limits, then the table's."""
    query = sa.select(ClockLimit).where(ClockLimit.ended_at.is_(None)).order_by(ClockLimit.id)
    return [*_usual, *(row.limit for row in session.scalars(query))]


def all_limits(session: Session, branches: Collection[int], *, ended: int = 50) -> tuple[list[ClockLimit], list[ClockLimit]]:
    """The table's limits in force for these branches and for all, and the last that were replaced, newest first."""
    named = (joinedload(ClockLimit.branch), joinedload(ClockLimit.added_by), joinedload(ClockLimit.ended_by))
    here = sa.or_(ClockLimit.branch_id.is_(None), ClockLimit.branch_id.in_(branches))
    rows = session.scalars(sa.select(ClockLimit).where(here).options(*named).order_by(ClockLimit.id)).all()
    gone = sorted((row for row in rows if row.ended_at is not None), key=lambda row: row.id, reverse=True)
    return [row for row in rows if row.ended_at is None], gone[:ended]


def own_hours(session: Session) -> dict[int, str]:
    """Branch -> the hours that it has set."""
    return dict(session.execute(sa.select(BranchHours.branch_id, BranchHours.hours)).all())


def hours_of(session: Session, branch_id: int, first: date) -> Hours:
    """When a branch works, from a day on."""
    query = sa.select(Branch.zone, BranchHours.hours).outerjoin(BranchHours, BranchHours.branch_id == Branch.id)
    zone, own = session.execute(query.where(Branch.id == branch_id)).one()
    calendar = calendar_of(session, branch_id, first - timedelta(days=1), first + AHEAD)
    return Hours(calendar, read_hours(own or _office) or (), zone)


def clocks_of(session: Session, order_id: int) -> Sequence[OrderClock]:
    """The clocks of an order, as they are now."""
    query = sa.select(OrderClock).where(OrderClock.order_id == order_id).order_by(OrderClock.stage)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def orders_with_clocks(session: Session, branch_id: int | None) -> Sequence[int]:
    """The orders of a branch (None: of all) with a clock that runs or is paused and is reckoned in working time."""
    runs = OrderClock.state.in_(("running", "paused"))
    query = sa.select(OrderClock.order_id).distinct().where(runs, OrderClock.reckoned == "work")
    if branch_id is not None:
        query = query.join(Order, Order.id == OrderClock.order_id).where(Order.branch_id == branch_id)
    return session.scalars(query.order_by(OrderClock.order_id)).all()


def orders_without_clocks(session: Session) -> Sequence[int]:
    """The orders that are not over and have no clock at all."""
    none = ~sa.exists().where(OrderClock.order_id == Order.id)
    query = sa.select(Order.id).where(Order.status.not_in(("done", "closed", "cancelled")), none)
    return session.scalars(query.order_by(Order.id)).all()


def pauses_of(session: Session, order_id: int) -> list[Pause]:
    """The times for which an order's clocks stood still."""
    waits = sa.select(OrderWait.since, OrderWait.until).where(OrderWait.order_id == order_id, OrderWait.pauses)
    return [Pause(*row) for row in session.execute(waits)]


def is_overdue(at: datetime) -> sa.ColumnElement[bool]:
    """SQL: a clock of the order has run out by a moment and runs on."""
    late = sa.select(OrderClock.order_id).where(OrderClock.state == "running", OrderClock.due_at < at)
    return Order.id.in_(late)


def told_to(person_id: int | None) -> sa.ColumnElement[bool]:
    """SQL: somebody was told of a clock of the order that still runs."""
    same = sa.and_(OrderClock.order_id == ClockNotice.order_id, OrderClock.stage == ClockNotice.stage)
    told = sa.select(ClockNotice.order_id).join(OrderClock, same)
    return Order.id.in_(told.where(ClockNotice.person_id == person_id, OrderClock.state == "running"))


DUE = (
    sa.select(OrderClock.order_id, sa.func.min(OrderClock.due_at).label("due_at"))
    .where(OrderClock.state == "running")
    .group_by(OrderClock.order_id)
    .subquery("due")
)
"""SQL: order -> when the first of its running clocks runs out."""
