"""Making and changing customers, contacts, sites and vehicles."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.models import Contact, Customer, Driver, Site, Vehicle
from dispatch.customers.rules import read_phone, show_plate
from dispatch.db import STALE
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.search import normalise
from dispatch.staff.rules import Actor
from dispatch.words import say

Thing = TypeVar("Thing", Customer, Vehicle)


@dataclass(frozen=True)
class Pin:
    """A place on the map: WGS-84 degrees, who says so, and how far off it may be in metres."""

    lat: float
    lon: float
    source: str = "pin"
    accuracy_m: int = 20


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of a customer. `tier` is a code of the service classes."""

    name: str
    tier: str = "c"
    note: str | None = None


@dataclass(frozen=True)
class VehicleFacts:
    """What is known of a vehicle when it is named in an order."""

    plate: str | None
    plate_colour: str | None
    vin: str | None
    kind: str | None = None
    make: str | None = None
    engine_no: str | None = None
    fleet_no: str | None = None
    purchased_on: date | None = None
    drivers: tuple[tuple[str, str | None, str | None], ...] = ()

    @property
    def shown(self) -> str:
        """The plate as it is read aloud, else the VIN."""
        return show_plate(self.plate) if self.plate else self.vin or ""


def make_customer(session: Session, *, branch_id: int, name: str, by: Actor, at: datetime, tier: str = "c") -> Customer:
    """Add a customer to a branch."""
    customer = Customer(branch_id=branch_id, name=name, tier=tier, created_at=at, search_text=normalise(name))
    session.add(customer)
    session.flush()
    record(session, ("customer", customer.id), "customer.make", by=by, at=at, detail={"name": name})
    return customer


def customer_named(session: Session, *, branch_id: int, name: str, by: Actor, at: datetime) -> Customer:
    """The branch's customer of exactly this name, made if there is none. Two callers at once get one customer."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"customer:{branch_id}:{name}", 0))))
    found = session.scalar(sa.select(Customer).where(Customer.branch_id == branch_id, Customer.name == name).limit(1))
    return found or make_customer(session, branch_id=branch_id, name=name, by=by, at=at)


def contact_of(session: Session, *, customer: Customer, name: str, phone: str) -> Contact:
    """The customer's contact with this name and phone, made if there is none."""
    digits = read_phone(phone).digits
    query = sa.select(Contact).where(Contact.customer_id == customer.id, Contact.phone_digits == digits, Contact.name == name)
    found = session.scalar(query.limit(1))
    if found is None:
        found = Contact(
            customer_id=customer.id, name=name, phone=phone, phone_digits=digits, search_text=normalise(name, phone, digits)
        )
        session.add(found)
        session.flush()
    return found


def site_of(session: Session, *, customer: Customer, address: str, pin: Pin | None, by: Actor, at: datetime) -> Site:
    """The customer's site at this address, made if there is none. A person's pin always wins and is remembered."""
    found = session.scalar(sa.select(Site).where(Site.customer_id == customer.id, Site.address == address))
    if found is None:
        found = Site(customer_id=customer.id, address=address)
        session.add(found)
        session.flush()
    if pin is not None and (found.lat is None or pin.source == "pin" or found.source != "pin"):
        set_pin(session, site=found, pin=pin, by=by, at=at)
    return found


Renamed = Callable[..., None]
_renamed: list[Renamed] = []


def on_renamed(listener: Renamed) -> Renamed:
    """Register who must hear of a new name: called with the session and customer_id=… or vehicle_id=…."""
    _renamed.append(listener)
    return listener


def reveal_phone(session: Session, *, contact: Contact, by: Actor, at: datetime) -> str:
    """A contact's whole phone number; that `by` asked for it is written down (Q11)."""
    record(session, ("customer", contact.customer_id), "phone.reveal", by=by, at=at, detail={"contact": contact.id, "name": contact.name})
    return read_phone(contact.phone or "").shown


def reveal_driver_phone(session: Session, *, driver: Driver, by: Actor, at: datetime) -> str:
    """A driver's whole phone number; that `by` asked for it is written down (Q11)."""
    record(session, ("vehicle", driver.vehicle_id), "phone.reveal", by=by, at=at, detail={"driver": driver.id, "name": driver.name})
    return read_phone(driver.phone or "").shown


def add_customer(session: Session, *, branch_id: int, facts: CustomerFacts, contact: tuple[str, str], by: Actor, at: datetime) -> Customer:
    """Add a customer with a first contact (name, phone; both may be empty). Raises Invalid when the branch has one of this name."""
    by.must("customer.change")
    _check_name_free(session, branch_id, facts.name)
    customer = make_customer(session, branch_id=branch_id, name=facts.name, tier=facts.tier, by=by, at=at)
    customer.note = facts.note
    if any(contact):
        contact_of(session, customer=customer, name=contact[0], phone=contact[1])
    return customer


def change_customer(session: Session, customer_id: int, *, version: int, facts: CustomerFacts, by: Actor, at: datetime) -> Customer:
    """Change what is known of a customer. Raises Conflict for a stale page, Invalid when the name is another's."""
    by.must("customer.change")
    customer = _locked(session, Customer, customer_id, version, by)
    if facts.name != customer.name:
        _check_name_free(session, customer.branch_id, facts.name)
    changed = _changed(customer, {"name": facts.name, "tier": facts.tier, "note": facts.note})
    if changed:
        customer.search_text = normalise(customer.name)
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
    _check_vehicle_free(session, vehicle, facts)
    known = ("plate", "plate_colour", "vin", "kind", "make", "engine_no", "fleet_no", "purchased_on")
    changed = _changed(vehicle, {name: getattr(facts, name) for name in known})
    if changed:
        vehicle.search_text = normalise(vehicle.plate, vehicle.vin, vehicle.fleet_no)
        session.flush()
        record(session, ("vehicle", vehicle.id), "vehicle.change", by=by, at=at, detail=changed)
    if {"plate", "vin"} & changed.keys():
        _tell_renamed(session, vehicle_id=vehicle.id)
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
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"customer:{branch_id}:{name}", 0))))
    if session.scalar(sa.select(Customer.id).where(Customer.branch_id == branch_id, Customer.name == name).limit(1)) is not None:
        raise Invalid({"name": say("A customer of this name is already on record.")})


def _check_vehicle_free(session: Session, vehicle: Vehicle, facts: VehicleFacts) -> None:
    same = [sa.and_(Vehicle.plate == facts.plate, Vehicle.plate_colour == facts.plate_colour)] if facts.plate else []
    same += [Vehicle.vin == facts.vin] if facts.vin else []
    other = session.scalars(sa.select(Vehicle).where(Vehicle.id != vehicle.id, sa.or_(sa.false(), *same)).limit(1)).first()
    if other is not None:
        raise other_owner(facts, other.customer.name)


def _tell_renamed(session: Session, **what: int) -> None:
    for listener in _renamed:
        listener(session, **what)


def set_pin(session: Session, *, site: Site, pin: Pin, by: Actor, at: datetime) -> None:
    """Put a site on the map."""
    if (site.lat, site.lon, site.source, site.accuracy_m) == (pin.lat, pin.lon, pin.source, pin.accuracy_m):
        return
    site.lat, site.lon, site.source, site.accuracy_m = pin.lat, pin.lon, pin.source, pin.accuracy_m
    session.flush()
    record(session, ("customer", site.customer_id), "site.pin", by=by, at=at, detail={"site": site.id, "lat": pin.lat, "lon": pin.lon})


def vehicle_of(
    session: Session, *, customer: Customer, facts: VehicleFacts, by: Actor, at: datetime, take_over: bool = False
) -> Vehicle:
    """The vehicle with this plate and colour, or else this VIN; made if there is none.

    Raises RuleBroken when it belongs to another customer, unless `take_over` says that it changed hands.
    """
    found = _known_vehicle(session, facts)
    if found is None:
        return _make_vehicle(session, customer, facts, by=by, at=at)
    if found.customer_id != customer.id:
        if not take_over:
            raise other_owner(facts, found.customer.name)
        record(
            session, ("vehicle", found.id), "vehicle.change_owner", by=by, at=at, detail={"from": found.customer_id, "to": customer.id}
        )
        found.customer_id = customer.id
    _learn(found, facts)
    return found


def other_owner(facts: VehicleFacts, owner: str) -> RuleBroken:
    """The refusal for a vehicle that is on record under another customer."""
    return RuleBroken(say("%(vehicle)s is on record under %(owner)s.", vehicle=facts.shown, owner=owner))


def _known_vehicle(session: Session, facts: VehicleFacts) -> Vehicle | None:
    if facts.plate:
        same = (Vehicle.plate == facts.plate, Vehicle.plate_colour == facts.plate_colour)
        found = session.scalar(sa.select(Vehicle).where(*same).with_for_update())
        if found is not None:
            return found
    if not facts.vin:
        return None
    return session.scalar(sa.select(Vehicle).where(Vehicle.vin == facts.vin).with_for_update())


def _make_vehicle(session: Session, customer: Customer, facts: VehicleFacts, *, by: Actor, at: datetime) -> Vehicle:
    vehicle = Vehicle(
        branch_id=customer.branch_id,
        customer_id=customer.id,
        plate=facts.plate,
        plate_colour=facts.plate_colour if facts.plate else None,
        vin=facts.vin,
        created_at=at,
        drivers=[],
    )
    session.add(vehicle)
    _learn(vehicle, facts)
    session.flush()
    record(session, ("vehicle", vehicle.id), "vehicle.make", by=by, at=at, detail={"plate": facts.plate, "vin": facts.vin})
    return vehicle


def _learn(vehicle: Vehicle, facts: VehicleFacts) -> None:
    """Fill what was not known before; what is known stays."""
    if vehicle.plate is None and facts.plate:
        vehicle.plate, vehicle.plate_colour = facts.plate, facts.plate_colour
    for name in ("vin", "kind", "make", "engine_no", "fleet_no", "purchased_on"):
        if getattr(vehicle, name) is None and getattr(facts, name):
            setattr(vehicle, name, getattr(facts, name))
    _add_drivers(vehicle, facts.drivers)
    vehicle.search_text = normalise(vehicle.plate, vehicle.vin, vehicle.fleet_no)


def _add_drivers(vehicle: Vehicle, drivers: Iterable[tuple[str, str | None, str | None]]) -> None:
    known = {(d.name, d.phone) for d in vehicle.drivers}
    for name, phone, shift in drivers:
        if (name, phone) not in known:
            vehicle.drivers.append(Driver(name=name, phone=phone, shift=shift))
            known.add((name, phone))
