"""A repair call becomes an order, with its customer, contact, place and vehicle, in one step."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.operations import Elsewhere, Pin, VehicleFacts, contact_of, customer_named, site_of, vehicle_of
from dispatch.customers.queries import place_known
from dispatch.devices.queries import models
from dispatch.errors import Invalid, RuleBroken
from dispatch.geo.rules import Coordinates
from dispatch.intake.doubts import CHANGED_HANDS, Confirm, Doubtful
from dispatch.intake.first_steps import must_have_tried
from dispatch.intake.forms import Call
from dispatch.intake.known import Known
from dispatch.intake.operations.helping import note_help
from dispatch.intake.queries import recorded_colours
from dispatch.intake.rules import SAME_PLACE_DEGREES, colour_of, model_of
from dispatch.orders.models import Order
from dispatch.orders.operations.joining import order_under_way
from dispatch.orders.operations.taking import NewLine, NewOrder, order_saved, take_order
from dispatch.staff.rules import Actor
from dispatch.words import say


def take_call(
    session: Session,
    call: Call,
    *,
    by: Actor,
    at: datetime,
    take_over: str = "",
    attention: list[dict[str, object]] | None = None,
    beside: str | None = None,
) -> Order:
    """Save a call as a repair order awaiting approval; the same `request_key` again answers the order it made.

    `beside` is why it is an order of its own although one about the vehicle is under way: "" where nobody has said so, None
    where nobody was asked. Raises Doubtful when the vehicle is another customer's, unless `take_over` confirms that this vehicle
    came to this customer;
    Invalid when it is another branch's; RuleBroken for a silent terminal that was not restarted from afar first.
    """
    by.must("order.take")
    saved = order_saved(session, call.request_key)
    if saved is not None:
        return saved
    must_have_tried(session, call.request_key, at)
    customer = own_customer(session, call.customer, by=by, at=at)
    contact_of(session, customer=customer, name=call.contact, phone=call.phone)
    site = _site(session, customer, call, by=by, at=at)
    vehicle = vehicle_meant(session, customer, call, by=by, at=at, take_over=take_over)
    first = order_under_way(session, vehicle.id, by) if beside is not None else None
    if first is not None and not beside:
        text = say(
            "%(number)s about this vehicle is under way: join it, or say why this is an order of its own.", number=first.number
        )
        raise Invalid({"join": text})
    new = order_of(call, model_of(call.model, (m.name for m in models(session))))
    line = NewLine(vehicle=vehicle, role=call.role, model=new.product_model, attention=attention or [])
    order = take_order(session, new=new, customer=customer, site=site, lines=[line], by=by, at=at, zone=by.zone)
    if first is not None:
        record(session, ("order", order.id), "order.beside", by=by, at=at, detail={"number": first.number, "reason": beside})
    if call.help is not None:
        session.refresh(order, ["owned"])
        note_help(session, order.owned, vehicle, call, solved=False, by=by, at=at)
    return order


def own_customer(session: Session, name: str, *, by: Actor, at: datetime) -> Customer:
    """The customer of this name at the branch that `by` works for."""
    assert by.branch_id is not None
    return customer_named(session, branch_id=by.branch_id, name=name, by=by, at=at)


def order_of(call: Call, model: str) -> NewOrder:
    """The facts of the order that a call becomes."""
    return NewOrder(
        kind="repair",
        contact_name=call.contact,
        contact_phone=call.phone,
        request_key=call.request_key,
        urgency=call.urgency,
        channel=call.channel,
        received_at=call.received_at,
        wanted_on=call.wanted_on,
        window_from=call.window_from,
        window_to=call.window_to,
        product_model=model or None,
        purchased_on=call.purchased_on,
        symptom=call.symptom,
        symptom_text=call.symptom_text or None,
        diagnosis=call.diagnosis or None,
        note=call.note or None,
        contact_id=call.contact_id,
    )


def _site(session: Session, customer: Customer, call: Call, *, by: Actor, at: datetime) -> Site:
    pin = pin_for(session, call.address, pin_given(call), by)
    return site_of(session, customer=customer, address=call.address, pin=pin, by=by, at=at)


def pin_given(call: Call) -> Pin | None:
    """The place that came with a call."""
    return Pin(*call.place, source=call.place_source, accuracy_m=call.accuracy_m) if call.place else None


def pin_for(session: Session, address: str, given: Pin | None, by: Actor) -> Pin | None:
    """Where an address lies: as given, else as remembered. A remembered place that comes back unchanged keeps its source."""
    return better_pin(place_known(session, address, by), given)


def better_pin(known: Site | None, given: Pin | None) -> Pin | None:
    """The same, of the place that is remembered for the address."""
    if known is None or known.lat is None or known.lon is None or known.source is None:
        return given
    remembered = Pin(known.lat, known.lon, known.source, known.accuracy_m or Pin.accuracy_m)
    if given is None or same_place((given.lat, given.lon), (known.lat, known.lon)):
        return remembered
    return given


def same_place(a: Coordinates, b: Coordinates) -> bool:
    """True for places that read alike on a page."""
    return abs(a[0] - b[0]) < SAME_PLACE_DEGREES and abs(a[1] - b[1]) < SAME_PLACE_DEGREES


def vehicle_meant(session: Session, customer: Customer, call: Call, *, by: Actor, at: datetime, take_over: str) -> Vehicle:
    """The vehicle that a call is about. Raises Invalid, Doubtful."""
    facts = vehicle_facts(call, recorded_colours(session, call.plate))
    change, field = f"{facts.shown}→{customer.name}", "plate" if call.plate else "vin"
    try:
        return vehicle_of(session, customer=customer, facts=facts, by=by, at=at, take_over=take_over == change)
    except Elsewhere as refusal:
        raise Invalid({field: refusal.text}) from refusal
    except RuleBroken as refusal:
        raise Doubtful({field: refusal.text}, {field: Confirm("take_over", change, CHANGED_HANDS)}) from refusal


def vehicle_facts(call: Call, recorded: Iterable[str]) -> VehicleFacts:
    """What a call says of its vehicle; `recorded` are the colours that its plate is on record with."""
    colour = colour_of(call.plate, call.colour, recorded)
    return VehicleFacts(call.plate or None, colour or None, call.vin or None, purchased_on=call.purchased_on)


def note_phone_shown(session: Session, seen: Known, *, by: Actor, at: datetime) -> None:
    """Write down that somebody's whole number was put before `by` (Q11)."""
    values = seen.fill
    if values["phone"]:
        record(session, ("customer", seen.customer.id), "phone.reveal", by=by, at=at, detail={"name": values["contact"]})
