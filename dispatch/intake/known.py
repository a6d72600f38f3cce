"""What we know of a caller the moment he is found, and what of it goes into the call's fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers import queries as customers
from dispatch.customers.models import Contact, Customer, Driver, Site, Vehicle
from dispatch.customers.rules import read_phone, read_plate
from dispatch.devices.models import TerminalModel, Unit
from dispatch.devices.queries import fitted
from dispatch.intake.rules import model_of, show_place
from dispatch.orders.models import Order
from dispatch.orders.queries import lines_of_vehicle, visible
from dispatch.orders.rules import Warranty, warranty
from dispatch.search import normalise
from dispatch.staff.rules import Actor

ENDED = ("done", "closed", "cancelled", "rejected")
DEFAULT_MONTHS = 12
MOST_ORDERS = 8
MOST_VEHICLES = 12


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
class Known:
    """A customer, and the vehicle it is about if one is known. `caller` is who is calling: name and phone."""

    customer: Customer
    vehicle: Vehicle | None = None
    caller: tuple[str, str] | None = None
    vehicles: Sequence[Vehicle] = ()
    fitted: dict[str, Unit] = field(default_factory=dict)
    orders: Sequence[Order] = ()
    warranty: Warranty | None = None

    @property
    def open_orders(self) -> list[Order]:
        """Orders still under way: is this call about one of them?"""
        return [order for order in self.orders if order.status not in ENDED]

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
    inside = fitted(session, [vehicle.id]).get(vehicle.id, {})
    orders = [line.order for line in lines_of_vehicle(session, vehicle.id, by, limit=MOST_ORDERS)]
    bought = vehicle.purchased_on or next((order.purchased_on for order in orders if order.purchased_on), None)
    model = next((order.product_model for order in orders if order.product_model), "")
    term = warranty_of(session, inside, bought, model, by)
    return Known(customer, vehicle, caller, fitted=inside, orders=orders, warranty=term)


def _of_customer(session: Session, asked: Asked, by: Actor, today: date) -> Known | None:
    contact = session.get(Contact, asked.contact_id) if asked.contact_id else None
    customer = _customer(session, contact.customer_id if contact else asked.customer_id, asked.customer, by)
    if customer is None:
        return None
    caller = (contact.name, contact.phone or "") if contact else None
    vehicles = customers.vehicles_of(session, customer.id, limit=MOST_VEHICLES)
    if len(vehicles) == 1:
        return _of_vehicle(session, vehicles[0], caller, by, today)
    query = sa.select(Order).where(Order.customer_id == customer.id, visible(by)).order_by(Order.id.desc()).limit(MOST_ORDERS)
    return Known(customer, None, caller, vehicles=vehicles, orders=session.scalars(query).all())


def _customer(session: Session, customer_id: int | None, name: str, by: Actor) -> Customer | None:
    if customer_id is not None:
        return customers.customer(session, customer_id, by)
    if not name:
        return None
    return session.scalar(sa.select(Customer).where(Customer.branch_id == by.branch_id, Customer.name == name).limit(1))


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


def warranty_of(session: Session, inside: dict[str, Unit], purchased_on: date | None, model: str, by: Actor) -> Warranty:
    """The warranty of what is in a vehicle, else of a model bought on a day."""
    unit = inside.get("terminal")
    if unit is not None and unit.terminal is not None and unit.position is not None:
        since = local_day(unit.position.since, by.zone)
        return warranty(since, purchased_on, unit.terminal.warranty_months)
    return warranty(None, purchased_on, _months(session, model))


def _months(session: Session, model: str) -> int:
    names = {m.name: m.warranty_months for m in session.scalars(sa.select(TerminalModel))} if model else {}
    return names.get(model_of(model, names), DEFAULT_MONTHS)


def similar_customers(session: Session, name: str, by: Actor) -> Sequence[Customer]:
    """Customers whose name holds this one, or is held by it: the same company, written shorter or longer?"""
    folded = normalise(name)
    if len(folded) < 2:
        return []
    alike = sa.or_(Customer.search_text.contains(folded, autoescape=True), sa.func.strpos(folded, Customer.search_text) > 0)
    other = sa.and_(Customer.branch_id == by.branch_id, Customer.search_text != "", alike, Customer.name != name)
    return session.scalars(sa.select(Customer).where(other).order_by(Customer.id.desc()).limit(4)).all()


def digits_of(words: str) -> str:
    """The phone number in what was searched for, as it is kept; "" when it is none."""
    phone = read_phone(words)
    return phone.written if phone.e164 else ""
