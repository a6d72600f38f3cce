"""Things that many tests need to start from, made by the same operations that people use."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.operations import Pin, VehicleFacts, customer_named, site_of, vehicle_of
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.approving import approve
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast

PIN = Pin(22.639, 113.811)
_plates = itertools.count(10000)


def vehicle(session: Session, cast: Cast, *, plate: str | None = None, customer: str = "恒通物流有限公司") -> Vehicle:
    """A vehicle of a customer of the Shenzhen branch."""
    owner = customer_named(session, branch_id=cast.sz, name=customer, by=cast.lin, at=AT)
    facts = VehicleFacts(plate or f"粤B{next(_plates)}", "yellow", None)
    return vehicle_of(session, customer=owner, facts=facts, by=cast.lin, at=AT)


def repair_order(
    session: Session, cast: Cast, *, lines: int = 1, by: Actor | None = None, at: datetime = AT, **facts: Any
) -> Order:
    """A repair call that Lin took, waiting for the manager."""
    return _order(session, cast, "repair", lines, by or cast.lin, at, {"symptom": "drift", "symptom_text": "定位漂移", **facts})


def installation_order(
    session: Session, cast: Cast, *, lines: int = 3, by: Actor | None = None, at: datetime = AT, **facts: Any
) -> Order:
    """An installation request that Lin took, waiting for the manager."""
    return _order(session, cast, "installation", lines, by or cast.lin, at, {"product_model": "BD-808A", **facts})


def _order(session: Session, cast: Cast, kind: str, lines: int, by: Actor, at: datetime, facts: dict[str, Any]) -> Order:
    vehicles = [vehicle(session, cast) for _ in range(lines)]
    customer = vehicles[0].customer
    site = site_of(session, customer=customer, address="广东省深圳市宝安区宝安国际机场货运村", pin=PIN, by=by, at=at)
    new = NewOrder(kind=kind, contact_name="张超敏", contact_phone="18886844318", **facts)
    new_lines = [NewLine(v, model=facts.get("product_model")) for v in vehicles]
    return take_order(session, new=new, customer=customer, site=site, lines=new_lines, by=by, at=at, zone="Asia/Shanghai")


def approved(session: Session, cast: Cast, order: Order, *, at: datetime = AT) -> Order:
    """The order after the manager's yes."""
    session.flush()
    session.refresh(order, ["approvals"])
    return approve(session, order.id, approval_id=order.approvals[-1].id, by=cast.wang, at=at)


def visit(
    session: Session,
    cast: Cast,
    order: Order,
    technician: Actor,
    *,
    hour: int = 0,
    minutes: int = 60,
    line_ids: tuple[int, ...] | None = None,
) -> Visit:
    """A planned visit `hour` hours after AT for all lines of an approved order, or for those named."""
    assert technician.id is not None
    start = AT + timedelta(hours=hour)
    ids = line_ids or tuple(line.id for line in order.lines)
    new = NewVisit(order.id, technician.id, start, start + timedelta(minutes=minutes), ids)
    return plan_visit(session, new, by=cast.lin, at=AT)
