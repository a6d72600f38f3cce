"""One search for everything: phone, plate, order, terminal, SIM, name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.queries import contacts_found, customers_found, drivers_found, vehicles_found
from dispatch.db import transaction
from dispatch.devices.operations import describe
from dispatch.devices.queries import units_found
from dispatch.orders.queries import orders_found
from dispatch.staff.queries import people_found
from dispatch.staff.rules import Actor

MOST = 6


@dataclass(frozen=True)
class Hit:
    """One thing found."""

    url: str
    title: str
    text: Any = None
    status: tuple[str, str] | None = None
    plate: tuple[str, str | None] | None = None


@dataclass(frozen=True)
class Group:
    """Hits of one kind."""

    label: str
    icon: str
    hits: list[Hit]
    more_url: str | None = None
    more_found: bool = False


def everything(words: str, by: Actor) -> list[Group]:
    """What matches, by kind, as far as the reader may see it."""
    with transaction() as db:
        groups = [_orders(db, words, by)]
        groups += [_vehicles(db, words, by), _customers(db, words, by)] if by.may("customer.see") else []
        groups += [_units(db, words, by)] if by.may("stock.see") else []
        groups += [_people(db, words, by)] if by.may("staff.see") else []
    return [group for group in groups if group.hits]


def _orders(db: Session, words: str, by: Actor) -> Group:
    found = orders_found(db, words, by, limit=MOST)
    hits = [Hit(url_for("orders.show", number=o.number), o.number, o.customer.name, ("order", o.status)) for o in found]
    more = url_for("orders.index", q=words) if by.may("order.see") else None
    return Group(_("Orders"), "card-list", hits, more, more_found=len(found) == MOST)


def _vehicles(db: Session, words: str, by: Actor) -> Group:
    hits = [_vehicle(v, v.customer.name, v.vin) for v in vehicles_found(db, words, by, limit=MOST)]
    driven = drivers_found(db, words, by, limit=MOST)
    hits += [_vehicle(vehicle, driver.name, vehicle.customer.name) for driver, vehicle in driven]
    return Group(_("Vehicles"), "truck", hits[:MOST])


def _vehicle(v: Vehicle, title: str, text: str | None) -> Hit:
    url = url_for("customers.vehicle", vehicle_id=v.id)
    return Hit(url, title, text, plate=(v.plate, v.plate_colour) if v.plate else None)


def _customers(db: Session, words: str, by: Actor) -> Group:
    named = customers_found(db, words, by, limit=MOST)
    hits = {c.id: Hit(url_for("customers.show", customer_id=c.id), c.name) for c in named}
    for contact in contacts_found(db, words, by, limit=MOST):
        hits.setdefault(
            contact.customer_id,
            Hit(url_for("customers.show", customer_id=contact.customer_id), contact.customer.name, contact.name),
        )
    return Group(_("Customers"), "building", list(hits.values())[:MOST])


def _units(db: Session, words: str, by: Actor) -> Group:
    found = units_found(db, words, by, limit=MOST)
    hits = []
    for unit in found:
        place = describe(unit.position.holder) if unit.position else None
        hits.append(Hit(url_for("devices.unit", unit_id=unit.id), unit.number, place))
    return Group(_("Terminals, SIMs and tools"), "cpu", hits)


def _people(db: Session, words: str, by: Actor) -> Group:
    found = people_found(db, words, by, limit=MOST)
    return Group(_("People"), "person", [Hit(url_for("staff.show", person_id=p.id), p.name, p.branch.name) for p in found])
