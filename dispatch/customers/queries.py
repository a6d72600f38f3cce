"""Finding customers, vehicles and places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.customers.models import Contact, Customer, Driver, Site, Vehicle
from dispatch.customers.rules import normalise_plate, normalise_vin, number_begun
from dispatch.errors import NotFound
from dispatch.lists import FIRST, Cut, Part
from dispatch.search import found_in
from dispatch.staff.rules import Actor

SHORTEST_END = 4


def customer(session: Session, customer_id: int, by: Actor) -> Customer:
    """One customer with contacts and sites. Raises NotFound for another branch's."""
    whole = [joinedload(Customer.contacts), selectinload(Customer.sites)]
    found = session.get(Customer, customer_id, options=whole)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def vehicle(session: Session, vehicle_id: int, by: Actor) -> Vehicle:
    """One vehicle with its customer and drivers. Raises NotFound for another branch's."""
    found = session.get(Vehicle, vehicle_id, options=[joinedload(Vehicle.customer), joinedload(Vehicle.drivers)])
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def _own(column: sa.orm.InstrumentedAttribute[int], by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else column == by.branch_id


def customers_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> Sequence[Customer]:
    """Customers by part of their name or its initials, newest first."""
    query = sa.select(Customer).where(found_in(Customer.search_text, words), _own(Customer.branch_id, by))
    return session.scalars(query.order_by(Customer.id.desc()).limit(limit)).all()


def contacts_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> Sequence[Contact]:
    """Contacts by part of a name, its initials or a phone number, with their customers; whose number ends so first."""
    query = sa.select(Contact).join(Contact.customer).where(found_in(Contact.search_text, words), _own(Customer.branch_id, by))
    newest = [*_ends_first(Contact.phone_digits, words), Contact.id.desc()]
    return session.scalars(query.options(joinedload(Contact.customer)).order_by(*newest).limit(limit)).all()


def _ends_first(phone: sa.orm.InstrumentedAttribute[str | None], words: str) -> list[sa.ColumnElement[Any]]:
    """SQL: whose number ends with the digits that somebody says for the whole of it comes first."""
    digits = words.strip()
    return [phone.endswith(digits).desc().nulls_last()] if digits.isdecimal() and len(digits) >= SHORTEST_END else []


@dataclass(frozen=True)
class CustomerPage:
    """One page of the customers that match. `vehicle_counts` is by customer id."""

    part: Part[Customer]
    vehicle_counts: dict[int, int]


CUSTOMER_SORTS = {
    "name": (Customer.name, Customer.id),
    "tier": (Customer.tier, Customer.name, Customer.id),
    "newest": (Customer.id,),
}


def customers_page(session: Session, words: str, by: Actor, *, cut: Cut = FIRST) -> CustomerPage:
    """A page of the customers whose name, contact, phone or vehicle matches."""
    where = [_own(Customer.branch_id, by), *([_matches(words)] if words.strip() else [])]
    total = session.scalar(sa.select(sa.func.count()).select_from(Customer).where(*where)) or 0
    query = sa.select(Customer).where(*where).options(selectinload(Customer.contacts))
    found = session.scalars(cut.of(query, CUSTOMER_SORTS)).all()
    return CustomerPage(Part(found, cut.number, total), _vehicle_counts(session, [c.id for c in found]))


def _matches(words: str) -> sa.ColumnElement[bool]:
    by_contact = sa.select(Contact.customer_id).where(found_in(Contact.search_text, words))
    by_vehicle = sa.select(Vehicle.customer_id).where(found_in(Vehicle.search_text, words))
    return sa.or_(found_in(Customer.search_text, words), Customer.id.in_(by_contact), Customer.id.in_(by_vehicle))


def _vehicle_counts(session: Session, customer_ids: Sequence[int]) -> dict[int, int]:
    counted = sa.select(Vehicle.customer_id, sa.func.count()).where(Vehicle.customer_id.in_(customer_ids))
    return dict(session.execute(counted.group_by(Vehicle.customer_id)).all())


def vehicles_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> Sequence[Vehicle]:
    """Vehicles by part of a plate, VIN or fleet number, with their customers."""
    query = sa.select(Vehicle).where(found_in(Vehicle.search_text, words), _own(Vehicle.branch_id, by))
    return session.scalars(query.options(joinedload(Vehicle.customer)).order_by(Vehicle.id.desc()).limit(limit)).all()


def vehicle_numbered(session: Session, number: str, by: Actor) -> Vehicle | None:
    """The vehicle with this very plate or VIN."""
    plate, vin = normalise_plate(number), normalise_vin(number)
    exact = sa.or_(*(column == text for column, text in ((Vehicle.plate, plate), (Vehicle.vin, vin)) if text))
    if not (plate or vin):
        return None
    query = sa.select(Vehicle).where(exact, _own(Vehicle.branch_id, by)).options(joinedload(Vehicle.customer))
    return session.scalars(query.order_by(Vehicle.id.desc())).first()


def vehicles_of(session: Session, customer_id: int, *, limit: int = 500) -> Sequence[Vehicle]:
    """A customer's vehicles by plate."""
    query = sa.select(Vehicle).where(Vehicle.customer_id == customer_id).options(selectinload(Vehicle.drivers))
    return session.scalars(query.order_by(Vehicle.plate, Vehicle.vin).limit(limit)).all()


VEHICLE_SORTS = {
    "plate": (Vehicle.plate, Vehicle.vin, Vehicle.id),
    "vin": (Vehicle.vin, Vehicle.id),
    "fleet": (Vehicle.fleet_no, Vehicle.id),
}


def vehicles_page(session: Session, customer_id: int, words: str, *, cut: Cut = FIRST) -> tuple[Part[Vehicle], int]:
    """A page of a customer's vehicles that match, and how many he has in all."""
    own = Vehicle.customer_id == customer_id
    where = [own, *([found_in(Vehicle.search_text, words)] if words.strip() else [])]
    counted = sa.select(sa.func.count().filter(*where), sa.func.count()).where(own)
    total, every = session.execute(counted).one()
    return Part(session.scalars(cut.of(sa.select(Vehicle).where(*where), VEHICLE_SORTS)).all(), cut.number, total), every


def drivers_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> list[tuple[Driver, Vehicle]]:
    """Drivers by part of a name, its initials or a phone number, with their vehicles; whose number ends so first."""
    sought = found_in(Driver.search_text, number_begun(words) or words)
    query = sa.select(Driver, Vehicle).join(Vehicle, Vehicle.id == Driver.vehicle_id).where(sought, _own(Vehicle.branch_id, by))
    newest = [*_ends_first(Driver.phone, words), Driver.id.desc()]
    rows = session.execute(query.options(joinedload(Vehicle.customer)).order_by(*newest).limit(limit))
    return [(driver, vehicle) for driver, vehicle in rows]


def place_known(session: Session, address: str, by: Actor) -> Site | None:
    """A site with this very address that somebody already put on the map, whoever's it is; a person's pin first."""
    return places_known(session, [address], by).get(address)


def places_known(session: Session, addresses: Collection[str], by: Actor) -> dict[str, Site]:
    """The same for many addresses."""
    query = sa.select(Site).join(Customer, Customer.id == Site.customer_id)
    own = query.where(Site.address.in_(addresses), Site.lat.is_not(None), _own(Customer.branch_id, by))
    best = own.order_by(Site.address, (Site.source == "pin").desc(), Site.accuracy_m).ext(distinct_on(Site.address))
    return {site.address: site for site in session.scalars(best)}
