"""Setting and removing reorder points. Who runs the store sets them; the trail keeps what they were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.audit.operations import record
from dispatch.devices.models import Holder
from dispatch.devices.part_queries import parts_coded
from dispatch.devices.reorder_models import ReorderPoint
from dispatch.devices.reorder_rules import Level, split_key
from dispatch.devices.reorders import key_of
from dispatch.devices.slots import take_turn
from dispatch.errors import NotFound
from dispatch.staff.rules import Actor


def set_levels(session: Session, store: Holder, levels: Mapping[str, Level | None], *, by: Actor, at: datetime) -> int:
    """Set or (None) remove the reorder points of things in a store; returns how many changed. Others stay as they are.

    Raises NotFound for a place that is no store, or another branch's.
    """
    by.must("stock.change")
    if store.kind != "store" or not by.sees_branch(store.branch_id):
        raise NotFound
    take_turn(session, [store.id])
    own = sa.select(ReorderPoint).where(ReorderPoint.store_id == store.id).options(joinedload(ReorderPoint.part))
    points = {key_of(point): point for point in session.scalars(own)}
    changed = 0
    for ware, level in levels.items():
        before = points.get(ware)
        old = Level(before.minimum, before.target) if before else None
        if old == level:
            continue
        changed += 1
        _put(session, store, ware, before, level, by=by, at=at)
        detail = {"ware": ware, "old": _told(old), "new": _told(level)}
        record(session, ("holder", store.id), "stock.reorder_point", by=by, at=at, detail=detail)
    session.flush()
    return changed


def _put(
    session: Session, store: Holder, ware: str, before: ReorderPoint | None, level: Level | None, *, by: Actor, at: datetime
) -> None:
    if level is None:
        session.delete(before)
        return
    point = before or ReorderPoint(store_id=store.id, **_named(session, ware))
    point.minimum, point.target = level.minimum, level.target
    point.set_by_id, point.set_by_name, point.set_at = by.id, by.name, at
    session.add(point)


def _named(session: Session, ware: str) -> dict[str, str | int]:
    """The column that says what a reorder point is about. Raises NotFound for a part that is not on the catalogue."""
    kind, name = split_key(ware)
    if kind != "part":
        return {"model" if kind == "terminal" else "carrier": name}
    part = parts_coded(session, [name]).get(name)
    if part is None:
        raise NotFound
    return {"part_id": part.id}


def _told(level: Level | None) -> list[int] | None:
    return [level.minimum, level.target] if level else None
