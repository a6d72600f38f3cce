"""Telling of limits: the owner before one breaks, the supervisor once it has, the manager when it stays so. Each is told once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.orders.clock_models import ClockNotice, OrderClock
from dispatch.orders.clock_queries import clocks_of
from dispatch.orders.clock_rules import TELLINGS, broken_before
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_queries import on_leave
from dispatch.staff.rules import SYSTEM

HEARS = {"supervisor": ("supervisor", "manager", "director"), "manager": ("manager", "director")}
"""Level -> the roles of which the first that somebody at the branch holds is told; where nobody does, the owner."""


def _due(level: str, at: datetime) -> sa.ColumnElement[bool]:
    """SQL: clocks of which somebody is to be told at this level."""
    due = {
        "warned": sa.and_(OrderClock.warn_at <= at, OrderClock.due_at >= at),
        "supervisor": OrderClock.due_at < at,
        "manager": OrderClock.due_at < broken_before(at),
    }[level]
    same = (ClockNotice.order_id == OrderClock.order_id, ClockNotice.stage == OrderClock.stage)
    told = sa.exists().where(*same, ClockNotice.level == level, ClockNotice.due_at == OrderClock.due_at)
    return sa.and_(OrderClock.state == "running", due, ~told)


def orders_to_tell_of(session: Session, *, at: datetime, limit: int) -> Sequence[int]:
    """The orders of which somebody is to be told, those due first before the others."""
    query = sa.select(OrderClock.order_id).where(sa.or_(*(_due(level, at) for level in TELLINGS)))
    return session.scalars(query.group_by(OrderClock.order_id).order_by(sa.func.min(OrderClock.due_at)).limit(limit)).all()


def tell_of(session: Session, order_id: int, *, at: datetime) -> int:
    """Write down who is told of an order's limits, and in its history; how many tellings there were."""
    order = locked_order(session, order_id)
    clocks = {clock.stage: clock for clock in clocks_of(session, order_id)}
    made = 0
    for level in TELLINGS:
        due = sa.select(OrderClock.stage).where(OrderClock.order_id == order_id, _due(level, at)).order_by(OrderClock.due_at)
        for stage in session.scalars(due).all():
            _tell(session, order, clocks[stage], level, at)
            made += 1
    return made


def _tell(session: Session, order: Order, clock: OrderClock, level: str, at: datetime) -> None:
    people = _hearers(session, order, level, at)
    about = {"order_id": order.id, "stage": clock.stage, "level": level, "due_at": clock.due_at, "at": at}
    session.add_all(ClockNotice(**about, person_id=person.id) for person in people)
    names = "、".join(person.name for person in people)
    detail = {"stage": clock.stage, "names": names, "due": clock.due_at.isoformat()}
    session.flush()
    record(session, ("order", order.id), f"clock.{level}", by=SYSTEM, at=at, detail=detail)


def _hearers(session: Session, order: Order, level: str, at: datetime) -> Sequence[Person]:
    """Who is told: of the first role that is there, those who are not on leave, unless all of them are."""
    for role in HEARS.get(level, ()):
        held = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == role)
        here = sa.true() if role == "director" else Person.branch_id == order.branch_id
        query = sa.select(Person, on_leave(at)).where(Person.active, held, here).order_by(Person.staff_no)
        people = session.execute(query).all()
        if people:
            return [person for person, away in people if not away] or [person for person, _ in people]
    return [session.get_one(Person, order.owner_id)]
