"""The end of the days before: their sheets are made and their orders closed, as worker and manager would have done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.devices.fitted import fittings_of
from dispatch.devices.queries import fitted
from dispatch.field.rebinding import binding_rules, confirm_binding, to_be_bound
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.closing import close_complete
from dispatch.sheets import making, verifying
from dispatch.sheets.gateway import missing_libraries
from dispatch.sheets.jobs import carry_out
from dispatch.sheets.models import Sheet
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor

log = structlog.get_logger("demo")

MORNING = time(8, 50)
STILL_TO_CLOSE = 3
"""So many of the newest ones nobody has closed yet: they are ready for it, or show what they lack."""


def close_earlier_days(settings: Settings) -> None:
    """Close what was finished before the newest day, once. Where no sheet can be made, those orders stay done.

    What lacks another paper than its sheet stays done, too.
    """
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
        for order_id, finished_at in finished[:-STILL_TO_CLOSE]:
            _close(session, order_id, finished_at, settings.default_zone)


def _finished_earlier(session: Session, zone: str) -> Sequence[tuple[int, datetime]]:
    """Orders that are done, with the end of their last visit, from before the newest day on which one ended; oldest end first.

    None once any order is closed: then this was done before, and the rest is left to the people.
    """
    last = sa.func.max(Visit.finished_at)
    newest = session.scalar(sa.select(last))
    if newest is None or session.scalar(sa.select(Order.id).where(Order.status == "closed").limit(1)):
        return []
    midnight = datetime.combine(local_day(newest, zone), time(), ZoneInfo(zone))
    done = sa.select(Order.id, last).join(Order.visits).where(Order.status == "done").group_by(Order.id).having(last < midnight)
    return [(order_id, at) for order_id, at in session.execute(done.order_by(last, Order.id)) if at is not None]


def _confirm_bindings(session: Session, order: Order, by: Actor, at: datetime) -> None:
    """The carrier has bound what was swapped; the vehicle's old ties are left for somebody to see to."""
    rules, fittings = binding_rules(session), fittings_of(session, order.id)
    for vehicle_id, inside in fitted(session, sorted({each.vehicle_id for each in fittings})).items():
        own = [each for each in fittings if each.vehicle_id == vehicle_id]
        pair = to_be_bound(rules, order.branch_id, inside, own)
        if pair is not None and pair[0].imei:
            confirm_binding(session, pair[1].unit_id, imei=pair[0].imei, by=by, at=at)


def _close(session: Session, order_id: int, finished_at: datetime, zone: str) -> None:
    """The manager goes through them on the next morning, if it has come."""
    morning = datetime.combine(local_day(finished_at, zone) + timedelta(days=1), MORNING, ZoneInfo(zone))
    order = session.get_one(Order, order_id)
    manager = session.scalars(
        sa.select(Person).where(Person.branch_id == order.branch_id, Person.username.in_(("wang", "lv")))
    ).one()
    _confirm_bindings(session, order, actor_of(manager), min(morning, now()))
    close_complete(session, order_id, by=actor_of(manager), at=min(morning, now()))
