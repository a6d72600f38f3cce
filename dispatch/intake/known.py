"""What we know of a caller the moment he is found, and what of it goes into the call's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.clock import moment_of
from dispatch.customers import queries as customers
from dispatch.customers.models import Contact, Customer, Driver, Site, Vehicle
from dispatch.customers.rules import COMPANY_FORM, core_name, read_phone, read_plate
from dispatch.devices.models import TerminalModel, Unit
from dispatch.devices.queries import fitted_by_role
from dispatch.devices.slot_rules import MAIN, ROLES
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question, Warranty
from dispatch.intake.rules import model_of, show_place
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.queries import visible
from dispatch.orders.recall_queries import Before, visit_before
from dispatch.orders.rules import SYMPTOMS
from dispatch.search import normalise
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text

ENDED = ("done", "closed", "cancelled", "rejected")
MOST_ORDERS = 8
MOST_VEHICLES = 12
MOST_ALIKE = 4


@dataclass(frozen=True)
class Asked:
    """Whom to look up: something chosen by its id, else a vehicle or customer as typed."""

    vehicle_id: int | None = None
    customer_id: int | None = None
    contact_id: int | None = None
    driver_id: int | None = None
    plate: str = ""
    colour: str = ""
    vin: str = ""
    customer: str = ""


@dataclass(frozen=True)
class LastVisit:
    """The last time somebody was there and finished: for which order, when, who."""

    order: Order
    finished_at: datetime
    technician: str


@dataclass(frozen=True)
class Known:
    """A customer, and the vehicle it is about if one is known.

    `caller` is who is calling: name and phone; `visits` the next visit of an open order, by the order's id.
    """

    customer: Customer
    vehicle: Vehicle | None = None
    caller: tuple[str, str] | None = None
    vehicles: Sequence[Vehicle] = ()
    fitted: dict[str, Unit] = field(default_factory=dict)
    orders: Sequence[Order] = ()
    warranty: Warranty | None = None
    visits: dict[int, Visit] = field(default_factory=dict)
    before: Before | None = None
    """The last visit to the vehicle that this call may repeat."""
    places: Mapping[str, Mapping[str, Unit]] = field(default_factory=dict)
    """What is in the vehicle, by the roles of its terminals."""

    last_visit: LastVisit | None = None

    @property
    def under_way(self) -> Order | None:
        """The order about this very vehicle that a further call joins."""
        return next(iter(self.open_orders), None) if self.vehicle else None

    @property
    def other_roles(self) -> list[str]:
        """The roles besides the main one of what is in the vehicle."""
        return [role for role in ROLES if role in self.places and role != MAIN]

    @property
    def first_role(self) -> str:
        """Which terminal is meant unless the caller says otherwise."""
        return next((role for role in ROLES if role in self.places), MAIN)

    @property
    def open_orders(self) -> list[Order]:
        """Orders still under way: is this call about one of them?"""
        return [order for order in self.orders if order.status not in ENDED]

    @staticmethod
    def symptom_of(order: Order) -> Text | None:
        """What an order is about, in the words of the list of symptoms."""
        return SYMPTOMS[order.symptom].words if order.symptom else None

    @property
    def past_orders(self) -> list[Order]:
        """Orders that have come to their end."""
        return [order for order in self.orders if order.status in ENDED]

    @property
    def fill(self) -> dict[str, str]:
        """What goes into the call's fields, by their names."""
        contact, phone = self.caller or self._contact()
        return {"customer": self.customer.name, "contact": contact, "phone": phone, **self._vehicle(), **self._place()}

    def _contact(self) -> tuple[str, str]:
        last = self._last()
        if last:
            return last.contact_name, last.contact_phone
        first = next(iter(self.customer.contacts), None)
        return (first.name, first.phone or "") if first else ("", "")

    def _last(self) -> Order | None:
        return next((order for order in self.orders if order.customer_id == self.customer.id), None)

    def _vehicle(self) -> dict[str, str]:
        if self.vehicle is None:
            return {"known_customer": str(self.customer.id), "known_vehicle": ""}
        names = {"known_vehicle": str(self.vehicle.id), "known_customer": str(self.customer.id)}
        facts = {name: getattr(self.vehicle, name) or "" for name in ("plate", "vin")}
        bought = self.vehicle.purchased_on
        return names | facts | {"colour": self.vehicle.plate_colour or "", "model": self.model, "purchased_on": str(bought or "")}

    @property
    def model(self) -> str:
        """The model of the terminal in the vehicle, else of the last order's."""
        terminal = self.fitted["terminal"].terminal if "terminal" in self.fitted else None
        last = self._last()
        return terminal.model if terminal else (last.product_model or "" if last else "")

    def _place(self) -> dict[str, str]:
        site = self._site()
        return {"address": site.address, "place": show_place(site.lat, site.lon)} if site else {}

    def _site(self) -> Site | None:
        """Where it was the last time, else the customer's only site."""
        last, sites = self._last(), self.customer.sites
        used = next((site for site in sites if last and site.id == last.site_id), None)
        return used or (sites[0] if len(sites) == 1 else None)


def known(session: Session, asked: Asked, by: Actor, *, today: date) -> Known | None:
    """What is known; None when nobody is found. Raises NotFound for an id of another branch."""
    vehicle = _vehicle(session, asked, by)
    if vehicle is None:
        return _of_customer(session, asked, by, today)
    return _of_vehicle(session, vehicle, _caller(session, asked, vehicle), by, today)


def _of_vehicle(session: Session, vehicle: Vehicle, caller: tuple[str, str] | None, by: Actor, today: date) -> Known:
    customer = customers.customer(session, vehicle.customer_id, by)
    places = fitted_by_role(session, [vehicle.id]).get(vehicle.id, {})
    inside = places.get(MAIN, {})
    its_orders = sa.select(OrderLine.order_id).where(OrderLine.vehicle_id == vehicle.id)
    orders, visits, last = _last_orders(session, Order.id.in_(its_orders), by)
    bought = vehicle.purchased_on or next((order.purchased_on for order in orders if order.purchased_on), None)
    model = next((order.product_model for order in orders if order.product_model), "")
    term = warranty_of(session, inside, bought, model, by, customer.id if customer else None)
    found = Known(customer, vehicle, caller, fitted=inside, places=places, orders=orders, warranty=term, visits=visits)
    return replace(found, last_visit=last, before=visit_before(session, vehicle.id, at=moment_of(0, today, by.zone)))


def _of_customer(session: Session, asked: Asked, by: Actor, today: date) -> Known | None:
    contact = session.get(Contact, asked.contact_id) if asked.contact_id else None
    customer = _customer(session, contact.customer_id if contact else asked.customer_id, asked.customer, by)
    if customer is None:
        return None
    caller = (contact.name, contact.phone or "") if contact else None
    vehicles = customers.vehicles_of(session, customer.id, limit=MOST_VEHICLES)
    if len(vehicles) == 1:
        return _of_vehicle(session, vehicles[0], caller, by, today)
    orders, visits, last = _last_orders(session, Order.customer_id == customer.id, by)
    return Known(customer, None, caller, vehicles=vehicles, orders=orders, visits=visits, last_visit=last)


def _last_orders(
    session: Session, which: sa.ColumnElement[bool], by: Actor
) -> tuple[list[Order], dict[int, Visit], LastVisit | None]:
    """The last orders of a vehicle or customer, newest first, the earliest live visit of each, and the last visit."""
    live = sa.select(Visit).where(Visit.order_id == Order.id, Visit.status.in_(VISIT_LIVE)).order_by(Visit.starts_at).limit(1)
    soonest, over = aliased(Visit, live.lateral()), _finished().lateral()
    query = sa.select(Order, soonest, over.c.at, over.c.name).select_from(Order)
    query = query.outerjoin(soonest, sa.true()).outerjoin(over, sa.true())
    rows = session.execute(query.where(which, visible(by)).order_by(Order.id.desc()).limit(MOST_ORDERS)).all()
    ended = [LastVisit(order, at, name) for order, _, at, name in rows if at is not None]
    last = max(ended, key=lambda visit: visit.finished_at, default=None)
    return [row[0] for row in rows], {order.id: visit for order, visit, *_ in rows if visit is not None}, last


def _finished() -> sa.Select[datetime | None, str]:
    """SQL: when an order's last visit was finished, and whose it was."""
    ended = sa.select(Visit.finished_at.label("at"), Person.name).join(Person, Person.id == Visit.technician_id)
    return ended.where(Visit.order_id == Order.id, Visit.status == "finished").order_by(Visit.finished_at.desc()).limit(1)


def _customer(session: Session, customer_id: int | None, name: str, by: Actor) -> Customer | None:
    if customer_id is not None:
        return customers.customer(session, customer_id, by)
    return customer_on_record(session, name, by) if name else None


def _vehicle(session: Session, asked: Asked, by: Actor) -> Vehicle | None:
    if asked.vehicle_id is not None:
        return customers.vehicle(session, asked.vehicle_id, by)
    plate = read_plate(asked.plate, asked.colour)
    same = []
    if plate.text:
        same.append(sa.and_(Vehicle.plate == plate.text, *([Vehicle.plate_colour == plate.colour] if plate.colour else [])))
    same += [Vehicle.vin == asked.vin] if asked.vin else []
    if not same:
        return None
    query = sa.select(Vehicle).where(sa.or_(*same), Vehicle.branch_id == by.branch_id)
    return session.scalar(query.order_by(Vehicle.id).limit(1))


def _caller(session: Session, asked: Asked, vehicle: Vehicle) -> tuple[str, str] | None:
    driver = session.get(Driver, asked.driver_id) if asked.driver_id else None
    if driver is not None and driver.vehicle_id == vehicle.id:
        return driver.name, driver.phone or ""
    contact = session.get(Contact, asked.contact_id) if asked.contact_id else None
    if contact is not None and contact.customer_id == vehicle.customer_id:
        return contact.name, contact.phone or ""
    return None


def warranty_of(
    session: Session, inside: dict[str, Unit], purchased_on: date | None, model: str, by: Actor, customer_id: int | None = None
) -> Warranty:
    """The warranty of what is in a customer's vehicle, else of a model bought on a day."""
    unit = inside.get("terminal")
    asked = Question(
        customer_id, unit.id if unit else None, purchased_on=purchased_on, model=None if unit else _named(session, model)
    )
    return warranties(session, {0: asked}, by.zone)[0]


def _named(session: Session, model: str) -> str | None:
    """The model that somebody means by what he typed."""
    return model_of(model, session.scalars(sa.select(TerminalModel.name)).all()) if model else None


def similar_customers(session: Session, name: str, by: Actor) -> Sequence[Customer]:
    """Customers whose name holds this one, or is held by it, legal forms aside: the same company, written otherwise?"""
    folded, core = normalise(name), normalise(core_name(name))
    if len(folded) < 2:
        return []
    theirs = sa.func.regexp_replace(sa.func.split_part(Customer.search_text, "|", 1), COMPANY_FORM, "")
    held = sa.and_(sa.func.length(theirs) > 1, sa.func.strpos(folded, theirs) > 0)
    alike = sa.or_(Customer.search_text.contains(core, autoescape=True), held)
    other = sa.and_(Customer.branch_id == by.branch_id, alike, Customer.name != name)
    return session.scalars(sa.select(Customer).where(other).order_by(Customer.id.desc()).limit(MOST_ALIKE)).all()


def customer_on_record(session: Session, name: str, by: Actor) -> Customer | None:
    """The customer of exactly this name at the branch that `by` works for."""
    return session.scalar(sa.select(Customer).where(Customer.branch_id == by.branch_id, Customer.name == name).limit(1))


def in_doubt(session: Session, name: str, by: Actor) -> Sequence[Customer]:
    """The customers that a name not on record may be meant for; none when it is on record, or like no other."""
    return [] if not name or customer_on_record(session, name, by) else similar_customers(session, name, by)


def digits_of(words: str) -> str:
    """The phone number in what was searched for, as it is kept; "" when it is none."""
    phone = read_phone(words)
    return phone.written if phone.e164 else ""
