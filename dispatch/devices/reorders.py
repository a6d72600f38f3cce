"""Stores beside their reorder points: what is there, what is on the way, what is to be ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import (
    Holder,
    Part,
    PartPosition,
    Sim,
    Terminal,
    TerminalModel,
    Transfer,
    TransferPart,
    TransferUnit,
)
from dispatch.devices.reorder_models import ReorderPoint
from dispatch.devices.reorder_rules import Level, split_key, ware_key, ware_words
from dispatch.devices.usable import Held, units_counted
from dispatch.words import Text

Wares = Counter[str]
"""Thing -> how many: {"terminal:BD-808A": 4, "sim:中国移动": 9, "sim:": 12}; "sim:" counts the SIMs of all carriers."""


@dataclass(frozen=True)
class Ware:
    """One thing in one store; `set_by` and `level` are None where nobody has set a reorder point, `name` is a part's."""

    store: Holder
    key: str
    stored: int
    on_way: int
    level: Level | None
    set_by: str | None = None
    name: str | None = None

    @property
    def word(self) -> Text | str:
        """The thing in words."""
        return self.name or ware_words(self.key)

    @property
    def to_order(self) -> int:
        """How many are to be ordered; 0 while there are enough."""
        return self.level.to_order(self.stored + self.on_way) if self.level else 0


def key_of(point: ReorderPoint) -> str:
    """The key of the thing that a reorder point is about."""
    if point.part is not None:
        return ware_key("part", point.part.code)
    return ware_key("terminal", point.model) if point.model is not None else ware_key("sim", point.carrier or "")


def wares(session: Session, stores: Sequence[Holder], held: Iterable[Held] | None = None) -> list[Ware]:
    """The terminals and SIMs that these stores of one branch have or are to get, and everything that has a reorder point.

    What is on the way to a branch is counted for its first store, which usually takes it in. `held` is what they have, if that
    has been counted.
    """
    if not stores:
        return []
    stored = _stored(units_counted(session, [store.id for store in stores]) if held is None else held)
    coming, parts = _coming(session, stores[0].branch_id)
    points = _points(session, stores)
    listed = []
    for store in stores:
        here, on_way = stored.get(store.id, Counter()), coming if store is stores[0] else Counter()
        own = points.get(store.id, {})
        if store is stores[0]:
            on_way += Counter({key: count for key, count in parts.items() if key in own})
        here += Counter({key: count for key, (_point, count) in own.items() if count})
        listed += [_ware(store, key, here[key], on_way[key], own.get(key)) for key in sorted({*here, *on_way, *own})]
    return listed


def _ware(store: Holder, key: str, stored: int, on_way: int, own: tuple[ReorderPoint, int] | None) -> Ware:
    if own is None:
        return Ware(store, key, stored, on_way, None)
    point, _count = own
    name = part_name(point.part) if point.part else None
    return Ware(store, key, stored, on_way, Level(point.minimum, point.target), point.set_by_name, name)


def part_name(part: Part) -> str:
    """What a counted part goes by where there are other things beside it."""
    return f"{part.name} {part.code}"


def _points(session: Session, stores: Sequence[Holder]) -> dict[int, dict[str, tuple[ReorderPoint, int]]]:
    """Store id -> thing -> its reorder point, and how many are there if it is a counted part."""
    there = sa.and_(PartPosition.holder_id == ReorderPoint.store_id, PartPosition.part_id == ReorderPoint.part_id)
    query = sa.select(ReorderPoint, sa.func.coalesce(PartPosition.quantity, 0)).outerjoin(PartPosition, there)
    query = query.where(ReorderPoint.store_id.in_([store.id for store in stores])).options(joinedload(ReorderPoint.part))
    found: dict[int, dict[str, tuple[ReorderPoint, int]]] = {}
    for point, count in session.execute(query):
        found.setdefault(point.store_id, {})[key_of(point)] = (point, count)
    return found


def _stored(held: Iterable[Held]) -> dict[int, Wares]:
    """What can be issued, by store; tools are not for vehicles."""
    found: dict[int, Wares] = {}
    for each in held:
        if each.usable and each.kind != "tool":
            _add(found.setdefault(each.holder_id, Counter()), each.model, each.carrier, each.count)
    return found


def _coming(session: Session, branch_id: int) -> tuple[Wares, Wares]:
    """What other branches have sent to this one and nobody has received yet: the units, and the counted parts."""
    line, part, nothing = TransferUnit, TransferPart, sa.cast(sa.null(), sa.Text)
    waits = sa.and_(Transfer.to_branch_id == branch_id, Transfer.status == "sent")
    units = sa.select(Terminal.model, Sim.carrier, nothing.label("code"), sa.func.count()).select_from(line)
    units = units.join(Transfer, Transfer.id == line.transfer_id).where(waits, line.status == "on_way")
    units = units.outerjoin(Terminal, Terminal.unit_id == line.unit_id).outerjoin(Sim, Sim.unit_id == line.unit_id)
    parts = sa.select(nothing, nothing, Part.code, sa.func.sum(part.sent)).join(part, part.part_id == Part.id)
    parts = parts.join(Transfer, Transfer.id == part.transfer_id).where(waits)
    found, counted = Counter[str](), Counter[str]()
    both: sa.CompoundSelect[Any] = sa.union_all(units.group_by(Terminal.model, Sim.carrier), parts.group_by(Part.code))
    for model, carrier, code, count in session.execute(both):
        if code is None:
            _add(found, model, carrier, int(count))
        else:
            counted[ware_key("part", code)] = int(count)
    return found, counted


def _add(found: Wares, model: str | None, carrier: str | None, count: int) -> None:
    if model is not None:
        found[ware_key("terminal", model)] += count
        return
    for name in {carrier or "", ""}:
        found[ware_key("sim", name)] += count


def known_wares(session: Session) -> list[str]:
    """The terminals and SIMs that a reorder point can be set for: each model, all SIMs, the SIMs of each carrier on record."""
    models = session.scalars(sa.select(TerminalModel.name))
    carriers = session.scalars(sa.select(Sim.carrier).where(Sim.carrier.is_not(None), Sim.carrier != "").distinct())
    named = [
        *(ware_key("terminal", name) for name in models),
        *(ware_key("sim", name) for name in ["", *carriers] if name is not None),
    ]
    return sorted(named, key=lambda key: (split_key(key)[0] != "terminal", key))
