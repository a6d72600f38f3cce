"""Two installations: one that two technicians worked on today, where a vehicle did not come, and one of two days ago."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.demo.company import Company
from dispatch.demo.desk import approved, planned, send, take_request
from dispatch.demo.on_site import OnSite
from dispatch.orders.models import Order, OrderLine

CODE = "SZ"
DID_NOT_COME = "车辆在外地拉货，明天上午回场"
EACH = 3
"""So many of today's vehicles each of the two does."""
TOMORROW_AT = time(9, 30)


def build(company: Company, moment: datetime) -> None:
    """Both; today's goes on tomorrow with the vehicle that did not come, and its technician knows."""
    _of_two_days_ago(company, moment - timedelta(days=2, hours=5))
    _of_today(company, moment)


def _of_two_days_ago(company: Company, start: datetime) -> None:
    """Four vehicles, all done."""
    order = _taken(company, start, 4)
    _worked_on(company, order, "han", order.lines, start)


def _of_today(company: Company, moment: datetime) -> None:
    """Two technicians on the same yard; the last vehicle of the second did not come."""
    start = moment - timedelta(hours=5, minutes=20)
    order = _taken(company, start, 2 * EACH + 1)
    absent = order.lines[-1]
    _worked_on(company, order, "suntao", order.lines[:EACH], start)
    _worked_on(company, order, "yu", order.lines[EACH:], start, absent=absent)
    zone = ZoneInfo(company.zone)
    tomorrow = datetime.combine(moment.astimezone(zone).date() + timedelta(days=1), TOMORROW_AT, zone)
    again = planned(company, CODE, order, company.people["yu"], tomorrow, moment - timedelta(hours=2), [absent])
    send(company, CODE, again, moment - timedelta(minutes=110))


def _taken(company: Company, start: datetime, count: int) -> Order:
    """Asked for and approved on the day before its start."""
    at = start - timedelta(hours=20)
    return approved(company, CODE, take_request(company, CODE, at, count, wanted_at=start), at + timedelta(minutes=35))


def _worked_on(
    company: Company, order: Order, who: str, lines: list[OrderLine], start: datetime, absent: OrderLine | None = None
) -> None:
    technician = company.people[who]
    visit = planned(company, CODE, order, technician, start, start - timedelta(hours=2), lines)
    send(company, CODE, visit, start - timedelta(hours=1))
    there = OnSite(company, visit, technician)
    there.depart()
    there.arrive(start + timedelta(minutes=4))
    there.install(absent, DID_NOT_COME)
