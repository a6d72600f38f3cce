"""Finding units, where they are, and where they have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, Sim, Terminal, TerminalModel, Unit
from dispatch.errors import NotFound
from dispatch.devices.parts import part_key
from dispatch.search import found_in
from dispatch.staff.rules import Actor


def _own(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else Unit.branch_id == by.branch_id


def _units() -> sa.Select[tuple[Unit]]:
    holder = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    named = (holder.joinedload(Holder.person), holder.joinedload(Holder.vehicle))
    return sa.select(Unit).options(joinedload(Unit.terminal), joinedload(Unit.sim), *named)


def unit(session: Session, unit_id: int, by: Actor) -> Unit:
    """One terminal or SIM with its place. Raises NotFound for another branch's."""
    found = session.scalars(_units().where(Unit.id == unit_id, _own(by))).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def units_found(session: Session, words: str, by: Actor, *, kind: str | None = None, limit: int = 20) -> Sequence[Unit]:
    """Units by part of a serial, IMEI, terminal id, ICCID or SIM number."""
    query = _units().where(found_in(Unit.search_text, words), _own(by))
    if kind:
        query = query.where(Unit.kind == kind)
    return session.scalars(query.order_by(Unit.id.desc()).limit(limit)).unique().all()


def units_held(session: Session, holder_id: int, *, kind: str | None = None, limit: int = 500) -> Sequence[Unit]:
    """What a holder has, oldest first."""
    query = _units().join(Unit.position).where(CustodyPosition.holder_id == holder_id)
    if kind:
        query = query.where(Unit.kind == kind)
    return session.scalars(query.order_by(Unit.id).limit(limit)).unique().all()


def unit_history(session: Session, unit_id: int) -> Sequence[CustodyEntry]:
    """Every move of a unit, newest first."""
    query = sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id)
    ends = [joinedload(end).options(joinedload(Holder.person), joinedload(Holder.vehicle)) for end in (CustodyEntry.from_holder, CustodyEntry.to_holder)]
    return session.scalars(query.options(*ends).order_by(CustodyEntry.seq.desc())).unique().all()


def vehicle_history(session: Session, vehicle_id: int) -> Sequence[CustodyEntry]:
    """Every unit that went into or out of a vehicle, newest first."""
    slots = sa.select(Holder.id).where(Holder.vehicle_id == vehicle_id)
    query = sa.select(CustodyEntry).where(sa.or_(CustodyEntry.to_holder_id.in_(slots), CustodyEntry.from_holder_id.in_(slots)))
    return session.scalars(query.order_by(CustodyEntry.at.desc(), CustodyEntry.id.desc())).all()


def fitted(session: Session, vehicle_ids: Sequence[int]) -> dict[int, dict[str, Unit]]:
    """What is in each vehicle now: vehicle id -> {"terminal": unit, "sim": unit}."""
    query = _units().join(Unit.position).join(CustodyPosition.holder).where(Holder.vehicle_id.in_(vehicle_ids))
    inside: dict[int, dict[str, Unit]] = {}
    for found in session.scalars(query).unique():
        assert found.position is not None and found.position.holder.vehicle_id is not None
        inside.setdefault(found.position.holder.vehicle_id, {})[found.kind] = found
    return inside


@dataclass(frozen=True)
class Stock:
    """How much of one thing one holder has. `model` is None for SIMs."""

    holder: Holder
    kind: str
    model: str | None
    count: int


def stock(session: Session, by: Actor, *, kinds: tuple[str, ...] = ("store", "bag"), branch_id: int | None = None) -> Sequence[Stock]:
    """Counts per holder, kind and model in stores and bags."""
    count = sa.func.count()
    query = (
        sa.select(Holder, CustodyPosition.unit_kind, Terminal.model, count)
        .join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
        .outerjoin(Terminal, Terminal.unit_id == CustodyPosition.unit_id)
        .where(Holder.kind.in_(kinds))
        .group_by(Holder.id, CustodyPosition.unit_kind, Terminal.model)
        .order_by(Holder.kind.desc(), Holder.id, CustodyPosition.unit_kind.desc(), Terminal.model)
        .options(joinedload(Holder.person))
    )
    wanted = branch_id if branch_id is not None else (None if by.may("branches.all") else by.branch_id)
    if wanted is not None:
        query = query.where(Holder.branch_id == wanted)
    return [Stock(*row) for row in session.execute(query)]


def parts_in_bags(session: Session, person_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What technicians carry, as the planner counts it: person id -> {"sim": 3, "terminal": 5, "terminal:BD-808A": 4, ...}."""
    query = (
        sa.select(Holder.person_id, CustodyPosition.unit_kind, Terminal.model, sa.func.count())
        .join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
        .outerjoin(Terminal, Terminal.unit_id == CustodyPosition.unit_id)
        .where(Holder.person_id.in_(person_ids))
        .group_by(Holder.person_id, CustodyPosition.unit_kind, Terminal.model)
    )
    bags: dict[int, dict[str, int]] = {}
    for person_id, kind, model, count in session.execute(query):
        bag = bags.setdefault(person_id, {})
        for key in {kind, part_key(kind, model)}:
            bag[key] = bag.get(key, 0) + count
    return bags


def stores(session: Session, by: Actor) -> Sequence[Holder]:
    """The stores a person may see."""
    query = sa.select(Holder).where(Holder.kind == "store")
    if not by.may("branches.all"):
        query = query.where(Holder.branch_id == by.branch_id)
    return session.scalars(query.order_by(Holder.branch_id, Holder.id)).all()


def holder(session: Session, holder_id: int, by: Actor) -> Holder:
    """One store or bag. Raises NotFound for another branch's."""
    query = sa.select(Holder).where(Holder.id == holder_id).options(joinedload(Holder.person), joinedload(Holder.vehicle))
    found = session.scalar(query)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def numbers_taken(session: Session, *, serials: Sequence[str] = (), imeis: Sequence[str] = (), iccid_keys: Sequence[str] = ()) -> set[str]:
    """Those of the given numbers that are on record already."""
    taken: set[str] = set()
    for column, values in ((Terminal.serial, serials), (Terminal.imei, imeis), (Sim.iccid_key, iccid_keys)):
        if values:
            taken.update(v for v in session.scalars(sa.select(column).where(column.in_(values))) if v)
    return taken


def models(session: Session) -> Sequence[TerminalModel]:
    """All terminal models by name."""
    return session.scalars(sa.select(TerminalModel).order_by(TerminalModel.name)).all()
