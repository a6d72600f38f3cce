"""Reading counted parts: the catalogue, what holders have, and where a part has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.devices.models import Holder
from dispatch.devices.part_models import Part, PartEntry, PartPosition
from dispatch.devices.queries import bag_ids
from dispatch.errors import NotFound
from dispatch.lists import FIRST, Cut
from dispatch.lists import Part as Leaf
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class Held:
    """A part, and how many somebody has of it."""

    part: Part
    quantity: int


@dataclass(frozen=True)
class Listed:
    """A part of the catalogue, with how many the stores and the bags of a branch have."""

    part: Part
    stored: int
    carried: int


_sum = sa.func.sum(PartPosition.quantity)
_stored, _carried = (sa.func.coalesce(_sum.filter(Holder.kind == kind), 0) for kind in ("store", "bag"))
CATALOGUE_SORTS = {
    "code": (Part.code,),
    "name": (Part.name, Part.code),
    "stored": (_stored, Part.code),
    "carried": (_carried, Part.code),
}


@dataclass(frozen=True)
class Catalogue:
    """A page of the parts, and how many there are in all and in use."""

    part: Leaf[Listed]
    every: int
    used: int


def parts_in_use(session: Session) -> Sequence[Part]:
    """Every part that is still used, by name."""
    return session.scalars(sa.select(Part).where(Part.active).order_by(Part.name, Part.code)).all()


def catalogue(session: Session, branch_id: int, *, whole: bool = False, cut: Cut = FIRST) -> Catalogue:
    """Parts with a branch's figures; without `whole` only those still used or still there."""
    held = sa.and_(Holder.id == PartPosition.holder_id, Holder.branch_id == branch_id)
    query = sa.select(Part, _stored, _carried).outerjoin(PartPosition, PartPosition.part_id == Part.id).outerjoin(Holder, held)
    used = sa.or_(Part.active, _stored > 0, _carried > 0)
    each = query.group_by(Part.id)
    counted = each.with_only_columns(used.label("used")).subquery()
    every, in_use = session.execute(sa.select(sa.func.count(), sa.func.count().filter(counted.c.used))).one()
    rows = session.execute(cut.of(each if whole else each.having(used), CATALOGUE_SORTS))
    listed = [Listed(found, int(in_stores), int(in_bags)) for found, in_stores, in_bags in rows]
    return Catalogue(Leaf(listed, cut.number, every if whole else in_use), every, in_use)


def part(session: Session, part_id: int) -> Part:
    """One part. Raises NotFound."""
    found = session.get(Part, part_id)
    if found is None:
        raise NotFound
    return found


def parts_held(session: Session, holder_id: int, *, every: bool = False) -> Sequence[Held]:
    """What a holder has, by code; with `every` the other parts in use as well, with none of them there."""
    return _held(session, PartPosition.holder_id == holder_id, every=every)


def parts_carried(session: Session, person_id: int) -> Sequence[Held]:
    """What somebody has in his bag, by code, and the other parts in use, with none of them there; of a contractor's worker what
    his contractor was given."""
    return _held(session, PartPosition.holder_id.in_(bag_ids(person_id)), every=True)


def _held(session: Session, where: sa.ColumnElement[bool], *, every: bool) -> Sequence[Held]:
    quantity = sa.func.coalesce(PartPosition.quantity, 0)
    here = sa.and_(PartPosition.part_id == Part.id, where)
    query = sa.select(Part, quantity).outerjoin(PartPosition, here).order_by(Part.code)
    query = query.where(sa.or_(Part.active, quantity > 0) if every else quantity > 0)
    return [Held(found, count) for found, count in session.execute(query)]


def holdings(session: Session, part_id: int, by: Actor) -> Sequence[tuple[Holder, int]]:
    """Which stores, bags and contractors that the reader may see have how many of a part; last, how many are on the way to other
    branches."""
    query = sa.select(Holder, PartPosition.quantity).join(PartPosition, PartPosition.holder_id == Holder.id)
    query = query.where(
        PartPosition.part_id == part_id, PartPosition.quantity > 0, Holder.kind.in_(("store", "bag", "contractor", "transit"))
    )
    if not by.may("branches.all"):
        query = query.where(Holder.branch_id == by.branch_id)
    transit = Holder.kind == "transit"
    rows = session.execute(
        query.options(joinedload(Holder.person)).order_by(Holder.branch_id, transit, Holder.kind.desc(), Holder.id)
    )
    return [(holder, count) for holder, count in rows]


@dataclass(frozen=True)
class Moved:
    """An entry as a page tells of it; `taken_back` when a later one mends it."""

    entry: PartEntry
    taken_back: bool


MOVE_SORTS = {"when": (PartEntry.seq,), "quantity": (PartEntry.quantity, PartEntry.seq)}


def part_history(session: Session, part_id: int, by: Actor, *, cut: Cut) -> Leaf[Moved]:
    """A page of the moves of a part in the reader's branch (or in all)."""
    back = aliased(PartEntry)
    mended = sa.exists().where(back.corrects_id == PartEntry.id)
    where: list[sa.ColumnElement[bool]] = [PartEntry.part_id == part_id]
    if not by.may("branches.all"):
        own = sa.select(Holder.id).where(Holder.branch_id == by.branch_id)
        where.append(sa.or_(PartEntry.from_holder_id.in_(own), PartEntry.to_holder_id.in_(own)))
    total = session.scalar(sa.select(sa.func.count()).select_from(PartEntry).where(*where)) or 0
    query = sa.select(PartEntry, mended).where(*where)
    ends = [
        joinedload(end).options(joinedload(Holder.person), joinedload(Holder.vehicle))
        for end in (PartEntry.from_holder, PartEntry.to_holder)
    ]
    rows = session.execute(cut.of(query.options(*ends), MOVE_SORTS)).unique()
    return Leaf([Moved(entry, gone) for entry, gone in rows], cut.number, total)


def parts_coded(session: Session, codes: Sequence[str]) -> dict[str, Part]:
    """The parts with these codes, by code."""
    return {found.code: found for found in session.scalars(sa.select(Part).where(Part.code.in_(codes)))}


def is_use(session: Session, entry_id: int) -> bool:
    """Whether an entry says that a part was used on a vehicle."""
    found = session.get(PartEntry, entry_id)
    return found is not None and found.order_id is not None
