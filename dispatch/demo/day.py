"""A day of orders in all states, each brought there by the operations that people use, minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from dispatch.clock import local_day
from dispatch.demo import words
from dispatch.demo.company import Company
from dispatch.demo.courses import EACH_DAY, EARLIER, TODAY, Course
from dispatch.demo.desk import approved, planned, send, take_call, take_request
from dispatch.demo.on_site import OnSite
from dispatch.demo.putting_right import put_right
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.approving import reject
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.operations.visits import cancel_order
from dispatch.orders.waiting_rules import WaitFor
from dispatch.staff.rules import Actor

DAMAGED = 9
"""The complaint of words.COMPLAINTS after which a terminal is swapped."""


def build(company: Company, now: datetime) -> None:
    """The days before, and today in full swing; what waits for the planner is enough to fill several vans."""
    for code, courses in EARLIER.items():
        for index, course in enumerate(courses):
            _earlier(company, code, now - timedelta(days=1 + index // EACH_DAY[code]), index, course)
    _Today(company, "SZ", now).fill()
    _waiting_for_the_planner(company, "SZ", now)
    _Today(company, "GZ", now).fill()
    _waiting_for_approval(company, now)
    _broken_off(company, "SZ", now)


def _technicians(company: Company, code: str) -> list[tuple[str, Actor]]:
    return [(username, company.people[username]) for username, _, _ in words.TECHNICIANS[code]]


def _call(company: Company, code: str, at: datetime, course: Course) -> Order:
    """A call about something that lets the visit take its course."""
    if course.mistaken or course.disputed:
        return take_call(company, code, at, complaint=DAMAGED, fitted=True)
    return take_call(company, code, at)


def _finish(company: Company, visit: Visit, technician: Actor, course: Course) -> None:
    """The technician's part of a visit: out, there, done."""
    there = OnSite(company, visit, technician, course)
    there.depart()
    there.arrive(visit.starts_at + timedelta(minutes=3))
    there.work()


def _earlier(company: Company, code: str, day: datetime, index: int, course: Course) -> None:
    technicians = _technicians(company, code)
    _, technician = technicians[index % len(technicians)]
    start = day - timedelta(hours=index % 3 * 2)
    order = approved(company, code, _call(company, code, start - timedelta(hours=3), course), start - timedelta(hours=2))
    visit = planned(company, code, order, technician, start, start - timedelta(hours=1))
    send(company, code, visit, start - timedelta(minutes=50))
    _finish(company, visit, technician, course)
    put_right(company, code, order, course, start)


class _Today:
    """The branch's day around `now`: some visits over, some under way, some still to come."""

    def __init__(self, company: Company, code: str, now: datetime) -> None:
        self.company, self.code, self.now = company, code, now
        self.taken = now - timedelta(hours=7)

    def fill(self) -> None:
        """One visit per technician and phase of the day; the first of the day take their courses."""
        phases: tuple[tuple[timedelta, Callable[[Visit, Actor, Course], None]], ...] = (
            (timedelta(hours=-3), self._over),
            (timedelta(minutes=-20), self._under_way),
            (timedelta(hours=1, minutes=15), self._dispatched),
            (timedelta(hours=2, minutes=30), self._planned),
        )
        for offset, phase in phases:
            for username, technician in _technicians(self.company, self.code):
                course = TODAY[username]
                call = _call(self.company, self.code, self.taken, course)
                order = approved(self.company, self.code, call, self.taken + timedelta(minutes=9))
                start = self.now + offset + timedelta(minutes=self.company.random.randrange(0, 20))
                visit = planned(self.company, self.code, order, technician, start, self.taken + timedelta(minutes=30))
                phase(visit, technician, course)
                self.taken += timedelta(minutes=2)

    def _send(self, visit: Visit) -> None:
        send(self.company, self.code, visit, self.now - timedelta(hours=4))

    def _over(self, visit: Visit, technician: Actor, course: Course) -> None:
        self._send(visit)
        _finish(self.company, visit, technician, course)

    def _under_way(self, visit: Visit, technician: Actor, course: Course) -> None:
        """He is there already, or on his way."""
        self._send(visit)
        there = OnSite(self.company, visit, technician)
        there.depart(20)
        if not course.late:
            there.arrive(min(visit.starts_at, self.now))
            there.begin()

    def _dispatched(self, visit: Visit, technician: Actor, course: Course) -> None:
        self._send(visit)

    def _planned(self, visit: Visit, technician: Actor, course: Course) -> None:
        """Left as it is."""


def _waiting_for_the_planner(company: Company, code: str, now: datetime) -> None:
    early = now - timedelta(hours=5)
    approved(company, code, take_request(company, code, early, 43), early + timedelta(minutes=40))
    approved(company, code, take_request(company, code, early, 6), early + timedelta(minutes=40))
    for index in range(14):
        urgency = ("emergency", "urgent", "normal", "normal", "normal")[index % 5]
        taken = now - timedelta(minutes=240 - index * 12)
        order = take_call(company, code, taken, urgency=urgency, complaint=index % len(words.COMPLAINTS))
        approved(company, code, order, taken + timedelta(minutes=7))
    for why, told, days in (("vehicle", "车辆出车在外，回来后再约", 3), ("part", "等待厂家配件", 5)):
        order = approved(company, code, take_call(company, code, early), early + timedelta(minutes=5))
        at = early + timedelta(minutes=30)
        wait = WaitFor(why, local_day(at, company.zone) + timedelta(days=days), told)
        put_off(company.session, order.id, wait, version=order.version, by=company.desk(code), at=at)


def _waiting_for_approval(company: Company, now: datetime) -> None:
    for minutes in (55, 41, 33, 18, 6):
        take_call(company, "SZ", now - timedelta(minutes=minutes), urgency="urgent" if minutes == 18 else "normal")
    take_request(company, "SZ", now - timedelta(minutes=25), 5)
    take_call(company, "GZ", now - timedelta(minutes=20))
    refused = take_call(company, "SZ", now - timedelta(hours=3))
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
    gone = take_call(company, "SZ", now - timedelta(hours=4))
    at = now - timedelta(hours=3)
    cancel_order(company.session, gone.id, version=None, by=company.desk("SZ"), at=at, reason="客户来电：已自行恢复")


def _broken_off(company: Company, code: str, now: datetime) -> None:
    """Nobody was at the gate: the technician says from which day it can be tried again, and the order waits until then."""
    start = now - timedelta(hours=5)
    order = approved(company, code, take_call(company, code, start - timedelta(hours=2)), start - timedelta(minutes=110))
    _, technician = _technicians(company, code)[1]
    visit = planned(company, code, order, technician, start, start - timedelta(minutes=100))
    send(company, code, visit, start - timedelta(minutes=90))
    there = OnSite(company, visit, technician)
    there.depart()
    there.arrive(start + timedelta(minutes=2))
    there.break_off("车主临时出车，后天回来", days=2)
