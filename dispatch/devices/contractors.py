"""Reading contractors: who of a branch has how much, since when, and by when it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import CustodyPosition, HandOver, HandOverUnit, Holder, PartPosition, Unit
from dispatch.devices.queries import units_by_id
from dispatch.errors import NotFound
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class Outside:
    """A contractor with how many units and kinds of counted parts he has, since when the oldest of the units, and by when the
    first of them comes back."""

    holder: Holder
    units: int
    parts: int
    since: datetime | None
    due_on: date | None


@dataclass(frozen=True)
class Lent:
    """A unit that a contractor has, since when, and by when it comes back."""

    unit: Unit
    since: datetime
    due_on: date | None


def contractor(session: Session, holder_id: int, by: Actor) -> Holder:
    """One contractor of the reader's branch (or of all). Raises NotFound."""
    found = session.get(Holder, holder_id)
    if found is None or found.kind != "contractor" or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def _due() -> sa.ScalarSelect[date | None]:
    """SQL: the day on the newest paper with which the unit of a position went to where it is."""
    paper = sa.select(HandOver.due_on).join(HandOver.units)
    went = paper.where(HandOverUnit.unit_id == CustodyPosition.unit_id, HandOver.to_holder_id == CustodyPosition.holder_id)
    newest = went.where(HandOverUnit.entry_id.is_not(None)).order_by(HandOverUnit.entry_id.desc()).limit(1)
    return newest.correlate(CustodyPosition).scalar_subquery()


def contractors(session: Session, branch_id: int) -> Sequence[Outside]:
    """A branch's contractors by name, those with nothing, too."""
    held = sa.select(CustodyPosition.holder_id, CustodyPosition.since, _due().label("due_on"))
    each = held.where(CustodyPosition.holder_kind == "contractor").subquery()
    has = sa.select(sa.func.count()).where(PartPosition.holder_id == Holder.id, PartPosition.quantity > 0).scalar_subquery()
    counted = (sa.func.count(each.c.holder_id), has, sa.func.min(each.c.since), sa.func.min(each.c.due_on))
    query = sa.select(Holder, *counted).outerjoin(each, each.c.holder_id == Holder.id)
    own = query.where(Holder.kind == "contractor", Holder.branch_id == branch_id).group_by(Holder.id).order_by(Holder.name)
    return [Outside(*row) for row in session.execute(own)]


def lent_to(session: Session, holder: Holder) -> Sequence[Lent]:
    """What a contractor has, the oldest first."""
    held = sa.select(CustodyPosition.unit_id, CustodyPosition.since, _due())
    own = held.where(CustodyPosition.holder_id == holder.id).order_by(CustodyPosition.since, CustodyPosition.unit_id)
    rows = session.execute(own).all()
    units = units_by_id(session, [unit_id for unit_id, *_ in rows])
    return [Lent(units[unit_id], since, due_on) for unit_id, since, due_on in rows]
