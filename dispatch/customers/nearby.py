"""The known address that is nearest to a place, for people who think in names and not in degrees."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer, Site
from dispatch.geo.rules import metres
from dispatch.staff.rules import Actor

MOST, NEAR_M, NEAR_DEGREES = 5_000, 5_000, 0.05


class Nearby:
    """The places of a reader's customers; `site(lat, lon)` is the nearest within five kilometres."""

    def __init__(self, sites: Sequence[Site]) -> None:
        placed = [(site.lat, site.lon, site) for site in sites if site.lat is not None and site.lon is not None]
        self._sites = sorted(placed, key=lambda one: one[:2])
        self._lats = [lat for lat, _, _ in self._sites]

    def site(self, lat: float, lon: float) -> Site | None:
        """The nearest place, if one is near at all. Degrees are WGS-84."""
        first, last = bisect_left(self._lats, lat - NEAR_DEGREES), bisect_right(self._lats, lat + NEAR_DEGREES)
        near = [(metres((lat, lon), one[:2]), one[2]) for one in self._sites[first:last] if abs(one[1] - lon) < NEAR_DEGREES * 2]
        away, found = min(near, key=lambda one: one[0], default=(NEAR_M + 1.0, None))
        return found if away <= NEAR_M else None


def nearby(session: Session, by: Actor) -> Nearby:
    """The newest places of the reader's customers that are on the map, in one statement."""
    own = sa.true() if by.may("branches.all") else Customer.branch_id == by.branch_id
    query = sa.select(Site).join(Customer, Customer.id == Site.customer_id).where(own, Site.lat.is_not(None))
    return Nearby(session.scalars(query.order_by(Site.id.desc()).limit(MOST)).all())
