"""Work at the repair bench: a returned unit is received, looked at, and goes back, to the supplier, or out of use for good (P6).

Locks are taken in one order: the holder that has the unit, the unit's position, the return. Each act is a step of STEPS; its form
says by `Seen` what the page showed, so a stale page is refused and a form that comes twice counts once.
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
from dispatch.devices.bench_places import bench_place, customer_place, put_new_one, store_place
from dispatch.devices.bench_rules import CLOSED, STATUS_WORDS, STEPS, Step, faults_of, why_not_scrap
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, OwnershipEntry, Unit
from dispatch.devices.operations import lock_units, move_units
from dispatch.devices.ownership import kept_in_store
from dispatch.devices.ownership_following import replaced_by
from dispatch.devices.rules import tidy
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
ASKED_OF_SENDING = {
    "supplier": say("Enter who repairs it."),
    "rma_number": say("Enter the number under which the supplier expects it."),
}


@dataclass(frozen=True)
class Seen:
    """What a page showed of a return, and the key of the form that it sent."""

    return_id: int
    step: int
    key: uuid.UUID


@dataclass(frozen=True)
class Back:
    """Where a unit goes from the bench: into this store, or (None) to the customer: whose it is, else whose vehicle it came from.

    A customer's unit that goes into a store stays `his` there, or becomes `ours` for a reason: `whose` says which.
    """

    store_id: int | None
    whose: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Deed:
    """What a step comes to: columns of the return, what the trail tells of it, and the holder that the unit moves to, if any;
    or the entry by which another unit came for it."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)
    to: Holder | None = None
    entry_id: int | None = None


def receive(session: Session, seen: Seen, *, by: Actor, at: datetime) -> UnitReturn:
    """The unit is at the bench now, whoever had it. Raises Conflict for a stale page, as all of these do."""

    def received(case: UnitReturn) -> Deed:
        facts = {"received_by_id": by.id, "received_by_name": by.name, "received_at": at}
        return Deed(facts, to=bench_place(session, case, "bench"))

    return _do(session, seen, "receive", received, by=by, at=at)


def diagnose(session: Session, seen: Seen, *, fault: str, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """Say what is wrong with it: a code of FAULTS, and in words what it needs. Raises Invalid for another code."""

    def diagnosed(case: UnitReturn) -> Deed:
        if fault not in faults_of(session.get_one(Unit, case.unit_id).kind):
            raise Invalid({"fault": say("Choose what is wrong with it.")})
        facts = {"fault": fault, "remark": _words(remark)}
        return Deed(facts, detail=facts)

    return _do(session, seen, "diagnose", diagnosed, by=by, at=at)


def repair(session: Session, seen: Seen, *, back: Back, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """It works again and goes into a store or back to the customer.

    Raises Invalid: `back` for no place of this branch, or where nobody says whose a customer's own is then; `reason` for why.
    """
    return _do(session, seen, "repair", lambda case: _way_back(session, case, back, remark, by, at), by=by, at=at)


def find_no_fault(session: Session, seen: Seen, *, back: Back, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """Nothing is wrong with it: it goes into a store or back to the customer; a fault noted before is taken back."""

    def innocent(case: UnitReturn) -> Deed:
        deed = _way_back(session, case, back, remark, by, at)
        return Deed({**deed.facts, "fault": None}, deed.detail, deed.to)

    return _do(session, seen, "no_fault", innocent, by=by, at=at)


def _way_back(session: Session, case: UnitReturn, back: Back, remark: str, by: Actor, at: datetime) -> Deed:
    to = customer_place(session, case) if back.store_id is None else store_place(session, case, back.store_id)
    if back.store_id is not None:
        kept_in_store(session, session.get_one(Unit, case.unit_id), back.whose, reason=back.reason, by=by, at=at)
    return Deed({"remark": _words(remark) or case.remark}, {"name": to.name, "remark": _words(remark)}, to)


def send(session: Session, seen: Seen, *, supplier: str, rma: str, tracking: str, by: Actor, at: datetime) -> UnitReturn:
    """It goes to the supplier, under his number for it (RMA) and, if known, the carrier's. Raises Invalid without the former."""

    def sent(case: UnitReturn) -> Deed:
        facts = {"supplier": _words(supplier), "rma_number": _words(rma), "tracking_number": _words(tracking)}
        missing = {name: sentence for name, sentence in ASKED_OF_SENDING.items() if not facts[name]}
        if missing:
            raise Invalid(missing)
        return Deed(facts, facts, bench_place(session, case, "supplier", facts["supplier"] or ""))

    return _do(session, seen, "send", sent, by=by, at=at)


def take_back(session: Session, seen: Seen, *, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """It has come back from the supplier and is on the bench again."""

    def back(case: UnitReturn) -> Deed:
        return Deed({"remark": _words(remark) or case.remark}, {"remark": _words(remark)}, bench_place(session, case, "bench"))

    return _do(session, seen, "take_back", back, by=by, at=at)


def replace(session: Session, seen: Seen, *, number: str, store_id: int | None, by: Actor, at: datetime) -> UnitReturn:
    """The supplier keeps it and has sent another one, which is taken into a store under its own number.

    Raises Invalid (`number`, `store`), Conflict when that number is on record already.
    """

    def replaced(case: UnitReturn) -> Deed:
        store = store_place(session, case, store_id or 0, named="store")
        new_id = put_new_one(session, case, number, store=store, by=by, at=at)
        replaced_by(session, session.get_one(Unit, case.unit_id), new_id, order_id=case.order_id, by=by, at=at)
        born = session.scalars(sa.select(CustodyEntry.id).where(CustodyEntry.unit_id == new_id)).one()
        return Deed({"replacement_id": new_id}, {"number": tidy(number), "name": store.name}, entry_id=born)

    return _do(session, seen, "replace", replaced, by=by, at=at)


def propose_scrap(session: Session, seen: Seen, *, reason: str, by: Actor, at: datetime) -> UnitReturn:
    """Ask that it be given up, and say why; it stays on the bench until somebody else has decided."""

    def proposed(_case: UnitReturn) -> Deed:
        said = reason_words(reason)
        return Deed({"scrap_reason": said, "scrap_by_id": by.id, "scrap_by_name": by.name}, {"reason": said})

    return _do(session, seen, "propose_scrap", proposed, by=by, at=at)


def scrap(session: Session, seen: Seen, *, by: Actor, at: datetime) -> UnitReturn:
    """Approve that it is given up. Raises RuleBroken for whoever has proposed it."""

    def given_up(case: UnitReturn) -> Deed:
        if problem := why_not_scrap(case.scrap_by_id, by.id):
            raise RuleBroken(problem)
        return Deed({"approved_by_id": by.id, "approved_by_name": by.name}, to=bench_place(session, case, "scrapped"))

    return _do(session, seen, "scrap", given_up, by=by, at=at)


def keep(session: Session, seen: Seen, *, reason: str, by: Actor, at: datetime) -> UnitReturn:
    """It is not given up after all; the bench goes on with it."""

    def kept(_case: UnitReturn) -> Deed:
        return Deed({"scrap_reason": None, "scrap_by_id": None, "scrap_by_name": None}, {"reason": reason_words(reason)})

    return _do(session, seen, "keep", kept, by=by, at=at)


# --- what all steps share


def _do(session: Session, seen: Seen, action: str, deed: Callable[[UnitReturn], Deed], *, by: Actor, at: datetime) -> UnitReturn:
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
    _carry_out(session, case, seen, step, deed, by=by, at=at)
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


def _carry_out(
    session: Session, case: UnitReturn, seen: Seen, step: Step, doing: Callable[[UnitReturn], Deed], *, by: Actor, at: datetime
) -> None:
    """Write down what the step says of the return, move the unit, remember what was before, and tell the trail."""
    owned = session.get_one(Unit, case.unit_id).owner_seq
    deed = doing(case)
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


def _made_owners(session: Session, case: UnitReturn, owned: int) -> list[int]:
    """The entries of whose the unit is since its `owned`th, and those of the new one that a supplier sent for it."""
    since = sa.and_(OwnershipEntry.unit_id == case.unit_id, OwnershipEntry.seq > owned)
    made = sa.select(OwnershipEntry.id).where(sa.or_(since, OwnershipEntry.unit_id == case.replacement_id))
    return list(session.scalars(made.order_by(OwnershipEntry.id)))


def _words(typed: str) -> str | None:
    return " ".join(typed.split())[:LONGEST] or None


def reason_words(typed: str) -> str:
    """A reason as it is kept. Raises Invalid (`reason`) for none."""
    said = _words(typed)
    if said is None:
        raise Invalid({"reason": say("Please give a reason.")})
    return said
