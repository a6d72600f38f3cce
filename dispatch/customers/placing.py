"""Putting old and imported addresses on the map, without anybody waiting: the worker's part of finding places.

Only what is clear and exact is set. Several places that may be meant, only a district, or nothing at all is kept for a person to
decide; what a person has set, or what lies on the map already, is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.finding import Finding, find_places
from dispatch.customers.models import Customer, Site, SiteSearch
from dispatch.customers.operations import Pin, set_pin
from dispatch.db import transaction
from dispatch.geo.gateway import Place
from dispatch.geo.rules import Coordinates
from dispatch.staff.models import Branch
from dispatch.staff.rules import SYSTEM

ENOUGH_M = 2_000
"""What is found less exactly is no place to send anybody to."""
AGAIN = {"away": timedelta(hours=1), "several": timedelta(days=7), "coarse": timedelta(days=7), "unknown": timedelta(days=7)}
"""When an address is looked for anew, by what came of it the last time."""
GIVE_UP = 3
"""So many services that do not answer one after the other end the round; one alone may be the fault of its address."""
LEAST_PAUSE_S = 1.0


@dataclass(frozen=True)
class Sought:
    """An address that is to be put on the map: of which site, whose branch, and around where."""

    site_id: int
    address: str
    branch_id: int
    near: Coordinates | None


def sought(session: Session, at: datetime, most: int) -> list[Sought]:
    """Addresses that nobody has looked for yet, the newest first; then those whose turn it is again."""
    turns = (sa.and_(SiteSearch.why == why, SiteSearch.at < at - then) for why, then in AGAIN.items())
    query = sa.select(Site.id, Site.address, Customer.branch_id, Branch.lat, Branch.lon)
    query = query.join(Customer, Customer.id == Site.customer_id).join(Branch, Branch.id == Customer.branch_id)
    query = query.outerjoin(SiteSearch, SiteSearch.site_id == Site.id)
    due = query.where(Site.lat.is_(None), sa.or_(SiteSearch.at.is_(None), *turns))
    rows = session.execute(due.order_by(SiteSearch.at.nulls_first(), Site.id.desc()).limit(most))
    return [Sought(*row[:3], near=_near(row[3], row[4])) for row in rows]


def _near(lat: float | None, lon: float | None) -> Coordinates | None:
    return None if lat is None or lon is None else (lat, lon)


def place_some(at: datetime, *, most: int, sleep: Callable[[float], None] = time.sleep) -> int:
    """Look for so many addresses; how many were put on the map. Killed in between, the next round goes on where it stood."""
    with transaction() as session:
        due = sought(session, at, most)
    placed = away = 0
    for one in due:
        found = find_places(one.address, replace(SYSTEM, branch_id=one.branch_id), near=one.near, at=at)
        with transaction() as session:
            placed += _settle(session, one, found, at)
        away = away + 1 if found.away else 0
        if away == GIVE_UP:
            break
        if found.asked:
            sleep(LEAST_PAUSE_S)
    return placed


def _settle(session: Session, one: Sought, found: Finding, at: datetime) -> bool:
    """Put the site on the map or write down why not; False also where somebody else was first."""
    site = session.get(Site, one.site_id, with_for_update=True, populate_existing=True)
    if site is None or site.lat is not None or site.address != one.address:
        return False
    why = why_not(found)
    if why is None:
        set_pin(session, site=site, pin=pin_of(found.places[0]), by=SYSTEM, at=at)
        session.execute(sa.delete(SiteSearch).where(SiteSearch.site_id == site.id))
        return True
    session.merge(SiteSearch(site_id=site.id, why=why, places=[asdict(place) for place in found.places], at=at))
    return False


def why_not(found: Finding) -> str | None:
    """Why what was found puts nothing on the map; None where it does."""
    if found.away:
        return "away"
    if len(found.places) != 1:
        return "several" if found.places else "unknown"
    return None if found.places[0].source != "district" and found.places[0].accuracy_m <= ENOUGH_M else "coarse"


def pin_of(place: Place) -> Pin:
    """A found place as it is kept with a site: one that is on record keeps its source."""
    source = {"pin": place.level or "pin", "district": "district"}.get(place.source, "geocoder")
    return Pin(place.lat, place.lon, source, place.accuracy_m)
