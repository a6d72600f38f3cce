"""What the worker does for orders: closes by rule what is complete, counts papers, wakes what waited, minds the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import structlog

from dispatch.clock import now
from dispatch.config import from_environment
from dispatch.db import transaction
from dispatch.jobs import each_alone, periodic, task
from dispatch.orders.clock_queries import orders_with_clocks, orders_without_clocks
from dispatch.orders.contact_queries import idle_since
from dispatch.orders.operations.clocks import begin_clocks, reckon_again
from dispatch.orders.operations.closing import close_by_rule
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import alarm_idle
from dispatch.orders.operations.papers import count_papers
from dispatch.orders.operations.putting_off import wake
from dispatch.orders.operations.telling import orders_to_tell_of, tell_of
from dispatch.orders.outstanding import complete_since
from dispatch.orders.waiting_queries import to_wake
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
    closed = each_alone(waiting, lambda db, order_id: close_by_rule(db, order_id, after=after, at=at))
    log.info("closed_by_rule", closed=closed, looked_at=len(waiting))
    return closed


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
    reminded = each_alone(idle, lambda db, contact_id: alarm_idle(db, contact_id, before=before, by=SYSTEM, at=at))
    log.info("owners_reminded", reminded=reminded, looked_at=len(idle))
    return reminded


@task("orders.count_papers")
def count(order_id: int) -> None:
    """Count anew what an order lacks."""
    with transaction() as db:
        count_papers(db, locked_order(db, order_id), at=now())


@periodic("orders.wake", "*/10 * * * *")
def wake_all(timestamp: int) -> None:
    """Every ten minutes: take up what waited for a day that has come. Run twice, each order wakes once."""
    wake_due(datetime.fromtimestamp(timestamp, UTC))


def wake_due(at: datetime) -> int:
    """Take up what waited until `at`, each in its own transaction; how many woke."""
    with transaction() as db:
        due = to_wake(db, at=at, limit=AT_ONCE)
    woken = each_alone(due, lambda db, order_id: wake(db, order_id, at=at))
    if due:
        log.info("woken", woken=woken, looked_at=len(due))
    return woken


@periodic("orders.mind_clocks", "*/5 * * * *")
def mind_clocks(timestamp: int) -> None:
    """Every five minutes: tell of limits that are near or broken. Run twice, each is told of once."""
    tell_due(datetime.fromtimestamp(timestamp, UTC))


def tell_due(at: datetime) -> int:
    """Tell of what is due, each order in its own transaction; how many tellings there were."""
    with transaction() as db:
        due = orders_to_tell_of(db, at=at, limit=AT_ONCE)
    told = each_alone(due, lambda db, order_id: tell_of(db, order_id, at=at))
    if due:
        log.info("limits_told", told=told, orders=len(due))
    return told


@task("orders.reckon_clocks")
def reckon_clocks(branch_id: int | None) -> None:
    """Reckon the clocks of a branch (None: of all) by calendar and hours as they are now. Run twice, it changes nothing more."""
    with transaction() as db:
        waiting = orders_with_clocks(db, branch_id)
    changed = each_alone(waiting, lambda db, order_id: reckon_again(db, locked_order(db, order_id)))
    log.info("clocks_reckoned", orders=len(waiting), changed=changed)


@task("orders.begin_clocks")
def begin_all_clocks() -> None:
    """Begin the clocks of open orders from before clocks were kept: a migration asks for it. Run twice, it does nothing more."""
    with transaction() as db:
        waiting = orders_without_clocks(db)
    begun = each_alone(waiting, lambda db, order_id: begin_clocks(db, locked_order(db, order_id)))
    log.info("clocks_begun", orders=len(waiting), begun=begun)
