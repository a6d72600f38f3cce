"""A further call about a vehicle whose order is under way: it joins that order and raises it, instead of making a second one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.orders.contact_models import OrderCall
from dispatch.orders.contact_rules import raised
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import follow_order
from dispatch.orders.queries import ENDED, visible
from dispatch.orders.status_words import WORDS
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class SaidAgain:
    """Who called again, what he said, and the plate and VIN that he named. `request_key` is the form's own UUID."""

    caller: str
    phone: str
    said: str
    channel: str = "phone"
    plate: str = ""
    vin: str = ""
    request_key: uuid.UUID | None = None


def join_call(session: Session, number: str, call: SaidAgain, *, by: Actor, at: datetime) -> Order:
    """Add a call to the order that is under way, and raise it; the same `request_key` again adds nothing.

    Raises NotFound for another branch's, RuleBroken for an order that has come to its end, Invalid when another vehicle is named.
    """
    by.must("order.take")
    order_id = session.scalar(sa.select(Order.id).where(Order.number == number, visible(by)))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    if _joined_before(session, call.request_key):
        return order
    if order.status in ENDED:
        raise RuleBroken(
            say("%(number)s is %(status)s by now: this call is an order of its own.", number=number, status=_word(order))
        )
    before, after = order.urgency, raised(order.urgency)
    row = OrderCall(order_id=order.id, vehicle_id=_vehicle_meant(order, call), caller=call.caller, phone=call.phone)
    row.channel, row.said = call.channel, call.said
    row.urgency_before, row.urgency_after, row.request_key = before, after, call.request_key
    row.by_id, row.by_name, row.at = by.id or 0, by.name, at
    order.urgency = after
    session.add(row)
    session.flush()
    detail = {"name": call.caller, "reason": call.said, **({"urgency": after} if after != before else {})}
    record(session, ("order", order.id), "call.join", by=by, at=at, detail=detail)
    follow_order(session, order, at=at)
    return order


def _vehicle_meant(order: Order, call: SaidAgain) -> int | None:
    """The vehicle of the order that was named; its only one where none was."""
    vehicles = [line.vehicle for line in order.lines]
    if not (call.plate or call.vin):
        return vehicles[0].id if len(vehicles) == 1 else None
    for vehicle in vehicles:
        if (call.plate or vehicle.plate, call.vin or vehicle.vin) == (vehicle.plate, vehicle.vin):
            return vehicle.id
    raise Invalid({"join": say("%(number)s is not about this vehicle: look it up again.", number=order.number)})


def _word(order: Order) -> object:
    return WORDS["order"][order.status]


def _joined_before(session: Session, request_key: uuid.UUID | None) -> bool:
    if request_key is None:
        return False
    return session.scalar(sa.select(OrderCall.id).where(OrderCall.request_key == request_key)) is not None


def order_under_way(session: Session, vehicle_id: int, by: Actor) -> Order | None:
    """The newest order about a vehicle that has not come to its end."""
    query = sa.select(Order).join(OrderLine, OrderLine.order_id == Order.id)
    about = query.where(OrderLine.vehicle_id == vehicle_id, Order.status.not_in(ENDED), visible(by))
    return session.scalar(about.order_by(Order.id.desc()).limit(1))
