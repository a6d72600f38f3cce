"""Calls that make no order: one that joins the order under way, and one that remote help has ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.customers.operations import contact_of
from dispatch.errors import Invalid
from dispatch.intake.forms import Call
from dispatch.intake.help_forms import Again
from dispatch.intake.operations.calling import own_customer, vehicle_meant
from dispatch.intake.operations.helping import end_remotely, help_saved
from dispatch.intake.remote_models import RemoteHelp
from dispatch.orders.models import Order
from dispatch.orders.operations.joining import join_call
from dispatch.staff.rules import Actor
from dispatch.words import say


def join_again(session: Session, number: str, again: Again, *, by: Actor, at: datetime) -> Order:
    """Add a call to the order under way, as whoever took the call was shown it; who calls is remembered with the customer.

    Raises Invalid when another vehicle stands in the form by now, and whatever joining refuses.
    """
    order = join_call(session, number, again.call, by=by, at=at)
    vehicles = [line.vehicle for line in order.lines]
    named = (again.plate, again.vin)
    if any(named) and not any((again.plate or v.plate, again.vin or v.vin) == (v.plate, v.vin) for v in vehicles):
        raise Invalid({"join": say("%(number)s is not about this vehicle: look it up again.", number=number)})
    contact_of(session, customer=order.customer, name=again.call.caller, phone=again.call.phone)
    return order


def end_call(session: Session, call: Call, *, by: Actor, at: datetime, take_over: str = "") -> RemoteHelp:
    """Save a call that remote help has ended; the same `request_key` again answers what it made.

    Raises Doubtful and Invalid as `take_call` does.
    """
    by.must("order.take")
    saved = help_saved(session, call.request_key)
    if saved is not None:
        return saved
    customer = own_customer(session, call.customer, by=by, at=at)
    contact_of(session, customer=customer, name=call.contact, phone=call.phone)
    vehicle = vehicle_meant(session, customer, call, by=by, at=at, take_over=take_over)
    return end_remotely(session, customer, vehicle, call, by=by, at=at)
