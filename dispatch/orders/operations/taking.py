"""Taking orders: from a call in one step, from a list of vehicles in one step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.rules import read_phone
from dispatch.devices.slot_rules import MAIN
from dispatch.errors import RuleBroken
from dispatch.orders.models import Order, OrderCounter, OrderLine
from dispatch.orders.operations.approving import submit
from dispatch.orders.operations.clocks import start_clocks
from dispatch.orders.operations.owning import own_order
from dispatch.orders.operations.recalls import propose_recalls
from dispatch.orders.rules import PREFIXES
from dispatch.search import normalise
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class NewOrder:
    """The facts of a new order, apart from whom and where it is for."""

    kind: str
    contact_name: str
    contact_phone: str
    request_key: uuid.UUID | None = None
    urgency: str = "normal"
    channel: str = "phone"
    received_at: datetime | None = None
    wanted_on: date | None = None
    window_from: time | None = None
    window_to: time | None = None
    product_model: str | None = None
    purchased_on: date | None = None
    symptom: str | None = None
    symptom_text: str | None = None
    diagnosis: str | None = None
    note: str | None = None
    contact_id: int | None = None
    """What was owned before, and goes on as this order: remote help that did not help."""


@dataclass(frozen=True)
class NewLine:
    """One vehicle of a new order; `attention` are sentences' codes with their parameters, for a person to look at."""

    vehicle: Vehicle
    model: str | None = None
    role: str = MAIN
    site: Site | None = None
    source_row: int | None = None
    parking: str | None = None
    remark: str | None = None
    attention: list[dict[str, object]] = field(default_factory=list)


def order_saved(session: Session, request_key: uuid.UUID | None) -> Order | None:
    """The order that an earlier press of the same button made, if any. Waits for a press that is still being carried out."""
    if request_key is None:
        return None
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(request_key), 0))))
    return session.scalar(sa.select(Order).where(Order.request_key == request_key))


def take_order(
    session: Session,
    *,
    new: NewOrder,
    customer: Customer,
    site: Site,
    lines: Iterable[NewLine],
    by: Actor,
    at: datetime,
    zone: str,
) -> Order:
    """Save an order with its lines and send it for approval, in one step. The taker owns it until somebody accepts it (Q2)."""
    by.must("order.take")
    if not by.sees_branch(customer.branch_id):
        raise RuleBroken(say("This customer belongs to another branch."))
    order = _order(new, customer, site, by=by, at=at)
    order.lines = [_line(position, line) for position, line in enumerate(lines, start=1)]
    order.number = next_number(session, new.kind, local_day(at, zone))  # last: every other taker waits from here on
    order.search_text = searchable(order, customer, site, (line.vehicle for line in order.lines))
    session.add(order)
    session.flush()
    record(session, ("order", order.id), "order.take", by=by, at=at, detail={"number": order.number, "lines": len(order.lines)})
    own_order(session, order, at=at, contact_id=new.contact_id)
    start_clocks(session, order)
    propose_recalls(session, order, at=at)
    submit(session, order, by=by, at=at)
    return order


def _order(new: NewOrder, customer: Customer, site: Site, *, by: Actor, at: datetime) -> Order:
    copied = (
        "kind",
        "contact_name",
        "contact_phone",
        "request_key",
        "urgency",
        "channel",
        "wanted_on",
        "window_from",
        "window_to",
    )
    described = ("product_model", "purchased_on", "symptom", "symptom_text", "diagnosis", "note")
    facts = {name: getattr(new, name) for name in copied + described}
    return Order(
        **facts,
        status="draft",
        branch_id=customer.branch_id,
        customer_id=customer.id,
        site_id=site.id,
        owner_id=by.id,
        created_by_id=by.id,
        created_at=at,
        received_at=new.received_at or at,
    )


def _line(position: int, line: NewLine) -> OrderLine:
    return OrderLine(
        position=position,
        vehicle=line.vehicle,
        own_site=line.site,
        model=line.model,
        role=line.role,
        source_row=line.source_row,
        parking=line.parking,
        remark=line.remark,
        attention=line.attention,
    )


def searchable(order: Order, customer: Customer, site: Site, vehicles: Iterable[Vehicle]) -> str:
    """Everything an order is looked for by."""
    phone = read_phone(order.contact_phone).digits
    vehicle_words = [word for v in vehicles for word in (v.plate, v.vin)]
    return normalise(order.number, customer.name, order.contact_name, phone, site.address, *vehicle_words)


def next_number(session: Session, kind: str, day: date) -> str:
    """The next order number of a kind and day, e.g. WX-20261202-031. Takers wait for one another: no gaps, no twins."""
    prefix = f"{PREFIXES[kind]}-{day:%Y%m%d}"
    fresh = insert(OrderCounter).values(prefix=prefix, last=1)
    counted = fresh.on_conflict_do_update(index_elements=["prefix"], set_={"last": OrderCounter.last + 1}).returning(
        OrderCounter.last
    )
    return f"{prefix}-{session.scalar(counted):03d}"
