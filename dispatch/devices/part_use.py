"""Counted parts on a vehicle: out of the technician's bag into its slot, and back when it was entered wrongly."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.devices.part_models import Part, PartEntry
from dispatch.devices.part_moves import Move, TooFew, Why, lock_parts, move_parts
from dispatch.devices.part_queries import parts_coded
from dispatch.devices.part_stock import MOST, WHOLE
from dispatch.devices.slots import Work, open_bench
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

_back = aliased(PartEntry)


def use_part(session: Session, work: Work, *, code: str, quantity: int, by: Actor, at: datetime) -> PartEntry:
    """Take so many of a part out of one's own bag for a vehicle.

    Raises RuleBroken when the bag has fewer by the record, Invalid for no number, NotFound for a code nobody knows.
    """
    if not 1 <= quantity <= MOST:
        raise Invalid({"quantity": WHOLE})
    part = parts_coded(session, [code]).get(code)
    if part is None:
        raise NotFound
    bench = open_bench(session, work, [], by=by)
    why = Why("use", by, at, None, work.fact_id, work.order_id, work.line_id, work.device_at)
    try:
        made = move_parts(session, [Move(part.id, quantity, bench.bag, bench.slot)], why)
    except TooFew as few:
        raise RuleBroken(_not_in_bag(few, part)) from None
    return session.get_one(PartEntry, made[0])


def _not_in_bag(few: TooFew, part: Part) -> Text:
    ((_part, there),) = few.there.values()
    told = {"n": there, "unit": part.unit, "part": part.name}
    return say("By the record there are %(n)s %(unit)s of %(part)s in your bag.", **told)


def put_back(
    session: Session,
    entry_id: int,
    *,
    order_id: int,
    reason: str,
    key: uuid.UUID | None = None,
    device_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> PartEntry:
    """The counter-entry of a part that was not used after all: it is in the bag again that it came out of.

    Raises Invalid without a reason, NotFound for another order's, Conflict when it was put back before.
    """
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    used = session.get(PartEntry, entry_id)
    if used is None or used.order_id != order_id or used.reason != "use":
        raise NotFound
    lock_parts(session, [used.part_id])
    if session.scalar(sa.select(PartEntry.id).where(PartEntry.corrects_id == used.id)) is not None:
        raise Conflict(say("Somebody has taken this back already."))
    why = Why("correct", by, at, reason.strip(), key, used.order_id, used.line_id, device_at, used.id)
    made = move_parts(session, [Move(used.part_id, used.quantity, used.to_holder, used.from_holder)], why)
    return session.get_one(PartEntry, made[0])


def parts_used(session: Session, order_id: int, lines: Collection[int] | None = None) -> Sequence[PartEntry]:
    """What an order's vehicles were given and still have, as it was entered; those of these `lines` only, if given."""
    mine = [] if lines is None else [PartEntry.line_id.in_(lines)]
    query = sa.select(PartEntry).where(PartEntry.order_id == order_id, still_used(), *mine)
    return session.scalars(query.options(joinedload(PartEntry.part)).order_by(PartEntry.id)).all()


def still_used() -> sa.ColumnElement[bool]:
    """SQL: a part that went into a vehicle and was not put back."""
    return sa.and_(PartEntry.reason == "use", ~sa.exists().where(_back.corrects_id == PartEntry.id))
