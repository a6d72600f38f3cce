"""Putting an order off until a day, at the desk or from the site, and waking it on that day."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.orders.lifecycle import VISIT_LIVE, transition
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.orders.operations.visits import take_off_plan
from dispatch.orders.waiting_rules import WHYS, WaitFor
from dispatch.staff.rules import SYSTEM, Actor


def put_off(session: Session, order_id: int, wait: WaitFor, *, version: int, by: Actor, at: datetime) -> Order:
    """Let an order wait; visits that nobody has set out for are taken off the plan.

    Raises Conflict for a stale page, Invalid beside what cannot be, and whatever the order table refuses.
    """
    order = locked_order(session, order_id, version=version)
    by.must("order.plan")
    idle = sa.select(Visit).where(Visit.order_id == order.id, Visit.status.in_(("planned", "dispatched"))).order_by(Visit.id)
    reason = wait.words.strip() or str(WHYS.get(wait.why, wait.why))
    take_off_plan(session, session.scalars(idle).all(), by=by, at=at, reason=reason)
    move_order(session, order, "hold", by=by, at=at, wait=wait)
    return order


def put_off_from_site(session: Session, order: Order, wait: WaitFor, *, by: Actor, at: datetime) -> bool:
    """A technician has broken off and says until when it is to wait: so it does, and the office may take it up before.

    False, and nothing is put off, where others are still to come, where nothing is left to do, and where that day has come by
    the time the server hears of it. The order must be locked. Raises Invalid beside what cannot be.
    """
    live = sa.exists().where(Visit.order_id == order.id, Visit.status.in_(VISIT_LIVE))
    late = wait.next_on <= local_day(at, order.branch.zone)
    if late or order.status not in transition("order", "put_off").sources or session.scalar(sa.select(live)):
        return False
    move_order(session, order, "put_off", by=by, at=at, wait=wait)
    return True


def wake(session: Session, order_id: int, *, at: datetime) -> bool:
    """Take up an order whose day has come, as the system. False where that is not, or no longer, so."""
    order = locked_order(session, order_id)
    if order.status != "waiting" or order.wakes_on is None or order.wakes_on > local_day(at, order.branch.zone):
        return False
    move_order(session, order, "wake", by=SYSTEM, at=at)
    return True
