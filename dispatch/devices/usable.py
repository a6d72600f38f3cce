"""What in stores and bags can go into any vehicle: not what is owed to the bench, promised to a colleague, or a customer's own.

Planner, board, picking list and issuing all count by this one rule.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import OPEN
from dispatch.devices.models import CustodyPosition, HandOverUnit, Holder, Sim, Terminal, Unit
from dispatch.devices.parts import part_key
from dispatch.devices.sim_rules import OUT_OF_USE

Parts = dict[str, int]
"""Part -> how many: {"sim": 3, "terminal": 5, "terminal:BD-808A": 4}; "terminal" counts the terminals of all models."""


_card, _thing = aliased(Sim), aliased(Unit)  # a query that asks this may itself read SIMs or units
_USELESS: list[Any] = [sa.literal_column(f"'{state}'") for state in OUT_OF_USE]  # so their index is found


def usable() -> sa.ColumnElement[bool]:
    """SQL: the unit of this position is no return that is still open, nor promised, a customer's, or a SIM out of use."""
    returned = sa.exists().where(UnitReturn.unit_id == CustodyPosition.unit_id, UnitReturn.status.in_(OPEN))
    promised = sa.exists().where(HandOverUnit.unit_id == CustodyPosition.unit_id, HandOverUnit.open)
    useless = sa.exists().where(_card.unit_id == CustodyPosition.unit_id, _card.state.in_(_USELESS))
    taken = sa.exists().where(_thing.id == CustodyPosition.unit_id, _thing.owner == "customer")
    return sa.and_(~returned, ~promised, ~useless, ~taken)


def model_held() -> sa.ColumnElement[str | None]:
    """SQL: the model of the terminal at this position. A join instead would have the database read all terminals there are."""
    model = sa.select(Terminal.model).where(Terminal.unit_id == CustodyPosition.unit_id)
    return sa.case((CustodyPosition.unit_kind == "terminal", model.scalar_subquery()))


def carrier_held() -> sa.ColumnElement[str | None]:
    """SQL: the carrier of the SIM at this position."""
    carrier = sa.select(Sim.carrier).where(Sim.unit_id == CustodyPosition.unit_id)
    return sa.case((CustodyPosition.unit_kind == "sim", carrier.scalar_subquery()))


def parts_in_bags(session: Session, person_ids: Collection[int]) -> dict[int, Parts]:
    """What technicians carry that they can fit: person id -> parts."""
    return _parts(session, Holder.person_id, person_ids)


def parts_in_stores(session: Session, holder_ids: Collection[int]) -> dict[int, Parts]:
    """What stores have that can be issued: holder id -> parts."""
    return _parts(session, Holder.id, holder_ids)


def _parts(
    session: Session, whose: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], ids: Collection[int]
) -> dict[int, Parts]:
    held = sa.select(whose.label("whose"), CustodyPosition.unit_kind, model_held().label("model"))
    held = held.join(CustodyPosition, CustodyPosition.holder_id == Holder.id).where(whose.in_(ids), usable())
    each = held.subquery()
    query = sa.select(each, sa.func.count()).group_by(*each.c)
    found: dict[int, Parts] = {}
    for owner, kind, model, count in session.execute(query):
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
