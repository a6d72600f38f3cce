"""Handing units and counted parts from one technician's bag into another's: both sides say so (P12).

Locks are taken in one order: the hand-over's row, the bags as in fitting, the positions of the units by id, the parts by id, then
the hand-over's lines. Whoever moves a unit or parts for another reason holds its position or the part before; a trigger of the
database then lets the promise go.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.audit.operations import record
from dispatch.devices.models import HandOver, HandOverPart, HandOverUnit, Holder, Unit
from dispatch.devices.operations import bag_of, lock_units, move_units
from dispatch.devices.part_moves import Why
from dispatch.devices.part_promises import promise_parts, still_promised, take_parts
from dispatch.devices.part_stock import Counts, check_counts
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.queries import technicians
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST_WORDS = 200
SETTLED = {
    "accepted": say("%(name)s has accepted these already."),
    "declined": say("%(name)s has not got these: they stay with the giver."),
    "withdrawn": say("%(name)s has taken the offer back."),
}


def offer(
    session: Session,
    unit_ids: Sequence[int],
    *,
    parts: Counts | None = None,
    to_person_id: int | None,
    note: str,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> HandOver:
    """Offer units and so many of each part of one's own bag to a colleague; they stay one's own until he accepts.

    Sent twice under one key it counts once. Raises Invalid for nothing or nobody chosen and for more parts than one has left to
    offer, RuleBroken for a unit that is elsewhere, Conflict for one that is offered already.
    """
    by.must("bag.hand_over")
    mine = _bag(session, by)
    take_turn(session, [mine.id])  # before the key is looked up: a form pressed twice at once comes second, and is found
    before = session.scalar(sa.select(HandOver).where(HandOver.key == key, HandOver.offered_by_id == by.id))
    if before is not None:
        return before
    chosen, counts = sorted(set(unit_ids)), parts or {}
    _check_chosen(chosen, counts)
    his = _bag_of_colleague(session, to_person_id, by)
    if chosen:
        lock_units(session, chosen, holder_id=mine.id)
    made = HandOver(
        key=key,
        from_holder_id=mine.id,
        to_holder_id=his.id,
        status="offered",
        note=note.strip()[:LONGEST_WORDS] or None,
        offered_by_id=by.id,
        offered_by_name=by.name,
        offered_at=at,
        units=[HandOverUnit(unit_id=unit_id) for unit_id in chosen],
        parts=promise_parts(session, mine, counts),
    )
    session.add(made)
    session.flush()
    _tell(session, made, "offer", chosen, by, at, parts=counts)
    return made


def _check_chosen(unit_ids: Sequence[int], counts: Counts) -> None:
    if not unit_ids and not counts:
        raise Invalid({"units": say("Nothing was chosen.")})
    if counts:
        check_counts(counts)


def accept(session: Session, hand_over_id: int, *, by: Actor, at: datetime) -> int:
    """Say that one has them: from now on they are in one's own bag; returns how many units and kinds of parts.

    What went elsewhere meanwhile stays there. Said twice it counts once: 0. Raises RuleBroken when nothing is left, Conflict when
    it was settled otherwise.
    """
    offered = _offered(session, hand_over_id, HandOver.to_holder_id, "accepted", by)
    if offered.status == "accepted":
        return 0
    take_turn(session, [offered.from_holder_id, offered.to_holder_id])
    promised = sa.select(HandOverUnit.unit_id).where(HandOverUnit.hand_over_id == offered.id, HandOverUnit.open)
    left = session.scalars(promised.order_by(HandOverUnit.unit_id)).all()
    if left:
        lock_units(session, left, holder_id=offered.from_holder_id)
    taking = {line: line.open for line in still_promised(session, offered)}
    if not left and not taking:
        raise RuleBroken(say("None of these is in %(name)s's bag any more.", name=offered.offered_by_name))
    _settle(offered, "accepted", by, at)
    session.flush()
    _move(session, offered, left, taking, by, at)
    _tell(session, offered, "accept", left, by, at, parts={line.part_id: count for line, count in taking.items()})
    return len(left) + len(taking)


def _move(
    session: Session, offered: HandOver, unit_ids: Sequence[int], taking: Mapping[HandOverPart, int], by: Actor, at: datetime
) -> None:
    if unit_ids:
        facts: dict[str, Any] = {"expected_from": offered.from_holder_id, "reason": "hand_over", "by": by, "at": at}
        move_units(session, unit_ids, to=offered.to_holder, **facts)
    take_parts(session, offered, taking, Why("hand_over", by, at, offered.note))


def decline(session: Session, hand_over_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """Say that one has not got them, and why; they stay with the giver."""
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    offered = _offered(session, hand_over_id, HandOver.to_holder_id, "declined", by)
    if offered.status == "offered":
        offered.reason = reason.strip()[:LONGEST_WORDS]
        _settle(offered, "declined", by, at)
        _tell(session, offered, "decline", [], by, at)


def withdraw(session: Session, hand_over_id: int, *, by: Actor, at: datetime) -> None:
    """Take back what one has offered and nobody has accepted."""
    offered = _offered(session, hand_over_id, HandOver.from_holder_id, "withdrawn", by)
    if offered.status == "offered":
        _settle(offered, "withdrawn", by, at)
        _tell(session, offered, "withdraw", [], by, at)


def _settle(offered: HandOver, status: str, by: Actor, at: datetime) -> None:
    offered.status, offered.settled_by_id, offered.settled_by_name, offered.settled_at = status, by.id, by.name, at
    for line in offered.units:
        line.open = False
    for promise in offered.parts:
        promise.open = 0


def _offered(session: Session, hand_over_id: int, side: sa.orm.InstrumentedAttribute[int], wanted: str, by: Actor) -> HandOver:
    """The hand-over, locked, if the reader is at this side of it: still offered, or settled as he wants it.

    Raises NotFound, Conflict when it was settled otherwise.
    """
    by.must("bag.hand_over")
    mine = sa.select(Holder.id).where(Holder.person_id == by.id)
    query = sa.select(HandOver).where(HandOver.id == hand_over_id, side.in_(mine)).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    if found.status not in ("offered", wanted):
        raise Conflict(say(SETTLED[found.status].msgid, name=found.settled_by_name or ""))
    return found


def _bag(session: Session, by: Actor) -> Holder:
    assert by.id is not None and by.branch_id is not None
    return bag_of(session, person_id=by.id, branch_id=by.branch_id)


def _bag_of_colleague(session: Session, person_id: int | None, by: Actor) -> Holder:
    if by.branch_id is None or person_id == by.id or person_id not in [each.id for each in technicians(session, by.branch_id)]:
        raise Invalid({"to": say("Choose a colleague.")})
    assert person_id is not None
    return bag_of(session, person_id=person_id, branch_id=by.branch_id)


def _tell(
    session: Session, made: HandOver, what: str, ids: Sequence[int], by: Actor, at: datetime, *, parts: Counts | None = None
) -> None:
    detail: dict[str, Any] = {"to": made.to_holder_id, "hand_over": made.id, "units": list(ids)}
    if parts:
        detail["parts"] = {str(part_id): count for part_id, count in parts.items()}
    record(session, ("holder", made.from_holder_id), f"bag.{what}", by=by, at=at, detail=detail)


# --- what there is


def offers(session: Session, person_id: int) -> tuple[Sequence[HandOver], Sequence[HandOver]]:
    """What is offered to somebody, and what he offers others, the oldest first; with units, numbers, parts and people."""
    bag = sa.select(Holder.id).where(Holder.person_id == person_id)
    either = sa.or_(HandOver.to_holder_id.in_(bag), HandOver.from_holder_id.in_(bag))
    unit = selectinload(HandOver.units).joinedload(HandOverUnit.unit)
    query = (
        sa.select(HandOver)
        .where(HandOver.status == "offered", either)
        .options(
            unit.options(joinedload(Unit.terminal), joinedload(Unit.sim)),
            selectinload(HandOver.parts).joinedload(HandOverPart.part),
            joinedload(HandOver.to_holder).joinedload(Holder.person),
            joinedload(HandOver.from_holder).joinedload(Holder.person),
        )
    )
    found = session.scalars(query.order_by(HandOver.id)).unique().all()
    to_him = [each for each in found if each.to_holder.person_id == person_id]
    return to_him, [each for each in found if each not in to_him]


def waiting_for(session: Session, person_id: int) -> int:
    """How many hand-overs wait for somebody's yes."""
    query = sa.select(sa.func.count()).select_from(HandOver).join(HandOver.to_holder)
    return session.scalar(query.where(Holder.person_id == person_id, HandOver.status == "offered")) or 0
