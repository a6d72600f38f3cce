"""Reading days to come all at once: in as many statements for a month as for a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from dispatch.board.hold_models import WindowHold
from dispatch.board.queries import LINE_TO_DO, waits
from dispatch.errors import NotFound
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine
from dispatch.orders.rules import MAY_BE_PROMISED
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

MOST_LINES = 500
"""So many vehicles that wait are weighed: those of the order itself first, then what is held and promised."""


@dataclass(frozen=True)
class Waits:
    """A vehicle that wants room: of the order that is asked about, held for a caller, or without a visit yet."""

    line: OrderLine
    hold: WindowHold | None


def lines_wanting_room(session: Session, branch_id: int, order_id: int, first: date, last: date, at: datetime) -> list[Waits]:
    """The vehicles of an order, those with a window that is held, those that were promised from `first` to `last`, and all
    that wait for a visit, the most urgent first."""
    here = sa.and_(WindowHold.order_id == Order.id, *_live(at))
    promised = sa.and_(Order.status.in_(MAY_BE_PROMISED), Order.wanted_on.between(first, last), Order.window_to.is_not(None))
    held = sa.and_(Order.status.in_(MAY_BE_PROMISED), WindowHold.id.is_not(None))
    waiting = sa.and_(*waits(), sa.or_(Order.wanted_on.is_(None), Order.wanted_on <= last))
    mine = Order.id == order_id
    query = sa.select(OrderLine, WindowHold).join(OrderLine.order).outerjoin(WindowHold, here)
    query = query.where(Order.branch_id == branch_id, OrderLine.status.in_(LINE_TO_DO), sa.or_(mine, held, promised, waiting))
    whole = query.options(
        contains_eager(OrderLine.order).options(joinedload(Order.site), joinedload(Order.customer)),
        joinedload(OrderLine.own_site),
        joinedload(OrderLine.vehicle),
    )
    nearness = sa.case((mine, 0), (held, 1), (Order.window_to.is_not(None), 2), else_=3)
    rank = sa.case({"emergency": 0, "urgent": 1}, value=Order.urgency, else_=2)
    rows = session.execute(whole.order_by(nearness, rank, Order.id, OrderLine.position).limit(MOST_LINES)).all()
    return [Waits(line, hold) for line, hold in rows]


def visits_within(session: Session, branch_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """Visits that keep a branch's people busy, or are its own, and start within [start, end) or go on into it; by time."""
    whose = sa.or_(Visit.branch_id == branch_id, Visit.technician.has(Person.branch_id == branch_id))
    night = sa.and_(Visit.status.in_(VISIT_LIVE), Visit.starts_at < start, Visit.ends_at > start)
    within = sa.and_(Visit.status != "abandoned", Visit.starts_at >= start, Visit.starts_at < end)
    line = selectinload(Visit.visit_lines).joinedload(VisitLine.line)
    query = sa.select(Visit).where(whose, sa.or_(within, night))
    order = joinedload(Visit.order).options(joinedload(Order.site), joinedload(Order.customer))
    whole = query.options(order, joinedload(Visit.technician), line.joinedload(OrderLine.own_site))
    return session.scalars(whole.order_by(Visit.starts_at, Visit.id)).unique().all()


def order_and_hold(session: Session, number: str, by: Actor) -> tuple[Order, WindowHold | None]:
    """An order with customer and place, and the time that is held for it or was held the last. Raises NotFound for another
    branch's."""
    held = sa.and_(WindowHold.order_id == Order.id, WindowHold.state == "held")
    query = sa.select(Order, WindowHold).outerjoin(WindowHold, held).where(Order.number == number)
    whole = query.options(joinedload(Order.customer), joinedload(Order.site), joinedload(WindowHold.held_by))
    found = session.execute(whole).first()
    if found is None or found[0].branch_id != by.branch_id:
        raise NotFound
    return found[0], found[1]


def _live(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: what `WindowHold.is_live` says of one."""
    return WindowHold.state == "held", WindowHold.held_until > at
