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

CUSTOMER, ADDRESS, PLACE = "恒通物流有限公司", "广东省深圳市宝安区宝安国际机场货运村", (22.639, 113.811)
ZONE = "Asia/Shanghai"
_plates = itertools.count(10000)


def vehicle(session: Session, cast: Cast, *, plate: str | None = None, customer: str = CUSTOMER) -> Vehicle:
    """A vehicle of a customer of the Shenzhen branch."""
    owner = customer_named(session, branch_id=cast.sz, name=customer, by=cast.lin, at=AT)
    facts = VehicleFacts(plate or f"粤B{next(_plates)}", "yellow", None)
    return vehicle_of(session, customer=owner, facts=facts, by=cast.lin, at=AT)


def repair_order(session: Session, cast: Cast, **facts: Any) -> Order:
    """A repair call that Lin took, waiting for the manager. Facts are those of `order_taken`."""
    return order_taken(session, cast, **{"symptom_text": "定位漂移", **facts})


def installation_order(session: Session, cast: Cast, *, lines: int = 3, **facts: Any) -> Order:
    """An installation request that Lin took, waiting for the manager. Facts are those of `order_taken`."""
    return order_taken(session, cast, lines=lines, **{"kind": "installation", "symptom": None, "model": "BD-808A", **facts})


def order_taken(
    session: Session,
    cast: Cast,
    *,
    lines: int = 1,
    customer: str = CUSTOMER,
    address: str = ADDRESS,
    place: tuple[float, float] | None = PLACE,
    model: str | None = None,
    by: Actor | None = None,
    at: datetime = AT,
    **facts: Any,
) -> Order:
    """An order for so many vehicles at one place, sent for approval, a repair by default. Facts are those of NewOrder."""
    by = by or cast.lin
    vehicles = [vehicle(session, cast, customer=customer) for _ in range(lines)]
    owner = vehicles[0].customer
    site = site_of(session, customer=owner, address=address, pin=Pin(*place) if place else None, by=by, at=at)
    given = {"kind": "repair", "symptom": "drift", "contact_name": "张超敏", "contact_phone": "18886844318", **facts}
    if given["kind"] == "installation":
        given.setdefault("product_model", model)
    new_lines = [NewLine(each, model=model) for each in vehicles]
    return take_order(session, new=NewOrder(**given), customer=owner, site=site, lines=new_lines, by=by, at=at, zone=ZONE)


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
    starts_at: datetime | None = None,
    minutes: int = 60,
    line_ids: tuple[int, ...] | None = None,
    **facts: Any,
) -> Visit:
    """A planned visit at `starts_at`, else `hour` hours after AT, for all lines of an approved order or for those named."""
    assert technician.id is not None
    start = starts_at or AT + timedelta(hours=hour)
    ids = line_ids or tuple(line.id for line in order.lines)
    new = NewVisit(order.id, technician.id, start, start + timedelta(minutes=minutes), ids, **facts)
    return plan_visit(session, new, by=cast.lin, at=AT)
