"""A further call about a vehicle whose order is under way: it joins that order and raises it, instead of making a second one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record_many
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.orders.contact_models import OrderCall
from dispatch.orders.contact_queries import calls_joined, orders_under_way
from dispatch.orders.contact_rules import raised
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.operations.owning import follow_orders
from dispatch.orders.queries import ENDED, visible
from dispatch.orders.status_words import WORDS
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class SaidAgain:
    """Who called again, when (None: now), what he said, and the plate and VIN that he named, or the vehicle where that is known.
    `request_key` is the form's own UUID.
    """

    caller: str
    phone: str
    said: str
    channel: str = "phone"
    plate: str = ""
    vin: str = ""
    request_key: uuid.UUID | None = None
    received_at: datetime | None = None
    vehicle_id: int | None = None


def join_call(session: Session, number: str, call: SaidAgain, *, by: Actor, at: datetime) -> Order:
    """Add a call to the order that is under way, and raise it; the same `request_key` again adds nothing.

    Raises NotFound for another branch's, RuleBroken for an order that has come to its end, Invalid when another vehicle is named.
    """
    by.must("order.take")
    order_id = session.scalar(sa.select(Order.id).where(Order.number == number, visible(by)))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    if not calls_joined(session, [call.request_key] if call.request_key else []):
        join_calls(session, [(order, call)], by=by, at=at)
    return order


def join_calls(session: Session, joins: Sequence[tuple[Order, SaidAgain]], *, by: Actor, at: datetime) -> None:
    """Add calls to orders that are locked, or were made in this transaction, one after the other, and raise them.

    Raises RuleBroken for an order that has come to its end, Invalid for one that is not about the vehicle.
    """
    told = []
    for order, call in joins:
        if order.status in ENDED:
            raise RuleBroken(
                say(
                    "%(number)s is %(status)s by now: this call is an order of its own.", number=order.number, status=_word(order)
                )
            )
        row = _row(order, call, by=by, at=at)
        session.add(row)
        risen = {"urgency": row.urgency_after} if row.urgency_after != row.urgency_before else {}
        told.append((order.id, "call.join", {"name": call.caller, "reason": call.said, **risen}))
        order.urgency = row.urgency_after
    record_many(session, "order", told, by=by, at=at)
    follow_orders(session, {order.id: order for order, _ in joins}.values(), at=at)


def _row(order: Order, call: SaidAgain, *, by: Actor, at: datetime) -> OrderCall:
    row = OrderCall(order_id=order.id, vehicle_id=_vehicle_meant(order, call), caller=call.caller, phone=call.phone)
    row.channel, row.said = call.channel, call.said
    row.urgency_before, row.urgency_after, row.request_key = order.urgency, raised(order.urgency), call.request_key
    row.by_id, row.by_name, row.at = by.id or 0, by.name, call.received_at or at
    return row


def _vehicle_meant(order: Order, call: SaidAgain) -> int | None:
    """The vehicle of the order that was named; its only one where none was."""
    if call.vehicle_id is not None:
        return call.vehicle_id
    vehicles = [line.vehicle for line in order.lines]
    if not (call.plate or call.vin):
        return vehicles[0].id if len(vehicles) == 1 else None
    for vehicle in vehicles:
        if (call.plate or vehicle.plate, call.vin or vehicle.vin) == (vehicle.plate, vehicle.vin):
            return vehicle.id
    raise Invalid({"join": say("%(number)s is not about this vehicle: look it up again.", number=order.number)})


def _word(order: Order) -> object:
    return WORDS["order"][order.status]


def order_under_way(session: Session, vehicle_id: int, by: Actor) -> Order | None:
    """The newest order about a vehicle that has not come to its end."""
    found = orders_under_way(session, [vehicle_id], by).get(vehicle_id)
    return session.get_one(Order, found.id) if found else None
