"""The end of the days before: their sheets are made and their orders closed, as worker and manager would have done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.sheets import making, verifying
from dispatch.sheets.gateway import missing_libraries
from dispatch.sheets.jobs import carry_out
from dispatch.sheets.models import Sheet
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

log = structlog.get_logger("demo")


def close_earlier_days(settings: Settings) -> None:
    """Close what was finished before the newest day. Where no sheet can be made, those orders stay done."""
    with transaction() as session:
        finished = _finished_earlier(session, settings.default_zone)
        sheets = session.scalars(sa.select(Sheet.id).where(Sheet.order_id.in_([order_id for order_id, _ in finished]))).all()
    if not finished or missing_libraries():
        return
    try:
        for sheet_id in sheets:
            carry_out(sheet_id, settings.base_url)
    finally:
        making.stop()
        verifying.stop()
    with transaction() as session:
        for order_id, finished_at in finished:
            _close(session, order_id, finished_at + timedelta(hours=1))


def _finished_earlier(session: Session, zone: str) -> Sequence[tuple[int, datetime]]:
    """Orders that are done, with the end of their last visit, from before the newest day on which one ended."""
    last = sa.func.max(Visit.finished_at)
    newest = session.scalar(sa.select(last))
    if newest is None:
        return []
    midnight = datetime.combine(local_day(newest, zone), time(), ZoneInfo(zone))
    done = sa.select(Order.id, last).join(Order.visits).where(Order.status == "done").group_by(Order.id).having(last < midnight)
    return [(order_id, at) for order_id, at in session.execute(done.order_by(Order.id)) if at is not None]


def _close(session: Session, order_id: int, at: datetime) -> None:
    order = locked_order(session, order_id)
    manager = session.scalars(
        sa.select(Person).where(Person.branch_id == order.branch_id, Person.username.in_(("wang", "lv")))
    ).one()
    move_order(session, order, "close", by=actor_of(manager), at=at)
