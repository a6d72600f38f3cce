"""Making customers, contacts, sites and vehicles, or finding those that are on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record, record_births
from dispatch.customers.models import Contact, Customer, Driver, Site, Vehicle
from dispatch.customers.rules import read_phone, show_plate
from dispatch.errors import RuleBroken
from dispatch.search import name_words, normalise
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import say

SHELVES = 256
_hold = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("customer.name"), sa.bindparam("shelf", type_=sa.Integer)))

ChangedHands = Callable[..., None]
_changed_hands: list[ChangedHands] = []


def on_changed_hands(listener: ChangedHands) -> ChangedHands:
    """Register who must hear that a vehicle changed hands: called with the session, the vehicle, the id of the customer whose it
    was, by and at."""
    _changed_hands.append(listener)
    return listener


@dataclass(frozen=True)
class Pin:
    """A place on the map: WGS-84 degrees, who says so, and how far off it may be in metres."""

    lat: float
    lon: float
    source: str = "pin"
    accuracy_m: int = 20


@dataclass(frozen=True)
class CustomerFacts:
    """What is known of a customer. `tier` is a code of the service classes; after `silent_hours` his terminals are missed.

    He pays within `payment_days`; None: within those that are usual.
    """

    name: str
    tier: str = "c"
    note: str | None = None
    silent_hours: int | None = None
    payment_days: int | None = None
    same_technician: bool = False


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
    customer = new_customer(branch_id, name, at, tier)
    session.add(customer)
    session.flush()
    record(session, ("customer", customer.id), "customer.make", by=by, at=at, detail={"name": name})
    return customer


def new_customer(branch_id: int, name: str, at: datetime, tier: str = "c") -> Customer:
    """A customer who is not saved yet."""
    return Customer(branch_id=branch_id, name=name, tier=tier, created_at=at, search_text=name_words(name))


def customer_named(session: Session, *, branch_id: int, name: str, by: Actor, at: datetime) -> Customer:
    """The branch's customer of exactly this name, made if there is none. Two callers at once get one customer."""
    hold_names(session, branch_id, [name])
    found = session.scalar(sa.select(Customer).where(Customer.branch_id == branch_id, Customer.name == name).limit(1))
    return found or make_customer(session, branch_id=branch_id, name=name, by=by, at=at)


def hold_names(session: Session, branch_id: int, names: Iterable[str]) -> None:
    """Keep everybody else from making customers of these names until the transaction ends.

    Names share a limited number of locks: the database has room for some thousands, and a list may name more customers.
    """
    for shelf in sorted({crc32(f"{branch_id}:{name}".encode()) % SHELVES for name in names}):
        session.execute(_hold, {"shelf": shelf})


def contact_of(session: Session, *, customer: Customer, name: str, phone: str) -> Contact:
    """The customer's contact with this name and phone, made if there is none."""
    digits = read_phone(phone).digits
    query = sa.select(Contact).where(Contact.customer_id == customer.id, Contact.phone_digits == digits, Contact.name == name)
    found = session.scalar(query.limit(1))
    if found is None:
        found = new_contact(customer, name, phone)
        session.add(found)
        session.flush()
    return found


def new_contact(customer: Customer, name: str, phone: str) -> Contact:
    """A contact who is not saved yet."""
    digits = read_phone(phone).digits
    words = "|".join(filter(None, (name_words(name), normalise(phone, digits))))
    return Contact(customer_id=customer.id, name=name, phone=phone, phone_digits=digits, search_text=words)


def site_of(session: Session, *, customer: Customer, address: str, pin: Pin | None, by: Actor, at: datetime) -> Site:
    """The customer's site at this address, made if there is none. A person's pin always wins and is remembered."""
    found = session.scalar(sa.select(Site).where(Site.customer_id == customer.id, Site.address == address))
    if found is None:
        found = Site(customer_id=customer.id, address=address)
        session.add(found)
        session.flush()
    if pin is not None and takes_pin(found, pin):
        set_pin(session, site=found, pin=pin, by=by, at=at)
    return found


def takes_pin(site: Site, pin: Pin) -> bool:
    """Whether a place is better known by a pin than it was: what a person has said gives way to a person only."""
    return site.lat is None or pin.source == "pin" or site.source != "pin"


def set_pin(session: Session, *, site: Site, pin: Pin, by: Actor, at: datetime) -> None:
    """Put a site on the map."""
    if move_pin(site, pin):
        session.flush()
        record(session, ("customer", site.customer_id), "site.pin", by=by, at=at, detail=pin_told(site))


def move_pin(site: Site, pin: Pin) -> bool:
    """Put a site on the map, without a word in the history; False if it lies there already."""
    facts = (pin.lat, pin.lon, pin.source, pin.accuracy_m)
    moved = (site.lat, site.lon, site.source, site.accuracy_m) != facts
    site.lat, site.lon, site.source, site.accuracy_m = facts
    return moved


def pin_told(site: Site) -> dict[str, Any]:
    """What the history says of a place."""
    return {"site": site.id, "lat": site.lat, "lon": site.lon}


def vehicle_of(
    session: Session, *, customer: Customer, facts: VehicleFacts, by: Actor, at: datetime, take_over: bool = False
) -> Vehicle:
    """The vehicle with this plate and colour, or else this VIN; made if there is none.

    Raises RuleBroken when it belongs to another customer, unless `take_over` says that it changed hands; what belongs to a
    customer of a branch that `by` does not see (Elsewhere) is never taken over.
    """
    found = _known_vehicle(session, facts)
    if found is None:
        return _make_vehicle(session, customer, facts, by=by, at=at)
    if found.customer_id != customer.id:
        if not take_over or not by.sees_branch(found.branch_id):
            raise other_owner(session, facts, found.customer, by=by)
        record(
            session,
            ("vehicle", found.id),
            "vehicle.change_owner",
            by=by,
            at=at,
            detail={"from": found.customer_id, "to": customer.id},
        )
        before = found.customer_id
        found.customer_id, found.branch_id = customer.id, customer.branch_id
        session.flush()
        for listener in _changed_hands:
            listener(session, found, before, by=by, at=at)
    learn(found, facts)
    return found


class Elsewhere(RuleBroken):
    """The vehicle is another branch's, whose customers the person does not see."""


def other_owner(session: Session, facts: VehicleFacts, owner: Customer, *, by: Actor) -> RuleBroken:
    """The refusal for a vehicle that is on record under another customer; of a branch not seen only the branch is named."""
    if by.sees_branch(owner.branch_id):
        return RuleBroken(say("%(vehicle)s is on record under %(owner)s.", vehicle=facts.shown, owner=owner.name))
    branch = session.get_one(Branch, owner.branch_id).name
    return Elsewhere(say("%(vehicle)s is on record at another branch: %(branch)s.", vehicle=facts.shown, branch=branch))


def _known_vehicle(session: Session, facts: VehicleFacts) -> Vehicle | None:
    # NO KEY: a plain row lock would clash with what somebody writes who has the vehicle's slot, for which a take-over waits.
    if facts.plate:
        same = (Vehicle.plate == facts.plate, Vehicle.plate_colour == facts.plate_colour)
        found = session.scalar(sa.select(Vehicle).where(*same).with_for_update(key_share=True))
        if found is not None:
            return found
    if not facts.vin:
        return None
    return session.scalar(sa.select(Vehicle).where(Vehicle.vin == facts.vin).with_for_update(key_share=True))


def _make_vehicle(session: Session, customer: Customer, facts: VehicleFacts, *, by: Actor, at: datetime) -> Vehicle:
    vehicle = new_vehicle(customer, facts, at)
    session.add(vehicle)
    session.flush()
    record(session, ("vehicle", vehicle.id), "vehicle.make", by=by, at=at, detail=_named(vehicle))
    return vehicle


def make_vehicles(
    session: Session, customer: Customer, fleet: Sequence[VehicleFacts], *, by: Actor, at: datetime
) -> list[Vehicle]:
    """Vehicles that are on record nowhere, all at once. Raises Conflict (from the database) when one is by now."""
    vehicles = [new_vehicle(customer, facts, at) for facts in fleet]
    save_vehicles(session, vehicles, by=by, at=at)
    return vehicles


def save_vehicles(session: Session, vehicles: Sequence[Vehicle], *, by: Actor, at: datetime) -> None:
    """Save new vehicles, all at once. Raises Conflict (from the database) when one is on record by now."""
    session.add_all(vehicles)
    session.flush()
    record_births(session, "vehicle", {v.id: [("vehicle.make", _named(v))] for v in vehicles}, by=by, at=at)


def _named(vehicle: Vehicle) -> dict[str, str | None]:
    return {"plate": vehicle.plate, "vin": vehicle.vin}


def new_vehicle(customer: Customer, facts: VehicleFacts, at: datetime) -> Vehicle:
    """A vehicle that is not saved yet."""
    vehicle = Vehicle(
        branch_id=customer.branch_id,
        customer_id=customer.id,
        plate=facts.plate,
        plate_colour=facts.plate_colour if facts.plate else None,
        vin=facts.vin,
        created_at=at,
        drivers=[],
    )
    learn(vehicle, facts)
    return vehicle


def learn(vehicle: Vehicle, facts: VehicleFacts) -> None:
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
            words = "|".join(filter(None, (name_words(name), normalise(phone))))
            vehicle.drivers.append(Driver(name=name, phone=phone, shift=shift, search_text=words))
            known.add((name, phone))
