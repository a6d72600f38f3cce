"""Keeping the clocks of orders: begun with the call, met, paused and stopped as it moves, reckoned anew when days change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.clock import local_day
from dispatch.orders.clock_models import OrderClock
from dispatch.orders.clock_queries import clocks_of, hours_of, limits_in_force, pauses_of
from dispatch.orders.clock_rules import About, Hours, Limit, Pause, begin, due_at, limits_for, pauses, state_of, warn_at
from dispatch.orders.models import Order, Visit

MET_BY = {"depart": ("departure",), "arrive": ("departure", "arrival")}
"""Which clocks a visit's move meets."""
APPROVED_BY = ("order.approve", "order.approve_by_word")
ENDS = ("done", "closed")
STANDING = (*ENDS, "waiting", "cancelled", "rejected")
"""While an order is in one of these, clocks that are not met do not run."""
OVER = (*ENDS, "cancelled")


def start_clocks(session: Session, order: Order) -> None:
    """Begin the clocks that the limits in force ask for; to be called once, when the order is taken. Its site must be loaded."""
    hours = hours_of(session, order.branch_id, local_day(order.received_at, "UTC"))
    for stage, limit in limits_for(_about(order), limits_in_force(session)).items():
        session.add(_clock(order, stage, limit, hours))
    session.flush()


def begin_clocks(session: Session, order: Order) -> bool:
    """Begin the clocks of an order that was taken before clocks were kept, and bring them to where it stands; whether it did."""
    if order.status in OVER or clocks_of(session, order.id):
        return False
    start_clocks(session, order)
    for stages, when in _met_before(session, order.id):
        _meet(session, order.id, stages, when)
    _set_states(session, order)
    reckon_again(session, order)
    return True


def _met_before(session: Session, order_id: int) -> Iterator[tuple[tuple[str, ...], datetime]]:
    """Which clocks an order's history has met, and when."""
    yes = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order_id, AuditEntry.detail["to"].astext == "approved")
    firsts = sa.select(
        sa.select(sa.func.min(AuditEntry.at)).where(*yes, AuditEntry.action.in_(APPROVED_BY)).scalar_subquery(),
        sa.func.min(Visit.departed_at),
        sa.func.min(Visit.arrived_at),
    ).where(Visit.order_id == order_id)
    for stage, when in zip(("approval", "departure", "arrival"), session.execute(firsts).one(), strict=True):
        if when is not None:
            yield (stage,), when


def choose_limits_anew(session: Session, order: Order) -> None:
    """After its urgency or wanted day has changed: what is not met yet runs against the limits of now."""
    hours = hours_of(session, order.branch_id, local_day(order.received_at, "UTC"))
    limits, stops = limits_for(_about(order), limits_in_force(session)), pauses_of(session, order.id)
    for clock in clocks_of(session, order.id):
        limit = limits.get(clock.stage)
        if clock.state != "met" and limit is not None:
            clock.minutes, clock.reckoned = limit.minutes, limit.reckoned
            clock.since = _since(order, clock.stage, hours)
            _reckon(clock, hours, stops)
    session.flush()


def reckon_again(session: Session, order: Order) -> bool:
    """Reckon what is not met yet by calendar and hours as they are now; whether anything is due at another time."""
    clocks = [clock for clock in clocks_of(session, order.id) if clock.state != "met"]
    if not clocks:
        return False
    hours = hours_of(session, order.branch_id, local_day(min(clock.since for clock in clocks), "UTC"))
    stops = pauses_of(session, order.id)
    before = [clock.due_at for clock in clocks]
    for clock in clocks:
        _reckon(clock, hours, stops)
    session.flush()
    return before != [clock.due_at for clock in clocks]


def visit_moved(session: Session, visit: Visit, action: str, *, when: datetime) -> None:
    """A technician has set out or arrived at a moment of his device's corrected clock."""
    if action in MET_BY:
        _meet(session, visit.order_id, MET_BY[action], when)


def order_moved(session: Session, order: Order, before: str, *, when: datetime) -> None:
    """The order has come from a status into its present one."""
    if order.approved and before == "awaiting_approval":
        _meet(session, order.id, ("approval",), when)
    if order.status == "done":
        _meet(session, order.id, ("repair",), when)
    elif before in ENDS and order.status not in ENDS:
        _run_on(session, order.id)
    if order.status in STANDING or before in STANDING:
        _set_states(session, order)
    if before in STANDING and order.status not in STANDING:
        reckon_again(session, order)


def _meet(session: Session, order_id: int, stages: tuple[str, ...], when: datetime) -> None:
    """What was met before stays as it was met."""
    mine = (OrderClock.order_id == order_id, OrderClock.stage.in_(stages), OrderClock.state != "met")
    session.execute(sa.update(OrderClock).where(*mine).values(state="met", met_at=when))


def _run_on(session: Session, order_id: int) -> None:
    """The work is not done after all: the clock of the whole runs against what it was due."""
    mine = (OrderClock.order_id == order_id, OrderClock.stage == "repair")
    session.execute(sa.update(OrderClock).where(*mine).values(state="running", met_at=None))


def _set_states(session: Session, order: Order) -> None:
    paused = order.waiting_why is not None and pauses(order.waiting_why)
    for clock in clocks_of(session, order.id):
        clock.state = state_of(order.status, met=clock.met_at is not None, paused=paused)
    session.flush()


def _clock(order: Order, stage: str, limit: Limit, hours: Hours) -> OrderClock:
    clock = OrderClock(order_id=order.id, stage=stage, minutes=limit.minutes, reckoned=limit.reckoned, state="running")
    clock.since = _since(order, stage, hours)
    _reckon(clock, hours, [])
    return clock


def _since(order: Order, stage: str, hours: Hours) -> datetime:
    return begin(stage, order.received_at, order.wanted_on, order.window_from, hours.zone)


def _reckon(clock: OrderClock, hours: Hours, stops: list[Pause]) -> None:
    clock.due_at = due_at(clock.since, clock.minutes, clock.reckoned, hours, stops)
    clock.warn_at = min(clock.due_at, warn_at(clock.since, clock.minutes, clock.reckoned, hours, stops))


def _about(order: Order) -> About:
    return About(order.kind, order.urgency, order.site.address, order.branch_id)
