"""What the desk of the demonstration does with an order: takes it, has it approved, puts it on a technician's day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from dispatch.clock import local_day
from dispatch.customers.models import Customer, Vehicle
from dispatch.demo import words
from dispatch.demo.company import Company, make_vehicle
from dispatch.devices.fitted import slot_units
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.approving import approve
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.staff.rules import Actor

VISIT_MINUTES = 45


def take_call(
    company: Company, code: str, at: datetime, *, urgency: str = "normal", complaint: int | None = None, fitted: bool = False
) -> Order:
    """Somebody calls about a vehicle, `fitted`: about one with a terminal; `complaint` is an index of words.COMPLAINTS."""
    customer = company.random.choice(company.customers[code])
    vehicle = company.random.choice(_vehicles(company, code, customer, fitted=fitted))
    symptom, text = words.COMPLAINTS[company.random.randrange(len(words.COMPLAINTS)) if complaint is None else complaint]
    contact = customer.contacts[0] if customer.contacts else None
    new = NewOrder(
        kind="repair",
        contact_name=contact.name if contact else company.someone(),
        contact_phone=(contact.phone if contact else None) or company.phone(),
        urgency=urgency,
        product_model=_product(company, vehicle),
        symptom=symptom,
        symptom_text=text,
        diagnosis="已远程重启，未恢复" if symptom == "offline" else None,
    )
    return _take(company, code, new, customer, [vehicle], at)


def _product(company: Company, vehicle: Vehicle) -> str:
    """The model of the terminal in the vehicle; any where there is none on record."""
    unit = slot_units(company.session, vehicle.id).get("terminal")
    return unit.terminal.model if unit and unit.terminal else company.random.choice(words.MODELS)[0]


def _vehicles(company: Company, code: str, customer: Customer, *, fitted: bool) -> list[Vehicle]:
    known = enumerate(company.vehicles[code])
    return [v for index, v in known if v.customer_id == customer.id and (company.is_fitted(index) or not fitted)]


def take_request(company: Company, code: str, at: datetime, count: int, *, wanted_at: datetime | None = None) -> Order:
    """An e-mail asks for as many installations, on the same day or on another."""
    customer = company.customers[code][1 if count > 20 else 2]
    vehicles = [make_vehicle(company, customer, code) for _ in range(count)]
    new = NewOrder(
        kind="installation",
        contact_name=customer.contacts[0].name if customer.contacts else company.someone(),
        contact_phone=company.phone(),
        channel="email",
        product_model="BD-808A",
        wanted_on=local_day(wanted_at or at, company.zone),
    )
    return _take(company, code, new, customer, vehicles, at)


def _take(company: Company, code: str, new: NewOrder, customer: Customer, vehicles: list[Vehicle], at: datetime) -> Order:
    lines = [NewLine(vehicle, model=new.product_model) for vehicle in vehicles]
    site = company.sites[customer.id]
    desk = company.desk(code)
    return take_order(company.session, new=new, customer=customer, site=site, lines=lines, by=desk, at=at, zone=company.zone)


def approved(company: Company, code: str, order: Order, at: datetime) -> Order:
    """The order, once the manager has said yes."""
    company.session.refresh(order, ["approvals"])
    return approve(company.session, order.id, approval_id=order.approvals[-1].id, by=company.manager(code), at=at)


def planned(
    company: Company,
    code: str,
    order: Order,
    technician: Actor,
    starts_at: datetime,
    at: datetime,
    lines: Sequence[OrderLine] | None = None,
) -> Visit:
    """A visit for all vehicles of the order, or for these."""
    assert technician.id is not None
    chosen = tuple(line.id for line in (order.lines if lines is None else lines))
    minutes = VISIT_MINUTES if len(chosen) == 1 else 30 * len(chosen)
    new = NewVisit(order.id, technician.id, starts_at, starts_at + timedelta(minutes=minutes), chosen)
    return plan_visit(company.session, new, by=company.desk(code), at=at)


def send(company: Company, code: str, visit: Visit, at: datetime) -> None:
    """The technician hears of the visit."""
    move_visit(company.session, visit, "dispatch", by=company.desk(code), at=at)
