"""Finding or making customers, contacts, sites and vehicles for many calls at once: `making`'s rules, with few statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.audit.operations import record_births
from dispatch.customers.models import Contact, Customer, Site, Vehicle
from dispatch.customers.operations.making import (
    VehicleFacts,
    hold_names,
    learn,
    new_contact,
    new_customer,
    new_vehicle,
    other_owner,
    save_vehicles,
)
from dispatch.customers.rules import read_phone
from dispatch.staff.rules import Actor


def customers_named(session: Session, *, branch_id: int, names: Collection[str], by: Actor, at: datetime) -> dict[str, Customer]:
    """The branch's customers of exactly these names, made where there is none."""
    hold_names(session, branch_id, names)
    query = sa.select(Customer).where(Customer.branch_id == branch_id, Customer.name.in_(names)).order_by(Customer.id.desc())
    known = {customer.name: customer for customer in session.scalars(query)}
    made = [new_customer(branch_id, name, at) for name in sorted(set(names) - known.keys())]
    session.add_all(made)
    session.flush()
    record_births(session, "customer", {one.id: [("customer.make", {"name": one.name})] for one in made}, by=by, at=at)
    return known | {customer.name: customer for customer in made}


def keep_contacts(session: Session, wanted: Iterable[tuple[Customer, str, str]]) -> None:
    """Remember who called for which customer, and from which number: (customer, name, phone)."""
    asked = {(customer.id, name, read_phone(phone).digits): (customer, name, phone) for customer, name, phone in wanted}
    columns = (Contact.customer_id, Contact.name, Contact.phone_digits)
    query = sa.select(*columns).where(Contact.customer_id.in_({key[0] for key in asked}))
    known = {tuple(row) for row in session.execute(query)}
    new = [new_contact(*each) for key, each in asked.items() if key not in known]
    session.bulk_save_objects(new)


def sites_at(session: Session, wanted: Iterable[tuple[Customer, str]]) -> dict[tuple[int, str], Site]:
    """The customers' sites at these addresses, made where there is none: (customer's id, address) -> site."""
    asked = dict.fromkeys((customer.id, address) for customer, address in wanted)
    query = sa.select(Site).where(Site.customer_id.in_({key[0] for key in asked}), Site.address.in_({key[1] for key in asked}))
    known = {(site.customer_id, site.address): site for site in session.scalars(query)}
    made = {key: Site(customer_id=key[0], address=key[1]) for key in asked if key not in known}
    session.add_all(made.values())
    session.flush()
    return known | made


class Fleet:
    """Vehicles on record and new ones, found by plate and colour or else by VIN. Those on record stay locked until the end."""

    def __init__(self, known: Iterable[Vehicle]) -> None:
        self._by_plate: dict[tuple[str, str | None], Vehicle] = {}
        self._by_vin: dict[str, Vehicle] = {}
        self._colours: dict[str, set[str]] = {}
        self._new: list[Vehicle] = []
        for vehicle in known:
            self._place(vehicle)

    def colours(self, plate: str) -> Collection[str]:
        """The colours that a plate is known with."""
        return self._colours.get(plate, ())

    def meant(self, session: Session, customer: Customer, facts: VehicleFacts, *, by: Actor, at: datetime) -> Vehicle:
        """The vehicle that is named so; a new one waits for `save`. Raises RuleBroken when it is another customer's."""
        found = self._by_plate.get((facts.plate, facts.plate_colour)) if facts.plate else None
        found = found or self._by_vin.get(facts.vin or "")
        if found is None:
            found = new_vehicle(customer, facts, at)
            self._new.append(found)
        elif found.customer_id != customer.id:
            raise other_owner(session, facts, session.get_one(Customer, found.customer_id), by=by)
        else:
            learn(found, facts)
        self._place(found)
        return found

    @property
    def unsaved(self) -> int:
        """How many are new and wait for `save`."""
        return len(self._new)

    def save(self, session: Session, most: int, *, by: Actor, at: datetime) -> None:
        """Save so many of those that are new."""
        save_vehicles(session, self._new[:most], by=by, at=at)
        del self._new[:most]

    def _place(self, vehicle: Vehicle) -> None:
        if vehicle.plate:
            self._by_plate[vehicle.plate, vehicle.plate_colour] = vehicle
            self._colours.setdefault(vehicle.plate, set()).add(vehicle.plate_colour or "")
        if vehicle.vin:
            self._by_vin[vehicle.vin] = vehicle


def fleet_named(session: Session, plates: Sequence[str], vins: Sequence[str]) -> Fleet:
    """The vehicles with any of these plates or VINs, of any branch. Lists of the same vehicles reach for them in one order."""
    named = sa.or_(Vehicle.plate.in_(set(plates) - {""}), Vehicle.vin.in_(set(vins) - {""}))
    query = sa.select(Vehicle).where(named).order_by(Vehicle.plate, Vehicle.vin).with_for_update(key_share=True, of=Vehicle)
    whole = query.options(joinedload(Vehicle.customer), selectinload(Vehicle.drivers))
    return Fleet(session.scalars(whole.execution_options(populate_existing=True)))
