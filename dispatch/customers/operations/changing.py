"""Changing what is known of customers and vehicles, and asking for phone numbers. The trail keeps what was before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.models import Contact, Customer, Driver, Vehicle
from dispatch.customers.operations.making import CustomerFacts, VehicleFacts, contact_of, hold_names, make_customer, other_owner
from dispatch.customers.rules import read_phone
from dispatch.db import STALE
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.search import name_words, normalise
from dispatch.staff.rules import Actor
from dispatch.words import say

Thing = TypeVar("Thing", Customer, Vehicle)
Renamed = Callable[..., None]
_renamed: list[Renamed] = []


def on_renamed(listener: Renamed) -> Renamed:
    """Register who must hear of a new name: called with the session and customer_id=… or vehicle_id=…."""
    _renamed.append(listener)
    return listener


def reveal_phone(session: Session, *, contact: Contact, by: Actor, at: datetime) -> str:
    """A contact's whole phone number; that `by` asked for it is written down (Q11)."""
    record(
        session,
        ("customer", contact.customer_id),
        "phone.reveal",
        by=by,
        at=at,
        detail={"contact": contact.id, "name": contact.name},
    )
    return read_phone(contact.phone or "").shown


def reveal_driver_phone(session: Session, *, driver: Driver, by: Actor, at: datetime) -> str:
    """A driver's whole phone number; that `by` asked for it is written down (Q11)."""
    record(
        session, ("vehicle", driver.vehicle_id), "phone.reveal", by=by, at=at, detail={"driver": driver.id, "name": driver.name}
    )
    return read_phone(driver.phone or "").shown


def add_customer(
    session: Session, *, branch_id: int, facts: CustomerFacts, contact: tuple[str, str], by: Actor, at: datetime
) -> Customer:
    """Add a customer with a first contact (name, phone; both may be empty). Raises Invalid when the name is taken."""
    by.must("customer.change")
    _check_name_free(session, branch_id, facts.name)
    customer = make_customer(session, branch_id=branch_id, name=facts.name, tier=facts.tier, by=by, at=at)
    customer.note = facts.note
    if any(contact):
        contact_of(session, customer=customer, name=contact[0], phone=contact[1])
    return customer


def change_customer(
    session: Session, customer_id: int, *, version: int, facts: CustomerFacts, by: Actor, at: datetime
) -> Customer:
    """Change what is known of a customer. Raises Conflict for a stale page, Invalid when the name is another's."""
    by.must("customer.change")
    customer = _locked(session, Customer, customer_id, version, by)
    if facts.name != customer.name:
        _check_name_free(session, customer.branch_id, facts.name)
    known = ("name", "tier", "note", "silent_hours", "payment_days", "same_technician")
    changed = _changed(customer, {name: getattr(facts, name) for name in known})
    if changed:
        customer.search_text = name_words(customer.name)
        session.flush()
        record(session, ("customer", customer.id), "customer.change", by=by, at=at, detail=changed)
    if "name" in changed:
        _tell_renamed(session, customer_id=customer.id)
    return customer


def change_vehicle(session: Session, vehicle_id: int, *, version: int, facts: VehicleFacts, by: Actor, at: datetime) -> Vehicle:
    """Correct what is known of a vehicle; what `facts` leaves empty becomes empty, its drivers stay.

    Raises Conflict for a stale page, RuleBroken naming the owner when another vehicle has this plate or VIN.
    """
    by.must("customer.change")
    vehicle = _locked(session, Vehicle, vehicle_id, version, by)
    _check_vehicle_free(session, vehicle, facts, by)
    known = ("plate", "plate_colour", "vin", "kind", "make", "engine_no", "fleet_no", "purchased_on")
    changed = _changed(vehicle, {name: getattr(facts, name) for name in known})
    if changed:
        vehicle.search_text = normalise(vehicle.plate, vehicle.vin, vehicle.fleet_no)
        session.flush()
        record(session, ("vehicle", vehicle.id), "vehicle.change", by=by, at=at, detail=changed)
    if {"plate", "vin"} & changed.keys():
        _tell_renamed(session, vehicle_id=vehicle.id)
    return vehicle


def park_vehicle(session: Session, vehicle_id: int, *, parked: bool, by: Actor, at: datetime) -> Vehicle:
    """Write down that a vehicle is not in use, or is again. What is so already stays as it is. Raises NotFound."""
    by.must("customer.change")
    vehicle = session.get(Vehicle, vehicle_id, with_for_update={"of": Vehicle}, populate_existing=True)
    if vehicle is None or not by.sees_branch(vehicle.branch_id):
        raise NotFound
    if parked != (vehicle.parked_at is not None):
        vehicle.parked_at, vehicle.parked_by_name = (at, by.name) if parked else (None, None)
        session.flush()
        record(session, ("vehicle", vehicle.id), "vehicle.park" if parked else "vehicle.unpark", by=by, at=at)
    return vehicle


def _locked(session: Session, table: type[Thing], key: int, version: int, by: Actor) -> Thing:
    found = session.get(table, key, with_for_update={"of": table}, populate_existing=True)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    if found.version != version:
        raise Conflict(STALE)
    return found


def _changed(thing: Customer | Vehicle, facts: dict[str, Any]) -> dict[str, Any]:
    """Set what differs; returns field -> [old, new]."""
    differs = {name: [getattr(thing, name), value] for name, value in facts.items() if getattr(thing, name) != value}
    for name, (_, value) in differs.items():
        setattr(thing, name, value)
    return differs


def _check_name_free(session: Session, branch_id: int, name: str) -> None:
    hold_names(session, branch_id, [name])
    if session.scalar(sa.select(Customer.id).where(Customer.branch_id == branch_id, Customer.name == name).limit(1)) is not None:
        raise Invalid({"name": say("A customer of this name is already on record.")})


def _check_vehicle_free(session: Session, vehicle: Vehicle, facts: VehicleFacts, by: Actor) -> None:
    same = [sa.and_(Vehicle.plate == facts.plate, Vehicle.plate_colour == facts.plate_colour)] if facts.plate else []
    same += [Vehicle.vin == facts.vin] if facts.vin else []
    other = session.scalars(sa.select(Vehicle).where(Vehicle.id != vehicle.id, sa.or_(sa.false(), *same)).limit(1)).first()
    if other is not None:
        raise other_owner(session, facts, other.customer, by=by)


def _tell_renamed(session: Session, **what: int) -> None:
    for listener in _renamed:
        listener(session, **what)
