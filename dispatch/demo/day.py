"""A day of orders in all states, each brought there by the operations that people use, minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from dispatch.clock import local_day
from dispatch.customers.models import Customer, Vehicle
from dispatch.demo import words
from dispatch.demo.company import Company, make_vehicle
from dispatch.demo.on_site import OnSite
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.approving import approve, reject
from dispatch.orders.operations.moves import locked_order, move_order, move_visit
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.orders.operations.visits import NewVisit, cancel_order, plan_visit
from dispatch.staff.rules import Actor

VISIT_MINUTES = 45


def build(company: Company, now: datetime) -> None:
    """Yesterday's closed orders, and today in full swing; what waits for the planner is enough to fill several vans."""
    for index in range(12):
        _closed(company, "SZ", now - timedelta(days=1 + index // 6), index)
    technicians = [company.people[username] for username, _, _ in words.TECHNICIANS["SZ"]]
    today = _Today(company, "SZ", now, technicians)
    today.fill()
    _waiting_for_the_planner(company, "SZ", now)
    _Today(company, "GZ", now, [company.people[username] for username, _, _ in words.TECHNICIANS["GZ"]]).fill()
    _waiting_for_approval(company, now)


def _call(company: Company, code: str, at: datetime, *, urgency: str = "normal", complaint: int | None = None) -> Order:
    customers = company.customers[code]
    customer = company.random.choice(customers)
    vehicle = company.random.choice([v for v in company.vehicles[code] if v.customer_id == customer.id])
    symptom, text = words.COMPLAINTS[company.random.randrange(len(words.COMPLAINTS)) if complaint is None else complaint]
    contact = customer.contacts[0] if customer.contacts else None
    new = NewOrder(
        kind="repair",
        contact_name=contact.name if contact else company.someone(),
        contact_phone=(contact.phone if contact else None) or company.phone(),
        urgency=urgency,
        product_model=company.random.choice(words.MODELS)[0],
        symptom=symptom,
        symptom_text=text,
        diagnosis="已远程重启，未恢复" if symptom == "offline" else None,
    )
    return _take(company, code, new, customer, [vehicle], at)


def _installation(company: Company, code: str, at: datetime, count: int) -> Order:
    customer = company.customers[code][1 if count > 20 else 2]
    vehicles = [make_vehicle(company, customer, code) for _ in range(count)]
    new = NewOrder(
        kind="installation",
        contact_name=customer.contacts[0].name if customer.contacts else company.someone(),
        contact_phone=company.phone(),
        channel="email",
        product_model="BD-808A",
        wanted_on=local_day(at, company.zone),
    )
    return _take(company, code, new, customer, vehicles, at)


def _take(company: Company, code: str, new: NewOrder, customer: Customer, vehicles: list[Vehicle], at: datetime) -> Order:
    lines = [NewLine(vehicle, model=new.product_model) for vehicle in vehicles]
    site = company.sites[customer.id]
    desk = company.desk(code)
    return take_order(company.session, new=new, customer=customer, site=site, lines=lines, by=desk, at=at, zone=company.zone)


def _approved(company: Company, code: str, order: Order, at: datetime) -> Order:
    company.session.refresh(order, ["approvals"])
    return approve(company.session, order.id, approval_id=order.approvals[-1].id, by=company.manager(code), at=at)


def _visit(company: Company, code: str, order: Order, technician: Actor, starts_at: datetime, at: datetime) -> Visit:
    assert technician.id is not None
    lines = tuple(line.id for line in order.lines)
    minutes = VISIT_MINUTES if len(lines) == 1 else 30 * len(lines)
    new = NewVisit(order.id, technician.id, starts_at, starts_at + timedelta(minutes=minutes), lines)
    return plan_visit(company.session, new, by=company.desk(code), at=at)


def _finish(company: Company, visit: Visit, technician: Actor) -> None:
    """The technician's part of a visit: out, there, done."""
    there = OnSite(company, visit, technician)
    there.depart()
    there.arrive(visit.starts_at + timedelta(minutes=3))
    there.work()


def _closed(company: Company, code: str, day: datetime, index: int) -> None:
    technicians = words.TECHNICIANS[code]
    technician = company.people[technicians[index % len(technicians)][0]]
    start = day - timedelta(hours=index % 3 * 2)
    order = _approved(company, code, _call(company, code, start - timedelta(hours=3)), start - timedelta(hours=2))
    visit = _visit(company, code, order, technician, start, start - timedelta(hours=1))
    move_visit(company.session, visit, "dispatch", by=company.desk(code), at=start - timedelta(minutes=50))
    _finish(company, visit, technician)


class _Today:
    """The branch's day around `now`: some visits over, some under way, some still to come."""

    def __init__(self, company: Company, code: str, now: datetime, technicians: list[Actor]) -> None:
        self.company, self.code, self.now, self.technicians = company, code, now, technicians
        self.taken = now - timedelta(hours=7)

    def fill(self) -> None:
        """One visit per technician and phase of the day."""
        phases: tuple[tuple[timedelta, Callable[[Order, Visit, Actor], None]], ...] = (
            (timedelta(hours=-3), self._over),
            (timedelta(minutes=-20), self._under_way),
            (timedelta(hours=1, minutes=15), self._dispatched),
            (timedelta(hours=2, minutes=30), self._planned),
        )
        for offset, phase in phases:
            for technician in self.technicians:
                order = _approved(
                    self.company, self.code, _call(self.company, self.code, self.taken), self.taken + timedelta(minutes=9)
                )
                start = self.now + offset + timedelta(minutes=self.company.random.randrange(0, 20))
                visit = _visit(self.company, self.code, order, technician, start, self.taken + timedelta(minutes=30))
                phase(order, visit, technician)
                self.taken += timedelta(minutes=2)

    def _send(self, visit: Visit) -> None:
        move_visit(self.company.session, visit, "dispatch", by=self.company.desk(self.code), at=self.now - timedelta(hours=4))

    def _over(self, order: Order, visit: Visit, technician: Actor) -> None:
        self._send(visit)
        _finish(self.company, visit, technician)

    def _under_way(self, order: Order, visit: Visit, technician: Actor) -> None:
        self._send(visit)
        there = OnSite(self.company, visit, technician)
        there.depart(20)
        if self.company.random.random() < 0.6:
            there.arrive(min(visit.starts_at, self.now))

    def _dispatched(self, order: Order, visit: Visit, technician: Actor) -> None:
        self._send(visit)

    def _planned(self, order: Order, visit: Visit, technician: Actor) -> None:
        """Left as it is."""


def _waiting_for_the_planner(company: Company, code: str, now: datetime) -> None:
    early = now - timedelta(hours=5)
    _approved(company, code, _installation(company, code, early, 43), early + timedelta(minutes=40))
    _approved(company, code, _installation(company, code, early, 6), early + timedelta(minutes=40))
    for index in range(14):
        urgency = ("emergency", "urgent", "normal", "normal", "normal")[index % 5]
        taken = now - timedelta(minutes=240 - index * 12)
        order = _call(company, code, taken, urgency=urgency, complaint=index % len(words.COMPLAINTS))
        _approved(company, code, order, taken + timedelta(minutes=7))
    for reason in ("客户车辆外出，周五返回", "等待厂家配件"):
        order = _approved(company, code, _call(company, code, early), early + timedelta(minutes=5))
        at = early + timedelta(minutes=30)
        move_order(company.session, locked_order(company.session, order.id), "hold", by=company.desk(code), at=at, reason=reason)


def _waiting_for_approval(company: Company, now: datetime) -> None:
    for minutes in (55, 41, 33, 18, 6):
        _call(company, "SZ", now - timedelta(minutes=minutes), urgency="urgent" if minutes == 18 else "normal")
    _installation(company, "SZ", now - timedelta(minutes=25), 5)
    _call(company, "GZ", now - timedelta(minutes=20))
    refused = _call(company, "SZ", now - timedelta(hours=3))
    company.session.refresh(refused, ["approvals"])
    step = refused.approvals[-1].id
    manager = company.manager("SZ")
    reject(
        company.session,
        refused.id,
        approval_id=step,
        reason="合同已到期，先联系业务员续签",
        by=manager,
        at=now - timedelta(hours=2),
    )
    gone = _call(company, "SZ", now - timedelta(hours=4))
    at = now - timedelta(hours=3)
    cancel_order(company.session, gone.id, version=None, by=company.desk("SZ"), at=at, reason="客户来电：已自行恢复")
