"""How some of the technicians work a day, and whom some of the customers would rather have, or do not let in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.customers.wishes import NewWish, keep_wish
from dispatch.staff.workday_rules import Workday

if TYPE_CHECKING:
    from dispatch.demo.company import Company

WORKDAYS = {
    "su": Workday(pace=95, overtime_minutes=60),
    "han": Workday(pace=115, max_vehicles=8),
    "yun": Workday(max_travel_minutes=240),
    "yu": Workday(overtime_minutes=45, open_end=True),
    "tao": Workday(pace=110),
}
"""Who is none of these works as usual."""

CODE = "SZ"
WISHES = (
    (0, "su", "preferred", "熟悉车队和场站，车队长点名", False),
    (0, "yang", "forbidden", "上次装机刮坏中控面板，客户要求换人", True),
    (1, "wei", "preferred", "视频终端一直由其维护", False),
)
"""The number of a customer, who, what, why, and whether only at his first site."""


def agree(company: Company) -> None:
    """What customers have said so far."""
    for number, who, kind, reason, is_here in WISHES:
        customer = company.customers[CODE][number]
        site = company.sites[customer.id].id if is_here else None
        new = NewWish(company.people[who].id or 0, kind, reason, site)
        keep_wish(company.session, customer.id, new, by=company.desk(CODE), at=company.at)
    company.customers[CODE][1].same_technician = True
