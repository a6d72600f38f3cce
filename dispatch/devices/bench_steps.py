"""What all steps at the repair bench share: what a page showed, what a step comes to, and how it is carried out.

Locks are taken in one order: the holder that has the unit, the unit's position, the return.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import CLOSED, STATUS_WORDS, STEPS, Step
from dispatch.devices.models import CustodyPosition, Holder, OwnershipEntry, Unit
from dispatch.devices.operations import lock_units, move_units
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST = 300
REASONS = {
    "receive": "bench",
    "send": "repair",
    "take_back": "from_supplier",
    "repair": "repaired",
    "no_fault": "no_fault",
    "scrap": "scrap",
}
"""What the ledger says of each step that moves the unit."""


@dataclass(frozen=True)
class Seen:
    """What a page showed of a return, and the key of the form that it sent."""

    return_id: int
    step: int
    key: uuid.UUID


@dataclass(frozen=True)
class Deed:
    """What a step comes to: columns of the return, what the trail tells of it, and the holder that the unit moves to, if any;
    or the entry by which another unit came for it."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    to: Holder | None = None
    entry_id: int | None = None


def do_step(
    session: Session, seen: Seen, action: str, deed: Callable[[UnitReturn], Deed | None], *, by: Actor, at: datetime
) -> UnitReturn:
    """One step with the return and its unit locked; a form that has come before finds what it did, and does nothing.

    Raises NotAllowed, NotFound, and Conflict when the return is not as the page has shown it.
    """
    step = STEPS[action]
    by.must(step.permission or "")
    case, moved = _locked(session, seen.return_id, by)
    if case.last_key == seen.key:
        return case
    if case.step != seen.step or case.status not in step.sources:
        raise Conflict(say("This return went on meanwhile: %(status)s. Please look again.", status=STATUS_WORDS[case.status]))
    if moved:
        raise Conflict(say("Somebody else moved this unit a moment ago. Please look again."))
    _must_be_receivable(session, case, step)
    carry_out(session, case, seen, step, deed, by=by, at=at)
    return case


def _must_be_receivable(session: Session, case: UnitReturn, step: Step) -> None:
    """What is on the way to another branch is on a transfer, and arrives by it."""
    if step.action == "receive" and session.get_one(CustodyPosition, case.unit_id).holder_kind == "transit":
        raise RuleBroken(say("This unit is on the way between branches. First the transfer is received or taken back."))


def _locked(session: Session, return_id: int, by: Actor) -> tuple[UnitReturn, bool]:
    """The return, and whether its unit has another holder by now than the one whose turn this is."""
    where = sa.select(UnitReturn.unit_id, UnitReturn.branch_id, CustodyPosition.holder_id)
    found = session.execute(
        where.join(CustodyPosition, CustodyPosition.unit_id == UnitReturn.unit_id).where(UnitReturn.id == return_id)
    ).one_or_none()
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    take_turn(session, [found.holder_id])
    lock_units(session, [found.unit_id])
    query = sa.select(UnitReturn).where(UnitReturn.id == return_id).with_for_update()
    case = session.scalars(query.execution_options(populate_existing=True)).one()
    now_at = session.get_one(CustodyPosition, found.unit_id).holder_id
    return case, now_at != found.holder_id


def carry_out(
    session: Session,
    case: UnitReturn,
    seen: Seen,
    step: Step,
    doing: Callable[[UnitReturn], Deed | None],
    *,
    by: Actor,
    at: datetime,
) -> int | None:
    """Write down what the step says of the return, move the unit, remember what was before, tell the trail; returns the move."""
    owned = session.get_one(Unit, case.unit_id).owner_seq
    deed = doing(case)
    if deed is None:  # what it needs first was asked for
        return None
    common = {"status": step.target, "step": case.step + 1, "last_key": seen.key, "changed_at": at}
    ended = {"ended_at": at} if step.target in CLOSED else {}
    before = {name: getattr(case, name) for name in (*deed.facts, "status")}
    for name, value in {**deed.facts, **common, **ended}.items():
        setattr(case, name, value)
    session.flush()
    entry_id = deed.entry_id
    if deed.to is not None:
        reason = REASONS[step.action]
        [entry_id] = move_units(session, [case.unit_id], to=deed.to, reason=reason, by=by, at=at, order_id=case.order_id)
    facts: dict[str, Any] = {"before": before, "owners": _made_owners(session, case, owned), "entry_id": entry_id}
    who = {"by_id": by.id, "by_name": by.name, "at": at}
    session.add(ReturnStep(return_id=case.id, seq=case.step, action=step.action, **facts, **who))
    session.flush()
    told = {name: value for name, value in deed.detail.items() if value is not None}
    record(session, ("return", case.id), f"return.{step.action}", by=by, at=at, detail=told)
    return entry_id


def _made_owners(session: Session, case: UnitReturn, owned: int) -> list[int]:
    """The entries of whose the unit is since its `owned`th, and those of the new one that a supplier sent for it."""
    since = sa.and_(OwnershipEntry.unit_id == case.unit_id, OwnershipEntry.seq > owned)
    made = sa.select(OwnershipEntry.id).where(sa.or_(since, OwnershipEntry.unit_id == case.replacement_id))
    return list(session.scalars(made.order_by(OwnershipEntry.id)))


def kept_words(typed: str) -> str | None:
    return " ".join(typed.split())[:LONGEST] or None


def reason_words(typed: str) -> str:
    """A reason as it is kept. Raises Invalid (`reason`) for none."""
    said = kept_words(typed)
    if said is None:
        raise Invalid({"reason": say("Please give a reason.")})
    return said
