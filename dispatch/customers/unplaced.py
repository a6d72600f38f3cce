"""Sites that are not on the map, for people to decide: which they are, and taking one of the places that may be meant."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer, Site, SiteSearch
from dispatch.customers.operations import set_pin
from dispatch.customers.placing import pin_of
from dispatch.db import STALE
from dispatch.errors import Conflict, NotFound
from dispatch.geo.gateway import Place
from dispatch.lists import Cut, Part
from dispatch.staff.rules import Actor

UNPLACED_SORTS = {"newest": (Site.id,)}


def unplaced(session: Session, by: Actor, *, cut: Cut) -> Part[tuple[Site, Customer, SiteSearch | None]]:
    """A page of the reader's sites that no map knows, with what came of looking for them."""
    where = [Site.lat.is_(None), sa.true() if by.may("branches.all") else Customer.branch_id == by.branch_id]
    joined = sa.join(Site, Customer, Customer.id == Site.customer_id)
    total = session.scalar(sa.select(sa.func.count()).select_from(joined).where(*where)) or 0
    query = sa.select(Site, Customer, SiteSearch).select_from(joined).outerjoin(SiteSearch, SiteSearch.site_id == Site.id)
    rows = session.execute(cut.of(query.where(*where), UNPLACED_SORTS)).all()
    return Part([(site, customer, search) for site, customer, search in rows], cut.number, total)


def take_place(session: Session, site_id: int, nth: int, *, seen: str, by: Actor, at: datetime) -> Site:
    """Put a site where one of the found places is; taken twice, it lies there already.

    `seen` is when they were found, as the page showed it. Raises NotFound, and Conflict where the site lies elsewhere by now or
    the places were looked for anew.
    """
    by.must("customer.change")
    query = sa.select(Site).join(Customer, Customer.id == Site.customer_id)
    own = sa.true() if by.may("branches.all") else Customer.branch_id == by.branch_id
    site, search = session.scalar(query.where(Site.id == site_id, own).with_for_update(of=Site)), session.get(SiteSearch, site_id)
    if site is None or search is None or not 0 <= nth < len(search.places):
        raise NotFound
    pin = pin_of(Place(**search.places[nth]))
    if seen != search.at.isoformat() or (site.lat, site.lon) not in ((None, None), (pin.lat, pin.lon)):
        raise Conflict(STALE)
    set_pin(session, site=site, pin=pin, by=by, at=at)
    return site
