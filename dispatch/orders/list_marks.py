"""The standing lists of the order list: what people look for every day, across the statuses, each as a condition."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from dispatch.orders.clock_queries import is_overdue, told_to
from dispatch.orders.lifecycle import FOLLOWING, LINE_SETTLED, VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, OrderPapers, OrderWait, Visit, VisitLine
from dispatch.orders.verbal_queries import has_open_word
from dispatch.staff.rules import Actor

AT_WORK = tuple(status for status in FOLLOWING if status != "done")


def marks_of(by: Actor, at: datetime) -> dict[str, sa.ColumnElement[bool]]:
    """SQL: the standing lists at a moment, by the names of their fields in the filter, in the order in which they are shown."""
    return {
        "unplanned": unplanned(),
        "overdue": is_overdue(at),
        "part": waits_for_part(),
        "backfill": has_open_word(),
        "papers": lacks_papers(),
        "told": told_to(by.id),
    }


def unplanned() -> sa.ColumnElement[bool]:
    """SQL: the order is at work, and a vehicle of it is to be done for which nobody is to come."""
    live = sa.exists().where(VisitLine.line_id == OrderLine.id, VisitLine.visit_id == Visit.id, Visit.status.in_(VISIT_LIVE))
    waits = sa.exists().where(OrderLine.order_id == Order.id, OrderLine.status.not_in(LINE_SETTLED), ~live)
    return sa.and_(Order.status.in_(AT_WORK), waits)


def waits_for_part() -> sa.ColumnElement[bool]:
    """SQL: the order waits for a part. Read where waiting is kept: counting all orders then need not look at each of them."""
    return Order.id.in_(sa.select(OrderWait.order_id).where(OrderWait.until.is_(None), OrderWait.why == "part"))


def lacks_papers() -> sa.ColumnElement[bool]:
    """SQL: the order is done, and lacks a paper as they were counted last."""
    lacking = sa.exists().where(OrderPapers.order_id == Order.id, OrderPapers.missing != sa.text("'[]'::jsonb"))
    return sa.and_(Order.status == "done", lacking)
