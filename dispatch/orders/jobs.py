"""What the worker does for orders: it closes by rule what is complete, and counts papers after something moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from dispatch.clock import now
from dispatch.config import from_environment
from dispatch.db import transaction
from dispatch.jobs import periodic, task
from dispatch.orders.operations.closing import close_by_rule
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.papers import count_papers
from dispatch.orders.outstanding import complete_since

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


@task("orders.count_papers")
def count(order_id: int) -> None:
    """Count anew what an order lacks."""
    with transaction() as db:
        count_papers(db, locked_order(db, order_id), at=now())
