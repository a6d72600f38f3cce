"""Addresses out of an old list that no map could place: of one several places may be meant, of one only the district is known."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dispatch.customers.models import SiteSearch
from dispatch.customers.operations import site_of
from dispatch.geo.gateway import Place

if TYPE_CHECKING:
    from dispatch.demo.company import Company

UNCLEAR: tuple[tuple[str, str, tuple[Place, ...]], ...] = (
    (
        "凤凰工业区三号门",
        "several",
        (
            Place(22.6781, 113.8322, "amap", "兴趣点", 100, "广东省深圳市宝安区福永街道凤凰工业区"),
            Place(22.7562, 113.9371, "amap", "兴趣点", 100, "广东省深圳市光明区凤凰街道凤凰工业区"),
        ),
    ),
    ("广东省深圳市龙岗区老车队院内", "coarse", (Place(22.7196, 114.2512, "district", "district", 24_000, "广东省深圳市龙岗区"),)),
    ("物流园北门旁修车铺", "unknown", ()),
)


def build(company: Company, moment: datetime) -> None:
    """The worker has looked for them in the night; somebody has to say where they are."""
    for customer, (address, why, places) in zip(company.customers["SZ"], UNCLEAR, strict=False):
        lin = company.people["lin"]
        site = site_of(company.session, customer=customer, address=address, pin=None, by=lin, at=moment - timedelta(days=1))
        found = [asdict(place) for place in places]
        company.session.add(SiteSearch(site_id=site.id, why=why, places=found, at=moment - timedelta(hours=9)))
