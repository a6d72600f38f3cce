"""What the worker does for orders: it closes by rule what is complete, and counts papers after something moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from dispatch.clock import now
from dispatch.config import from_environment
from dispatch.db import transaction
from dispatch.jobs import periodic, task
from dispatch.orders.contact_queries import idle_since
from dispatch.orders.operations.closing import close_by_rule
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import alarm_idle
from dispatch.orders.operations.papers import count_papers
from dispatch.orders.outstanding import complete_since
from dispatch.staff.rules import SYSTEM

log = structlog.get_logger("orders")

AT_ONCE = 500


@periodic("orders.close", "*/10 * * * *")
def close(timestamp: int) -> None:
    """Every ten minutes: close what has been complete for AUTO_CLOSE_HOURS. Run twice, each order is closed once."""
    close_all(from_environment().auto_close_hours, datetime.fromtimestamp(timestamp, UTC))


def close_all(hours: int, at: datetime) -> int:
    """Close what has been complete for so many hours (0: nothing), each in its own transaction; how many were closed."""
    if not hours:
        return 0
    after = timedelta(hours=hours)
    with transaction() as db:
        waiting = complete_since(db, at - after, limit=AT_ONCE)
    closed = sum(_close(order_id, after, at) for order_id in waiting)
    log.info("closed_by_rule", closed=closed, looked_at=len(waiting))
    return closed


def _close(order_id: int, after: timedelta, at: datetime) -> bool:
    with transaction() as db:
        return close_by_rule(db, order_id, after=after, at=at)


@periodic("orders.remind", "7,37 * * * *")
def remind(timestamp: int) -> None:
    """Twice an hour: remind the owners of what has lain idle for CONTACT_IDLE_HOURS, once until something happens with it."""
    remind_all(from_environment().contact_idle_hours, datetime.fromtimestamp(timestamp, UTC))


def remind_all(hours: int, at: datetime) -> int:
    """Remind of what has lain idle for so many hours (0: nothing), each in its own transaction; how many there were."""
    if not hours:
        return 0
    before = at - timedelta(hours=hours)
    with transaction() as db:
        idle = idle_since(db, before, limit=AT_ONCE)
    reminded = sum(_remind(contact_id, before, at) for contact_id in idle)
    log.info("owners_reminded", reminded=reminded, looked_at=len(idle))
    return reminded


def _remind(contact_id: int, before: datetime, at: datetime) -> bool:
    with transaction() as db:
        return alarm_idle(db, contact_id, before=before, by=SYSTEM, at=at)


@task("orders.count_papers")
def count(order_id: int) -> None:
    """Count anew what an order lacks."""
    with transaction() as db:
        count_papers(db, locked_order(db, order_id), at=now())
