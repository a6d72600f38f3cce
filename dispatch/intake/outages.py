"""Finding outages among the silent, and ending them: the worker does it, in the database, however many there are."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.intake.models import Outage, Silence
from dispatch.intake.silence_rules import Together
from dispatch.intake.silences import has_open_order

KM_PER_DEGREE = 111.32
MOST_AT_ONCE = 200
"""So many outages are found in one look; the next look is ten minutes later."""


def find_outages(session: Session, rule: Together, *, at: datetime) -> int:
    """Those who fell silent with an outage that is known belong to it; many others together are a new one. How many are new."""
    key = sa.func.hashtextextended(Outage.__tablename__, 0)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))
    _join(session, rule, at)
    for made in range(MOST_AT_ONCE):
        densest = session.execute(_densest(rule, at)).first()
        if densest is None:
            return made
        _make(session, densest, rule, at)
    return MOST_AT_ONCE


def _free(at: datetime) -> sa.ColumnElement[bool]:
    """SQL: a silence that belongs to no outage, and that nobody looks after."""
    aside = sa.func.coalesce(Silence.dismissed_until > at, sa.false())
    return sa.and_(Silence.ended_at.is_(None), Silence.outage_id.is_(None), ~aside, ~has_open_order(Silence.vehicle_id))


def _near(lat: Any, lon: Any, km: float) -> sa.ColumnElement[bool]:
    """SQL: whether a silence lies within so many km to each side of a place."""
    wide = km / KM_PER_DEGREE / sa.func.greatest(sa.func.cos(sa.func.radians(lat)), 0.01)
    return sa.and_(sa.func.abs(Silence.lat - lat) <= km / KM_PER_DEGREE, sa.func.abs(Silence.lon - lon) <= wide)


def _join(session: Session, rule: Together, at: datetime) -> None:
    same = sa.or_(
        sa.and_(Outage.kind == "carrier", Outage.carrier == Silence.carrier),
        sa.and_(Outage.kind == "area", _near(Outage.lat, Outage.lon, rule.within_km)),
    )
    when = Silence.last_heard_at.between(Outage.from_at, Outage.to_at)
    found = sa.select(Outage.id).where(Outage.ended_at.is_(None), Outage.branch_id == Silence.branch_id, when, same)
    first = found.order_by(Outage.id).limit(1).scalar_subquery()
    joined = sa.update(Silence).where(_free(at), first.is_not(None)).values(outage_id=first)
    session.execute(joined, execution_options={"synchronize_session": False})


def _groups(rule: Together, at: datetime) -> sa.CTE:
    """SQL: each free silence in every group it could be of: those of its carrier, and those of the squares around it.

    The squares of four grids, each laid half a square beside the other, are twice `within_km` wide: whatever lies within that
    distance of each other shares one of them.
    """
    columns = (Silence.id, Silence.branch_id, Silence.carrier, Silence.last_heard_at, Silence.lat, Silence.lon)
    free = sa.select(*columns).where(_free(at)).cte("free").c
    same = (free.id, free.branch_id, free.last_heard_at)
    by_carrier = sa.select(*same, sa.literal("carrier").label("kind"), free.carrier.label("place"))
    parts = [by_carrier.where(free.carrier.is_not(None))]
    wide = 2 * rule.within_km / KM_PER_DEGREE
    for down, right in product((0.0, 0.5), repeat=2):
        band = sa.func.floor(free.lat / wide + down)
        narrow = sa.func.cos(sa.func.radians(sa.func.least(sa.func.abs(band * wide), 89.0)))
        square = sa.func.concat_ws(":", str(down), str(right), band, sa.func.floor(free.lon * narrow / wide + right))
        parts.append(sa.select(*same, sa.literal("area"), square).where(free.lat.is_not(None)))
    return sa.union_all(*parts).cte("groups")


def _densest(rule: Together, at: datetime) -> sa.Select[Any]:
    """SQL: the silence around which most others lie in time, in one of its groups, if they are enough."""
    each = _groups(rule, at).c
    seconds = rule.minutes * 60
    together = sa.func.count().over(
        partition_by=(each.branch_id, each.kind, each.place),
        order_by=sa.extract("epoch", each.last_heard_at),
        range_=(-seconds, seconds),
    )
    counted = sa.select(each.id, each.branch_id, each.kind, each.place, each.last_heard_at, together.label("n")).subquery().c
    least = sa.case((counted.kind == "carrier", rule.least_of_carrier), else_=rule.least)
    best = sa.select(counted.id, counted.branch_id, counted.kind, counted.place, counted.last_heard_at).where(counted.n >= least)
    return best.order_by(counted.n.desc(), counted.kind, counted.last_heard_at, counted.id).limit(1)


def _make(session: Session, densest: sa.Row[Any], rule: Together, at: datetime) -> None:
    """An outage of all in this group who fell silent around that moment."""
    around = timedelta(minutes=rule.minutes)
    from_at, to_at = densest.last_heard_at - around, densest.last_heard_at + around
    each = _groups(rule, at).c
    same = (each.branch_id == densest.branch_id, each.kind == densest.kind, each.place == densest.place)
    members = session.scalars(sa.select(each.id).where(*same, each.last_heard_at.between(from_at, to_at))).all()
    middle = sa.select(sa.func.avg(Silence.lat), sa.func.avg(Silence.lon), sa.func.min(Silence.carrier))
    several = sa.func.count(Silence.carrier.distinct()) > 1
    lat, lon, carrier, mixed = session.execute(middle.add_columns(several).where(Silence.id.in_(members))).one()
    of_area = densest.kind == "area"
    outage = Outage(
        branch_id=densest.branch_id,
        kind=densest.kind,
        carrier=None if mixed else carrier,
        lat=lat if of_area else None,
        lon=lon if of_area else None,
        from_at=from_at,
        to_at=to_at,
        found_at=at,
    )
    session.add(outage)
    session.flush()
    taken = sa.update(Silence).where(Silence.id.in_(members)).values(outage_id=outage.id)
    session.execute(taken, execution_options={"synchronize_session": False})


def end_outages(session: Session, rule: Together, *, at: datetime) -> int:
    """End those whose terminals report again: fewer are silent than make one, or half have reported for long enough. How many."""
    of_it = Silence.outage_id == Outage.id
    still = sa.select(sa.func.count()).where(of_it, Silence.ended_at.is_(None)).correlate(Outage).scalar_subquery()
    again = sa.select(sa.func.count()).where(of_it, Silence.ended_at.is_not(None)).correlate(Outage).scalar_subquery()
    first = sa.select(sa.func.min(Silence.ended_at)).where(of_it, Silence.ended_by == "reported").correlate(Outage)
    long_ago = first.scalar_subquery() <= at - timedelta(minutes=rule.minutes)
    over = sa.and_(again > 0, sa.or_(still < rule.least, sa.and_(again >= still, long_ago)))
    ended = sa.update(Outage).where(Outage.ended_at.is_(None), over).values(ended_at=at, ended_by="reported")
    return len(session.scalars(ended.returning(Outage.id), execution_options={"synchronize_session": False}).all())
