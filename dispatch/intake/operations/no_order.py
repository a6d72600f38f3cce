"""Calls that make no order: one that joins the order under way, and one that remote help has ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.customers.operations import contact_of
from dispatch.intake.forms import Call
from dispatch.intake.operations.calling import own_customer, vehicle_meant
from dispatch.intake.operations.helping import end_remotely, help_saved
from dispatch.intake.remote_models import RemoteHelp
from dispatch.orders.models import Order
from dispatch.orders.operations.joining import SaidAgain, join_call
from dispatch.staff.rules import Actor


def join_again(session: Session, number: str, again: SaidAgain, *, by: Actor, at: datetime) -> Order:
    """Add a call to the order under way, as whoever took the call was shown it; who calls is remembered with the customer.

    Raises whatever joining refuses.
    """
    order = join_call(session, number, again, by=by, at=at)
    contact_of(session, customer=order.customer, name=again.caller, phone=again.phone)
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
