"""What in stores and bags can go into any vehicle: not what is owed to the bench, promised to a colleague, or a customer's own.

Planner, board, picking list and issuing all count by this one rule. What a store has issued to somebody who has not said yet that
he has it counts as his, and no longer as the store's: it is meant for him, and nobody issues it twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import OPEN
from dispatch.devices.models import CustodyPosition, HandOver, HandOverUnit, Holder, Sim, Terminal, Unit
from dispatch.devices.parts import part_key
from dispatch.devices.sim_rules import OUT_OF_USE

Parts = dict[str, int]
"""Part -> how many: {"sim": 3, "terminal": 5, "terminal:BD-808A": 4}; "terminal" counts the terminals of all models."""


_card, _thing = aliased(Sim), aliased(Unit)  # a query that asks this may itself read SIMs or units
_USELESS: list[Any] = [sa.literal_column(f"'{state}'") for state in OUT_OF_USE]  # so their index is found
_UNFIT = (
    sa.select(UnitReturn.unit_id).where(UnitReturn.status.in_(OPEN)),
    sa.select(_card.unit_id).where(_card.state.in_(_USELESS)),
    sa.select(_thing.id.label("unit_id")).where(_thing.owner == "customer"),
)
"""The units that are a return which is still open, a SIM out of use, or a customer's own; each is in one of them once."""
_PROMISED = sa.select(HandOverUnit.unit_id).where(HandOverUnit.open)


def usable() -> sa.ColumnElement[bool]:
    """SQL: the unit of this position is no return that is still open, nor promised, a customer's, or a SIM out of use."""
    return _in_none_of(*_UNFIT, _PROMISED)


def _fit_for_use() -> sa.ColumnElement[bool]:
    return _in_none_of(*_UNFIT)


def _in_none_of(*queries: sa.Select[int]) -> sa.ColumnElement[bool]:
    units = (query.subquery() for query in queries)
    return sa.and_(*(~sa.exists().where(each.c.unit_id == CustodyPosition.unit_id) for each in units))


@dataclass(frozen=True)
class Held:
    """So many units that a store or bag has of one kind (and model or carrier), and whether they can be issued."""

    holder_id: int
    kind: str
    model: str | None
    carrier: str | None
    usable: bool
    count: int


def units_counted(session: Session, holder_ids: Collection[int]) -> list[Held]:
    """All that these stores and bags have, counted in one go: two queries by the same rule took half as long again."""
    position, unfit = CustodyPosition, [query.subquery() for query in (*_UNFIT, _PROMISED)]
    can_be_issued = sa.and_(*(each.c.unit_id.is_(None) for each in unfit)).label("usable")
    named = (model_held().label("model"), carrier_held().label("carrier"))
    held = sa.select(position.holder_id, position.unit_kind, *named, can_be_issued).where(position.holder_id.in_(holder_ids))
    for each in unfit:
        held = held.outerjoin(each, each.c.unit_id == position.unit_id)
    return [Held(*row) for row in session.execute(_counted(held))]


def model_held() -> sa.ColumnElement[str | None]:
    """SQL: the model of the terminal at this position. A join instead would have the database read all terminals there are."""
    model = sa.select(Terminal.model).where(Terminal.unit_id == CustodyPosition.unit_id)
    return sa.case((CustodyPosition.unit_kind == "terminal", model.scalar_subquery()))


def carrier_held() -> sa.ColumnElement[str | None]:
    """SQL: the carrier of the SIM at this position."""
    carrier = sa.select(Sim.carrier).where(Sim.unit_id == CustodyPosition.unit_id)
    return sa.case((CustodyPosition.unit_kind == "sim", carrier.scalar_subquery()))


def parts_in_bags(session: Session, person_ids: Collection[int]) -> dict[int, Parts]:
    """What technicians carry that they can fit, with what is issued to them and waits for their yes: person id -> parts."""
    rows = _held(Holder.person_id, person_ids).union_all(_issued(person_ids))
    return _parts(session, rows)


def parts_in_stores(session: Session, holder_ids: Collection[int]) -> dict[int, Parts]:
    """What stores have that can be issued: holder id -> parts."""
    return _parts(session, _held(Holder.id, holder_ids))


def _held(
    whose: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ids: Collection[int]
) -> sa.Select[*tuple[Any, ...]]:
    held = sa.select(whose.label("whose"), CustodyPosition.unit_kind, model_held().label("model"))
    joined = held.join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
    return _counted(joined.where(whose.in_(ids), usable()))


def _issued(person_ids: Collection[int]) -> sa.Select[*tuple[Any, ...]]:
    giver = aliased(Holder)
    query = sa.select(Holder.person_id.label("whose"), CustodyPosition.unit_kind, model_held().label("model"))
    joined = query.select_from(HandOverUnit).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    joined = joined.join(Holder, Holder.id == HandOver.to_holder_id).join(giver, giver.id == HandOver.from_holder_id)
    joined = joined.join(CustodyPosition, CustodyPosition.unit_id == HandOverUnit.unit_id)
    return _counted(joined.where(HandOverUnit.open, giver.kind == "store", Holder.person_id.in_(person_ids), _fit_for_use()))


def _counted(query: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    each = query.subquery()
    return sa.select(each, sa.func.count()).group_by(*each.c)


def _parts(session: Session, rows: sa.Select[Any] | sa.CompoundSelect[Any]) -> dict[int, Parts]:
    found: dict[int, Parts] = {}
    for owner, kind, model, count in session.execute(rows):
        assert owner is not None
        parts = found.setdefault(owner, {})
        for key in {kind, part_key(kind, model)}:
            parts[key] = parts.get(key, 0) + count
    return found


def oldest_units(
    session: Session, holder_id: int, *, kind: str, model: str | None = None, limit: int | None = None
) -> Sequence[tuple[int, str | None]]:
    """(unit id, model) of what a holder has of one kind and can be used, the oldest first."""
    query = sa.select(CustodyPosition.unit_id, Terminal.model).outerjoin(Terminal, Terminal.unit_id == CustodyPosition.unit_id)
    held = query.where(CustodyPosition.holder_id == holder_id, CustodyPosition.unit_kind == kind, usable())
    if model is not None:
        held = held.where(Terminal.model == model)
    return [(unit_id, name) for unit_id, name in session.execute(held.order_by(CustodyPosition.unit_id).limit(limit))]
