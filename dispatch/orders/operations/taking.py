"""Taking orders: from a call in one step, from a list of vehicles in one step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record_births
from dispatch.clock import local_day
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.rules import read_phone
from dispatch.devices.slot_rules import MAIN
from dispatch.errors import RuleBroken
from dispatch.orders.models import Order, OrderCounter, OrderLine
from dispatch.orders.operations.approving import open_first_steps
from dispatch.orders.operations.clocks import start_clocks
from dispatch.orders.operations.moves import move_new_order
from dispatch.orders.operations.owning import own_orders
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


@dataclass(frozen=True)
class Wanted:
    """An order to be taken: its facts, for whom, where, and its vehicles."""

    new: NewOrder
    customer: Customer
    site: Site
    lines: Sequence[NewLine]


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
    (order,) = take_orders(session, [Wanted(new, customer, site, tuple(lines))], by=by, at=at, zone=zone)
    return order


def take_orders(session: Session, wanted: Sequence[Wanted], *, by: Actor, at: datetime, zone: str) -> list[Order]:
    """The same for many orders, with few statements."""
    by.must("order.take")
    if not all(by.sees_branch(each.customer.branch_id) for each in wanted):
        raise RuleBroken(say("This customer belongs to another branch."))
    orders = [_order(each, by=by, at=at) for each in wanted]
    _number(session, orders, local_day(at, zone))  # last: every other taker waits from here on
    for order, each in zip(orders, wanted, strict=True):
        order.search_text = searchable(order, each.customer, each.site, (line.vehicle for line in each.lines))
    sent = {order: move_new_order(order, "submit", by=by) for order in orders}
    session.add_all(orders)
    session.flush()
    taken = {order: ("order.take", {"number": order.number, "lines": len(order.lines)}) for order in orders}
    record_births(session, "order", {order.id: [taken[order], sent[order]] for order in orders}, by=by, at=at)
    contacts = {order: each.new.contact_id for order, each in zip(orders, wanted, strict=True)}
    own_orders(session, contacts, at=at)
    start_clocks(session, orders)
    propose_recalls(session, orders, at=at)
    open_first_steps(session, orders, by=by, at=at)
    return orders


def _number(session: Session, orders: Sequence[Order], day: date) -> None:
    """Give new orders their numbers, those of a kind in their order."""
    for kind in sorted({order.kind for order in orders}):
        own = [order for order in orders if order.kind == kind]
        for order, number in zip(own, next_numbers(session, kind, day, len(own)), strict=True):
            order.number = number


def _order(each: Wanted, *, by: Actor, at: datetime) -> Order:
    new = each.new
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
        branch_id=each.customer.branch_id,
        customer_id=each.customer.id,
        site=each.site,
        owner_id=by.id,
        created_by_id=by.id,
        created_at=at,
        received_at=new.received_at or at,
        lines=[_line(position, line) for position, line in enumerate(each.lines, start=1)],
    )


def _line(position: int, line: NewLine) -> OrderLine:
    return OrderLine(
        status="open",
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
    return next_numbers(session, kind, day, 1)[0]


def next_numbers(session: Session, kind: str, day: date, count: int) -> list[str]:
    """The next so many of them."""
    prefix = f"{PREFIXES[kind]}-{day:%Y%m%d}"
    fresh = insert(OrderCounter).values(prefix=prefix, last=count)
    counted = fresh.on_conflict_do_update(index_elements=["prefix"], set_={"last": OrderCounter.last + count}).returning(
        OrderCounter.last
    )
    last = session.scalar(counted) or 0
    return [f"{prefix}-{number:03d}" for number in range(last - count + 1, last + 1)]
