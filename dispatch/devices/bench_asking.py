"""What the bench receives out of a bag: it asks for it on a paper, and has it when the owner has said yes, too (P12)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_places import bench_place
from dispatch.devices.bench_rules import OWED, STEPS
from dispatch.devices.bench_steps import Deed, Seen, carry_out
from dispatch.devices.models import HandOver, HandOverUnit, Holder
from dispatch.devices.promising import Lot, paper_with, promise
from dispatch.errors import RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say


def ask_for(session: Session, case: UnitReturn, bag: Holder, key: uuid.UUID, *, by: Actor, at: datetime) -> None:
    """Ask a bag's owner, whose place is locked, for the unit of a return; a form that comes twice asks once.

    Raises RuleBroken for one's own bag, Conflict for a unit that is promised to somebody already.
    """
    if bag.person_id == by.id:
        raise RuleBroken(say("This unit is in your own bag. Somebody else at the bench receives it."))
    own = uuid.uuid5(key, str(case.id))  # a list has one key for all of its rows
    if paper_with(session, bag, own, by=by) is None:
        to = bench_place(session, case, "bench")
        promise(session, Lot([case.unit_id]), source=bag, to=to, first="taker", key=own, by=by, at=at)


def receive_promised(session: Session, paper: HandOver, unit_id: int, *, by: Actor, at: datetime) -> int:
    """Both have said yes: a unit on the bench's paper, locked, is received by whoever asked for it; returns the move.

    Raises RuleBroken for one that is not owed any more.
    """
    query = sa.select(UnitReturn).where(UnitReturn.unit_id == unit_id, UnitReturn.status.in_(OWED)).with_for_update()
    case = session.scalar(query.execution_options(populate_existing=True))
    if case is None:
        raise RuleBroken(say("The bench does not wait for this unit any more. Say that you did not hand it over."))
    facts = {"received_by_id": paper.offered_by_id, "received_by_name": paper.offered_by_name, "received_at": at}
    deed = Deed(facts, {"asked_by": paper.offered_by_name}, to=paper.to_holder)
    seen = Seen(case.id, case.step, paper.key)
    made = carry_out(session, case, seen, STEPS["receive"], lambda _case: deed, by=by, at=at)
    assert made is not None
    return made


def papers_of(session: Session, unit_ids: Collection[int]) -> Mapping[int, HandOver]:
    """unit id -> the paper on which it is promised to somebody, of those that are."""
    query = sa.select(HandOverUnit.unit_id, HandOver).join(HandOver, HandOver.id == HandOverUnit.hand_over_id)
    ends = (joinedload(HandOver.from_holder).joinedload(Holder.person), joinedload(HandOver.to_holder).joinedload(Holder.person))
    rows = session.execute(query.where(HandOverUnit.unit_id.in_(unit_ids), HandOverUnit.open).options(*ends))
    return {row[0]: row[1] for row in rows}
