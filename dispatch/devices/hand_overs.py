"""Reading papers on which something goes over: what waits for whose yes, and how both have said it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.devices.models import HandOver, HandOverPart, HandOverUnit, Holder, Unit
from dispatch.errors import NotFound
from dispatch.lists import Cut, Part
from dispatch.staff.rules import Actor


def _whole(query: sa.Select[HandOver]) -> sa.Select[HandOver]:
    """With units, numbers, parts and people."""
    unit = selectinload(HandOver.units).joinedload(HandOverUnit.unit)
    return query.options(
        unit.options(joinedload(Unit.terminal), joinedload(Unit.sim)),
        selectinload(HandOver.parts).joinedload(HandOverPart.part),
        joinedload(HandOver.to_holder).joinedload(Holder.person),
        joinedload(HandOver.from_holder).joinedload(Holder.person),
    )


def _asked(bag: sa.Select[int]) -> sa.ColumnElement[bool]:
    """SQL: the paper waits for the yes of one of these bags."""
    as_taker = sa.and_(HandOver.first == "giver", HandOver.to_holder_id.in_(bag))
    return sa.or_(as_taker, sa.and_(HandOver.first == "taker", HandOver.from_holder_id.in_(bag)))


def offers(session: Session, person_id: int) -> tuple[Sequence[HandOver], Sequence[HandOver]]:
    """What waits for somebody's yes, and what he has offered others, the oldest first; with all that is on it."""
    bag = sa.select(Holder.id).where(Holder.person_id == person_id)
    either = sa.or_(HandOver.to_holder_id.in_(bag), HandOver.from_holder_id.in_(bag))
    query = _whole(sa.select(HandOver).where(HandOver.status == "offered", either))
    found = session.scalars(query.order_by(HandOver.id)).unique().all()
    for_him = [each for each in found if each.second.person_id == person_id]
    return for_him, [each for each in found if each not in for_him]


def waiting_for(session: Session, person_id: int) -> int:
    """How many papers wait for somebody's yes."""
    bag = sa.select(Holder.id).where(Holder.person_id == person_id)
    query = sa.select(sa.func.count()).select_from(HandOver).where(HandOver.status == "offered", _asked(bag))
    return session.scalar(query) or 0


PAPER_SORTS = {"offered": (HandOver.offered_at, HandOver.id), "state": (HandOver.status, -HandOver.id)}


def papers(session: Session, branch_id: int, show: str, *, cut: Cut) -> Part[HandOver]:
    """A page of a branch's papers: those that `wait`, those of which something was `left`, or all."""
    units = sa.exists().where(HandOverUnit.hand_over_id == HandOver.id, HandOverUnit.left_out)
    parts = sa.exists().where(HandOverPart.hand_over_id == HandOver.id, HandOverPart.left_out > 0)
    left = sa.or_(units, parts, HandOver.status == "declined")
    shown = {"wait": HandOver.status == "offered", "left": left}.get(show, sa.true())
    where = (HandOver.from_holder.has(Holder.branch_id == branch_id), shown)
    total = session.scalar(sa.select(sa.func.count()).select_from(HandOver).where(*where)) or 0
    query = _whole(sa.select(HandOver).where(*where))
    return Part(session.scalars(cut.of(query, PAPER_SORTS)).unique().all(), cut.number, total)


def paper(session: Session, hand_over_id: int, by: Actor) -> HandOver:
    """One paper, for the office of its branch. Raises NotFound."""
    found = session.scalars(_whole(sa.select(HandOver).where(HandOver.id == hand_over_id))).unique().one_or_none()
    if found is None or not by.sees_branch(found.from_holder.branch_id):
        raise NotFound
    return found


def units_issued(session: Session, key: uuid.UUID) -> Sequence[int]:
    """The units on the paper that a form with this key has made."""
    query = sa.select(HandOverUnit.unit_id).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    return session.scalars(query.where(HandOver.key == key).order_by(HandOverUnit.unit_id)).all()
