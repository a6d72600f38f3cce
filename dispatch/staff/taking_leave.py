"""Leave: asked for by the person, decided by the manager of his branch, withdrawn or ended early."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_models import LeaveRequest
from dispatch.staff.roster_queries import leave_to_decide, managed
from dispatch.staff.roster_rules import TAKEN, decides
from dispatch.staff.rules import Actor
from dispatch.words import say

THERE_ALREADY = say("There is leave for this time already. Withdraw it first, or choose another time.")


@dataclass(frozen=True)
class NewLeave:
    """What is asked for, from one moment to another; `key` is the form's own."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    key: uuid.UUID


def ask_leave(session: Session, new: NewLeave, *, by: Actor, at: datetime) -> LeaveRequest:
    """Ask for leave; pressed twice it is asked for once. Raises Invalid for a time that is taken by other leave of his."""
    assert by.id is not None
    same = session.scalar(sa.select(LeaveRequest).where(LeaveRequest.request_key == new.key, LeaveRequest.person_id == by.id))
    if same is not None:
        return same
    _check_free(session, by.id, new)
    facts = {"kind": new.kind, "starts_at": new.starts_at, "ends_at": new.ends_at, "reason": new.reason}
    asked = LeaveRequest(person_id=by.id, asked_at=at, request_key=new.key, state="asked", **facts)
    session.add(asked)
    session.flush()
    _tell(session, asked, "leave.ask", by=by, at=at)
    return asked


def _check_free(session: Session, person_id: int, new: NewLeave) -> None:
    """The database refuses what comes at the same moment."""
    theirs = sa.select(LeaveRequest.id).where(LeaveRequest.person_id == person_id, LeaveRequest.state.in_(TAKEN))
    if session.scalar(theirs.where(LeaveRequest.starts_at < new.ends_at, LeaveRequest.ends_at > new.starts_at).limit(1)):
        raise Invalid({"from": THERE_ALREADY})


def decide_leave(session: Session, leave_id: int, *, approve: bool, answer: str, by: Actor, at: datetime) -> LeaveRequest:
    """Approve or refuse leave; a refusal gives its reason. Pressed twice it is decided once.

    Visits that lie in it stay with the person: they are the dispatcher's to give to somebody else. Raises NotFound for somebody
    whom `by` does not decide about, NotAllowed for his own, Conflict when it was withdrawn or decided otherwise meanwhile.
    """
    by.must("leave.decide")
    leave = leave_to_decide(session, leave_id)
    _check_turn(session, leave, by, at)
    wanted = "approved" if approve else "refused"
    if leave.state == wanted and leave.decided_by_id == by.id:
        return leave
    if leave.state == "withdrawn":
        raise Conflict(say("This leave was withdrawn meanwhile. There is nothing to decide any more."))
    if leave.state != "asked":
        raise Conflict(say("Somebody else has decided about this leave already."))
    if not approve and not answer:
        raise Invalid({"answer": say("Say why it is refused.")})
    leave.state, leave.decided_by_id, leave.decided_at, leave.answer = wanted, by.id, at, answer or None
    session.flush()
    _tell(session, leave, f"leave.{'approve' if approve else 'refuse'}", by=by, at=at)
    return leave


def _check_turn(session: Session, leave: LeaveRequest, by: Actor, at: datetime) -> None:
    if leave.person_id == by.id:
        raise NotAllowed(say("Nobody decides about his own leave."))
    branch_id = session.scalar(sa.select(Person.branch_id).where(Person.id == leave.person_id))
    roles = frozenset(session.scalars(sa.select(PersonRole.role).where(PersonRole.person_id == leave.person_id)))
    there = bool(session.scalar(sa.select(managed(leave.person_id, branch_id, at))))
    if not decides(by, person_id=leave.person_id, branch_id=branch_id or 0, roles=roles, managed=there):
        raise NotFound


def withdraw_leave(session: Session, leave_id: int, *, by: Actor, at: datetime) -> LeaveRequest:
    """Take one's own leave back, decided or not; approved leave that has begun ends now. Pressed twice it is withdrawn once.

    Raises NotFound for another's, RuleBroken when it was refused or is over.
    """
    leave = leave_to_decide(session, leave_id)
    if leave.person_id != by.id:
        raise NotFound
    if leave.state == "withdrawn":
        return leave
    if leave.state == "refused":
        raise RuleBroken(say("This leave was refused, so there is nothing to withdraw."))
    if leave.state == "approved" and leave.ends_at <= at:
        raise RuleBroken(say("This leave is over, so it stays as it is."))
    leave.state, leave.withdrawn_at = "withdrawn", at
    session.flush()
    _tell(session, leave, "leave.back" if leave.cut_short else "leave.withdraw", by=by, at=at)
    return leave


def _tell(session: Session, leave: LeaveRequest, action: str, *, by: Actor, at: datetime) -> None:
    span = {"from": leave.starts_at.isoformat(), "to": leave.ends_at.isoformat()}
    detail = {"leave": leave.id, "kind": leave.kind, **span} | ({"answer": leave.answer} if leave.answer else {})
    record(session, ("person", leave.person_id), action, by=by, at=at, detail=detail)
