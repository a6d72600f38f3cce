"""A step at the bench that was a mistake is taken back by a counter-step that names it; a move it made, by a counter-entry.

Steps are taken back in the order in which they came, the newest first, and only while the unit is where the step has put it.
Locks are taken as in benching.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.operations import record
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import CLOSED, OPEN, SET_ASIDE, STATUS_WORDS, may_undo
from dispatch.devices.bench_steps import Seen, reason_words
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, OwnershipEntry, TakenBack, Unit
from dispatch.devices.operations import lock_units, move_units
from dispatch.devices.ownership import Why, change_owners
from dispatch.devices.ownership_rules import OURS
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

MOVED_ON = say("This unit has moved on since. First that move is taken back.")

_mends = aliased(ReturnStep)


def standing_step(session: Session, return_id: int) -> ReturnStep | None:
    """The newest step of a return that is no counter-step and was not taken back: the one that can be."""
    mended = sa.exists().where(_mends.corrects_id == ReturnStep.id)
    query = sa.select(ReturnStep).where(ReturnStep.return_id == return_id, ReturnStep.corrects_id.is_(None), ~mended)
    return session.scalar(query.order_by(ReturnStep.seq.desc()).limit(1))


def needed_to_undo(step: ReturnStep) -> str:
    """The permission that taking a step back needs; what came out of a bag two people have said yes to."""
    came_from = step.entry.from_holder if step.entry else None
    return "stock.decide" if came_from is not None and came_from.kind == "bag" else may_undo(step.action)


def undo_step(session: Session, seen: Seen, *, reason: str, by: Actor, at: datetime) -> UnitReturn:
    """Take back the newest step of a return that still stands: the return is as it was before it, and so is the unit's place.

    What two have decided is taken back by somebody who may decide it. A form that comes twice counts once. Raises NotAllowed,
    NotFound, Invalid without a reason, Conflict for a stale page, RuleBroken when the unit has moved on since.
    """
    by.must("bench.work", "bench.scrap")
    case = _locked(session, seen, by)
    if case.last_key == seen.key:
        return case
    wrong = standing_step(session, case.id)
    if case.step != seen.step or wrong is None:
        raise Conflict(say("This return went on meanwhile: %(status)s. Please look again.", status=STATUS_WORDS[case.status]))
    by.must(needed_to_undo(wrong))
    words = reason_words(reason)
    _check_place(session, case, wrong)
    _set_back(session, case, wrong, seen, words, by=by, at=at)
    return case


def _locked(session: Session, seen: Seen, by: Actor) -> UnitReturn:
    """The return with its unit, and the new one that a supplier sent, where they are and where they go back to."""
    found = session.get(UnitReturn, seen.return_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    wrong = standing_step(session, found.id)
    entry = wrong.entry if wrong else None
    ids = sorted({found.unit_id, *([entry.unit_id] if entry else [])})
    here = session.scalars(sa.select(CustodyPosition.holder_id).where(CustodyPosition.unit_id.in_(ids))).all()
    back = [entry.from_holder_id] if entry and entry.from_holder_id else []
    take_turn(session, [*here, *back])
    lock_units(session, ids)
    query = sa.select(UnitReturn).where(UnitReturn.id == found.id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def _check_place(session: Session, case: UnitReturn, wrong: ReturnStep) -> None:
    """Whether what the step has moved is still there, and no later return of the unit is under way."""
    if wrong.entry is not None and session.get_one(CustodyPosition, wrong.entry.unit_id).seq != wrong.entry.seq:
        raise RuleBroken(MOVED_ON)
    if wrong.entry is not None and wrong.entry.from_holder is not None and wrong.entry.from_holder.kind == "slot":
        raise RuleBroken(MOVED_ON)
    other = sa.select(UnitReturn.id).where(UnitReturn.unit_id == case.unit_id, UnitReturn.status.in_(OPEN))
    if session.scalar(other.where(UnitReturn.id != case.id)) is not None:
        raise RuleBroken(say("This unit has a later return that is not settled. First that one is ended."))


def _set_back(session: Session, case: UnitReturn, wrong: ReturnStep, seen: Seen, words: str, *, by: Actor, at: datetime) -> None:
    before = {"status": "void", "ended_at": at} if wrong.action == SET_ASIDE else wrong.before
    for name, value in {**before, "step": case.step + 1, "last_key": seen.key, "changed_at": at}.items():
        setattr(case, name, value)
    if case.status not in CLOSED:
        case.ended_at = None
    session.flush()
    entry_id = _move_back(session, case, wrong.entry, words, by=by, at=at) if wrong.entry else None
    _give_back(session, wrong.owners, case, by=by, at=at)
    facts: dict[str, Any] = {"by_id": by.id, "by_name": by.name, "at": at, "reason": words, "corrects_id": wrong.id}
    made = ReturnStep(return_id=case.id, seq=case.step, action=wrong.action, before={}, owners=[], entry_id=entry_id, **facts)
    session.add(made)
    session.flush()
    detail = {"step": wrong.seq, "action": wrong.action, "reason": words}
    record(session, ("return", case.id), "return.undo", by=by, at=at, detail=detail)


def _move_back(session: Session, case: UnitReturn, wrong: CustodyEntry, words: str, *, by: Actor, at: datetime) -> int:
    """The counter-entry: to where the unit was; a new one that nobody sent, to the supplier who has the old one."""
    place = session.get_one(CustodyPosition, case.unit_id)
    to = wrong.from_holder or session.get_one(Holder, place.holder_id)
    facts: dict[str, Any] = {"reason": "correct", "by": by, "at": at, "order_id": wrong.order_id, "corrects_id": wrong.id}
    [made] = move_units(session, [wrong.unit_id], to=to, expected_from=wrong.to_holder_id, **facts)
    session.add(TakenBack(entry_id=made, wrong_id=wrong.id, reason=words))
    session.flush()
    return made


def _give_back(session: Session, entry_ids: list[int], case: UnitReturn, *, by: Actor, at: datetime) -> None:
    """Counter-entries for whose things the step has made somebody else's; where a person decided otherwise since, it stands."""
    changed = sa.select(OwnershipEntry).where(OwnershipEntry.id.in_(entry_ids)).order_by(OwnershipEntry.id)
    for entry in session.scalars(changed).all():
        if session.get_one(Unit, entry.unit_id).owner_seq == entry.seq:
            why = Why("correct", by, at, order_id=case.order_id)
            change_owners(session, {entry.unit_id: entry.before or OURS}, why, corrects={entry.unit_id: entry.id})
