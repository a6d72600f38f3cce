"""Which drives were made from one site to the next: who left the one for the other, and when he was there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Site
from dispatch.field.models import Arrival
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import Order, OrderLine, Visit, VisitLine

WITHIN_M = 1_000
"""A place that may be further off, or an arrival that was told further away, says nothing about the road."""
STOOD_S = 2 * 3600
"""Who left later than that may have been anywhere in between."""


@dataclass(frozen=True)
class Driven:
    """One drive between the sites of two visits, and when it was begun and ended."""

    start: Coordinates
    end: Coordinates
    departed_at: datetime
    arrived_at: datetime

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.arrived_at - self.departed_at).total_seconds()


def drives_of(session: Session, branch_id: int, *, since: datetime, zone: str, most: int) -> Sequence[Driven]:
    """A branch's newest drives between two visits of one technician on one day of its zone, with no other stop between them."""
    own = _visits(branch_id, since).cte("own")
    before = own.alias("before")
    columns = (before.c.lat, before.c.lon, own.c.lat, own.c.lon, own.c.departed_at, own.c.arrived_at)
    nth = sa.and_(before.c.technician_id == own.c.technician_id, before.c.nth == own.c.nth - 1)
    day = (sa.func.date(sa.func.timezone(zone, each)) for each in (before.c.departed_at, own.c.arrived_at))
    went = (
        own.c.departed_at.between(before.c.finished_at, before.c.finished_at + timedelta(seconds=STOOD_S)),
        own.c.arrived_at > own.c.departed_at,
        sa.func.coalesce(own.c.distance_m, 0) <= WITHIN_M,
        *(sa.and_(each.c.lat.is_not(None), sa.func.coalesce(each.c.accuracy_m, 0) <= WITHIN_M) for each in (before, own)),
    )
    query = sa.select(*columns).join_from(own, before, nth).where(*went, next(day) == next(day))
    rows = session.execute(query.order_by(own.c.departed_at.desc()).limit(most))
    return [Driven((row[0], row[1]), (row[2], row[3]), row[4], row[5]) for row in rows]


def _visits(branch_id: int, since: datetime) -> sa.Select[*tuple[object, ...]]:
    """Every visit that was set out for, in the order of its technician's departures, with its place."""
    own_site = sa.select(OrderLine.site_id).join(VisitLine, VisitLine.line_id == OrderLine.id)
    own_site = (
        own_site.where(VisitLine.visit_id == Visit.id, OrderLine.site_id.is_not(None)).order_by(OrderLine.position).limit(1)
    )
    nth = sa.func.row_number().over(partition_by=Visit.technician_id, order_by=Visit.departed_at).label("nth")
    times = (Visit.technician_id, Visit.departed_at, Visit.arrived_at, Visit.finished_at, Arrival.distance_m, nth)
    query = sa.select(*times, Site.lat, Site.lon, Site.accuracy_m).join(Order, Order.id == Visit.order_id)
    query = query.join(Site, Site.id == sa.func.coalesce(own_site.scalar_subquery(), Order.site_id))
    query = query.outerjoin(Arrival, Arrival.visit_id == Visit.id)
    # A plan is made days ahead at most; by its beginning the visits of a time are found in their index.
    return query.where(Visit.branch_id == branch_id, Visit.starts_at >= since - timedelta(days=1), Visit.departed_at >= since)
