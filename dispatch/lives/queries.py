"""The life of a unit or a vehicle, newest first, out of everything that knows of it, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import Holder, OwnershipEntry, Unit
from dispatch.lives import stations as of
from dispatch.lives import work_stations as works
from dispatch.lives.rules import AT_ONCE, PAGE_SIZE
from dispatch.lives.scopes import COLUMNS, Stations, of_unit, of_vehicle
from dispatch.orders.ties import order_numbers
from dispatch.staff.rules import Actor

MOST = 10_000
"""On paper everything is printed; a life of more stations than that is none."""


@dataclass(frozen=True)
class Station:
    """One thing that happened; the columns of `scopes.COLUMNS`."""

    at: datetime
    recorded_at: datetime | None
    id: int | None
    chapter: str
    action: str
    who: str | None
    order_id: int | None
    why: str | None
    from_id: int | None
    to_id: int | None
    unit_id: int | None
    other_id: int | None
    lat: float | None
    lon: float | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Life:
    """Stations of a life, newest first, how many there are of each chapter, and what they name."""

    stations: Sequence[Station]
    counts: Mapping[str, int]
    holders: Mapping[int, Holder]
    units: Mapping[int, Unit]
    orders: Mapping[int, str]

    @property
    def total(self) -> int:
        """How many there are of all chapters."""
        return sum(self.counts.values())


def life_of_unit(session: Session, unit_id: int, by: Actor, *, chapter: str = "", page: int = 1, whole: bool = False) -> Life:
    """Everything that happened to a terminal, SIM or tool which the reader may see; `whole` for all of it on paper."""
    return _life(session, _of_unit(), unit_id, by, chapter, None if whole else page)


def life_of_vehicle(
    session: Session, vehicle_id: int, by: Actor, *, chapter: str = "", page: int = 1, whole: bool = False
) -> Life:
    """Everything that happened to a vehicle which the reader may see, and to what was in it."""
    return _life(session, _of_vehicle(), vehicle_id, by, chapter, None if whole else page)


def _life(session: Session, query: sa.Select[Any], subject: int, by: Actor, chapter: str, page: int | None) -> Life:
    size = PAGE_SIZE if page else MOST
    rows = session.execute(query, {"subject": subject, "only": chapter, "size": size, "skip": ((page or 1) - 1) * size}).all()
    counts = rows[0].counts or {}
    found = [_station(row) for row in rows if row.at is not None]
    return Life(found, counts, _holders(session, found), _units(session, found), _orders(session, found, by))


def _station(row: sa.Row[Any]) -> Station:
    known = {name: getattr(row, name) for name in COLUMNS}
    return Station(**known | {"detail": row.detail or {}})


@cache
def _of_unit() -> sa.Select[Any]:
    unit = sa.bindparam("subject", type_=sa.BigInteger)
    scope = of_unit(unit)
    return _page(
        of.moves(unit),
        *of.offers(unit),
        of.calibrations(unit),
        *works.of_orders(scope),
        works.test_runs(scope),
        works.sheets(scope),
        *of.heard(scope),
        of.of_carrier(scope),
        *of.of_owners(scope, OwnershipEntry.unit_id == unit),
        of.of_bench(scope),
        works.trail("record", "unit", scope.units, "terminal.learn"),
    )


@cache
def _of_vehicle() -> sa.Select[Any]:
    vehicle = sa.bindparam("subject", type_=sa.BigInteger)
    scope = of_vehicle(vehicle)
    return _page(
        of.changes(vehicle),
        of.loose_moves(vehicle),
        of.remote_helps(vehicle),
        *works.of_orders(scope),
        works.test_runs(scope),
        works.sheets(scope),
        *of.heard(scope),
        of.of_carrier(scope),
        *of.of_owners(scope, OwnershipEntry.fitting_id.in_(scope.fittings)),
        works.trail("record", "vehicle", sa.select(vehicle), "vehicle.make", "vehicle.change", "vehicle.park", "vehicle.unpark"),
        works.trail("record", "vehicle", sa.select(vehicle), "vehicle.change_owner"),
    )


def _page(*parts: Stations) -> sa.Select[Any]:
    """All of these, newest first, those of the chapter `only` (all of them if it is empty), and how many there are of each."""
    every = sa.union_all(*parts).cte("life")
    only = sa.bindparam("only", type_=sa.Text)
    each = sa.select(every.c.chapter, sa.func.count().label("n")).group_by(every.c.chapter).subquery()
    counts = sa.select(sa.func.jsonb_object_agg(each.c.chapter, each.c.n).label("counts")).subquery()
    shown = sa.select(every).where(sa.or_(only == "", every.c.chapter == only))
    cut = shown.order_by(*_newest(every)).limit(sa.bindparam("size")).offset(sa.bindparam("skip")).subquery()
    return sa.select(counts.c.counts, *cut.c).select_from(counts.outerjoin(cut, sa.true())).order_by(*_newest(cut))


def _newest(rows: sa.FromClause) -> tuple[sa.ColumnElement[Any], ...]:
    row = rows.c
    rank = sa.func.array_position(sa.literal(list(AT_ONCE), sa.ARRAY(sa.Text)), sa.func.replace(row.chapter, "vehicle", "move"))
    return row.at.desc(), sa.func.coalesce(row.recorded_at, row.at).desc(), rank.desc(), row.id.desc()


def _holders(session: Session, found: Sequence[Station]) -> dict[int, Holder]:
    ids = {id_ for one in found for id_ in (one.from_id, one.to_id, one.detail.get("slot")) if id_ is not None}
    query = sa.select(Holder).where(Holder.id.in_(ids)).options(joinedload(Holder.person), joinedload(Holder.vehicle))
    return {holder.id: holder for holder in session.scalars(query).unique()} if ids else {}


def _units(session: Session, found: Sequence[Station]) -> dict[int, Unit]:
    ids = {id_ for one in found for id_ in (one.unit_id, one.other_id) if id_ is not None}
    query = sa.select(Unit).where(Unit.id.in_(ids)).options(joinedload(Unit.terminal), joinedload(Unit.sim))
    return {unit.id: unit for unit in session.scalars(query).unique()} if ids else {}


def _orders(session: Session, found: Sequence[Station], by: Actor) -> dict[int, str]:
    return order_numbers(session, {one.order_id for one in found if one.order_id is not None}, by)
