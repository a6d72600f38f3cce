"""Whose life it is, as SQL, and the columns in which everything that knows of it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import CustodyEntry, Fitting, Holder
from dispatch.intake.models import Silence
from dispatch.orders.models import OrderLine

COLUMNS: dict[str, Any] = {
    "at": sa.DateTime(timezone=True),  # when it happened, by the device's clock where one was there
    "recorded_at": sa.DateTime(timezone=True),  # when the server heard of it, where that is another moment
    "id": sa.BigInteger(),
    "chapter": sa.Text(),
    "action": sa.Text(),
    "who": sa.Text(),
    "order_id": sa.BigInteger(),
    "why": sa.Text(),
    "from_id": sa.BigInteger(),
    "to_id": sa.BigInteger(),
    "unit_id": sa.BigInteger(),
    "other_id": sa.BigInteger(),
    "lat": sa.Float(),
    "lon": sa.Float(),
    "detail": JSONB(),
}
Stations = sa.Select[Any]


def station(chapter: Any, action: Any, **known: Any) -> Stations:
    """SELECT of all columns; what is not known of this kind of thing is null."""
    given = {"chapter": chapter, "action": action, **known}
    given |= {name: sa.literal(value) for name, value in given.items() if isinstance(value, str)}
    return sa.select(*(sa.cast(given.get(name, sa.null()), kind).label(name) for name, kind in COLUMNS.items()))


def told(**facts: Any) -> sa.Function[Any]:
    """SQL: a JSON object of these values, without those that are null."""
    return sa.func.jsonb_strip_nulls(sa.func.jsonb_build_object(*(part for name in facts for part in (name, facts[name]))))


@dataclass(frozen=True)
class Scope:
    """Whose life it is: all as SQL. `inside` says of (unit, moment) whether that is a part of it."""

    fittings: sa.Select[Any]
    lines: sa.Select[Any]
    tested: sa.Select[Any]
    returns: sa.Select[Any]
    silences: sa.ColumnElement[bool]
    units: sa.Select[Any]
    inside: Any


def of_unit(unit: Any) -> Scope:
    """Everything of one terminal, SIM or tool."""
    out, into = (sa.select(Fitting.id).where(end == unit) for end in (Fitting.old_unit_id, Fitting.new_unit_id))
    fittings = sa.select(sa.union(out, into).subquery().c.id)
    return Scope(
        fittings=fittings,
        lines=sa.select(Fitting.line_id).where(Fitting.id.in_(fittings)),
        tested=sa.select(Fitting.line_id).where(Fitting.new_unit_id == unit, Fitting.kind != "undo"),
        returns=sa.select(UnitReturn.id).where(UnitReturn.unit_id == unit),
        silences=Silence.unit_id == unit,
        units=sa.select(sa.cast(unit, sa.BigInteger)),
        inside=lambda _unit, _moment: sa.true(),
    )


def of_vehicle(vehicle: Any) -> Scope:
    """Everything of one vehicle, and of what was in it while it was there."""
    lines = sa.select(OrderLine.id).where(OrderLine.vehicle_id == vehicle)
    slots = sa.select(Holder.id).where(Holder.vehicle_id == vehicle)
    came, later = aliased(CustodyEntry), aliased(CustodyEntry)

    def inside(unit: Any, moment: Any) -> sa.ColumnElement[bool]:
        gone = sa.exists().where(later.unit_id == came.unit_id, later.seq == came.seq + 1, later.at <= moment)
        return sa.exists().where(came.unit_id == unit, came.to_holder_id.in_(slots), came.at <= moment, ~gone)

    return Scope(
        fittings=sa.select(Fitting.id).where(Fitting.vehicle_id == vehicle),
        lines=lines,
        tested=lines,
        returns=sa.select(UnitReturn.id).where(sa.false()),
        silences=Silence.vehicle_id == vehicle,
        units=sa.select(CustodyEntry.unit_id).where(CustodyEntry.to_holder_id.in_(slots)),
        inside=inside,
    )
