"""Proving that clocks run while their orders do, that what waits has its time of waiting, and that recalls have a cause."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.orders.clock_models import OrderClock
from dispatch.orders.clock_rules import STAGES
from dispatch.orders.models import Order, OrderLine, Recall, Visit, VisitLine
from dispatch.orders.operations.clocks import STANDING
from dispatch.orders.waiting_models import OrderWait
from dispatch.words import Text, say

_old = aliased(OrderLine)


def broken_clocks(session: Session) -> Iterator[Text]:
    """One sentence for each clock that runs though its order is over, or stands still though it does not wait.

    That what is met says when, the database sees to.
    """
    over = tuple(status for status in STANDING if status != "waiting")
    runs = sa.and_(OrderClock.state == "running", Order.status.in_(over))
    stands = sa.and_(OrderClock.state == "paused", Order.status != "waiting")
    query = sa.select(Order.number, OrderClock.stage, OrderClock.state).join(Order, Order.id == OrderClock.order_id)
    for number, stage, state in session.execute(query.where(sa.or_(runs, stands)).order_by(Order.id, OrderClock.stage)):
        if state == "running":
            yield say("A clock of order %(number)s runs though the order is over: %(stage)s", number=number, stage=STAGES[stage])
        else:
            yield say(
                "A clock of order %(number)s stands still though nothing waits: %(stage)s", number=number, stage=STAGES[stage]
            )


def broken_waits(session: Session) -> Iterator[Text]:
    """One sentence for each order that waits without its time of waiting, or has one open though it does not wait."""
    open_ = sa.exists().where(OrderWait.order_id == Order.id, OrderWait.until.is_(None), OrderWait.next_on == Order.wakes_on)
    left = sa.exists().where(OrderWait.order_id == Order.id, OrderWait.until.is_(None))
    wrong = sa.or_(sa.and_(Order.status == "waiting", ~open_), sa.and_(Order.status != "waiting", left))
    for number in session.scalars(sa.select(Order.number).where(wrong).order_by(Order.id)):
        yield say("Order %(number)s and its times of waiting do not agree", number=number)


def broken_recalls(session: Session) -> Iterator[Text]:
    """One sentence for each recall of a visit that another made, that was not about the vehicle, or that came afterwards."""
    same = (VisitLine.line_id == _old.id, _old.vehicle_id == OrderLine.vehicle_id)
    about = sa.exists().where(VisitLine.visit_id == Visit.id, *same)
    before = sa.and_(Visit.finished_at.is_not(None), Visit.finished_at <= Order.received_at)
    right = sa.and_(about, before, Visit.technician_id == Recall.technician_id)
    query = sa.select(Recall.id, Order.number).join(Order, Order.id == Recall.order_id)
    query = query.join(OrderLine, OrderLine.id == Recall.line_id).join(Visit, Visit.id == Recall.cause_visit_id)
    for id_, number in session.execute(query.where(~right).order_by(Recall.id)):
        yield say("Recall %(id)s of order %(number)s names a visit that cannot have caused it", id=id_, number=number)
