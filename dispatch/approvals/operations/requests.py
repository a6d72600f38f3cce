"""Requests that climb the ladder: asked for, decided level by level, sent in again, taken back, carried out.

What they are about is another feature's. It locks what a decision changes before the request's own row (an order goes first), and
does what follows from the last yes in the same transaction. Every step is in the history of the order, or of the request itself.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import ALIVE, Request, RequestStep
from dispatch.approvals.operations.steps import DECIDED, DECIDED_BY_YOU, Hands, begin, mark, place_of
from dispatch.approvals.queries import rules_in_force, turn_of
from dispatch.approvals.rules import ladder, why_not_decide
from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json

LONGEST_REASON = 500


@dataclass(frozen=True)
class Asked:
    """What is asked for: its kind, how much it comes to (None: nobody knows yet), what it is about and why.

    `trail` is what the history keeps of it besides.
    """

    kind: str
    amount: Decimal | None
    about: Text
    reason: str
    key: uuid.UUID
    trail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What somebody decides about the open level `step_id` (None: whichever is open), by the link of `link_by` where by one."""

    yes: bool
    reason: str = ""
    step_id: int | None = None
    link_by: Person | None = None


def ask(session: Session, asked: Asked, *, branch_id: int, order_id: int | None = None, by: Actor, at: datetime) -> Request:
    """Send it in; its levels are those that the table asks for now.

    Raises Invalid without a reason. Whether `by` may ask, and whether he has (`asked_before`), is asked before.
    """
    request = Request(key=asked.key, kind=asked.kind, branch_id=branch_id, order_id=order_id)
    _keep(request, asked)
    request.asked_by_id, request.asked_at = by.id or 0, at
    request.state, request.round = "open", 1
    session.add(request)
    session.flush()
    _tell(session, request, "ask", request.reason, {}, by=by, at=at)
    _first_step(session, request, by=by, at=at)
    return request


def asked_before(session: Session, key: uuid.UUID, by: Actor) -> Request | None:
    """The request of a form that was sent before by the same person; one that is sent twice at once waits for itself here."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(key), 0))))
    return session.scalar(sa.select(Request).where(Request.key == key, Request.asked_by_id == by.id))


def locked_request(session: Session, request_id: int) -> Request:
    """The request, its row locked. Raises NotFound."""
    request = session.get(Request, request_id, with_for_update=True, populate_existing=True)
    if request is None:
        raise NotFound
    session.expire(request, ["steps"])
    return request


def locked_with_order(session: Session, request_id: int) -> Request:
    """The same, the order that it belongs to locked before it, in the turn in which all lock them."""
    order_id = sa.select(Request.order_id).where(Request.id == request_id).scalar_subquery()
    session.execute(sa.select(_ORDERS).where(_ORDERS.c.id == order_id).with_for_update())
    return locked_request(session, request_id)


_ORDERS = sa.table("work_order", sa.column("id"))


def decide(session: Session, request: Request, answer: Answer, *, by: Actor, at: datetime) -> str:
    """Decide the open level of a locked request; gives its state after that: open where a further level decides.

    Raises Conflict when somebody decided meanwhile, RuleBroken for one's own or another's turn, Invalid for a no without reason.
    """
    step = open_step_of(request, answer.step_id, by)
    turn = turn_of(request, by)
    hands = Hands(place_of(session, step, request.branch_id, lambda: turn.barred, by=by, at=at), answer.link_by)
    no = why_not_decide(turn)
    if no is not None:
        raise RuleBroken(no)
    reason = answer.reason.strip()[:LONGEST_REASON]
    if not answer.yes and not reason:
        raise Invalid({"reason": say("Please give a reason.")})
    mark(step, "approved" if answer.yes else "rejected", by_id=by.id, at=at, hands=hands, reason=reason or None)
    following = list(step.following or ())
    told = {"step": step.step, **hands.told}
    verb = ("pass" if following else "approve") if answer.yes else "refuse"
    session.flush()
    _tell(session, request, verb, reason or None, told, by=by, at=at)
    if answer.yes and following:
        _open(session, request, step.step + 1, following, by_id=step.requested_by_id, at=at)
    else:
        _end(session, request, "approved" if answer.yes else "rejected", by=by, at=at)
    return request.state


def withdraw(session: Session, request: Request, *, by: Actor, at: datetime) -> None:
    """Take a locked request back, approved or not, before it is carried out; only those who asked do.

    Raises NotAllowed for anybody else, Conflict when it is over.
    """
    if by.id not in turn_of(request, by).asked_by:
        raise NotAllowed(say("Only who has asked for it takes it back."))
    if request.state not in ALIVE:
        raise Conflict(say("This is over already: nothing is left to take back."))
    open_step = request.open_step
    if open_step is not None:
        mark(open_step, "withdrawn", by_id=None, at=at)
    _end(session, request, "withdrawn", by=by, at=at)
    _tell(session, request, "withdraw", None, {}, by=by, at=at)


def send_again(session: Session, request: Request, asked: Asked, *, by: Actor, at: datetime) -> None:
    """Send a locked request in again that was rejected, mended; the levels are those of now. Raises Conflict, Invalid."""
    if request.state != "rejected":
        raise Conflict(say("Only what was rejected is mended and sent in again."))
    _keep(request, asked)
    request.state, request.round = "open", request.round + 1
    request.ended_by_id = request.ended_at = None
    session.flush()
    _tell(session, request, "again", request.reason, {}, by=by, at=at)
    _first_step(session, request, by=by, at=at)


def carried_out(session: Session, request: Request, *, by: Actor, at: datetime, told: dict[str, Any]) -> None:
    """Note that an approved request, locked, was carried out. Raises like `check_approved`."""
    check_approved(request)
    _end(session, request, "done", by=by, at=at)
    _tell(session, request, "done", None, told, by=by, at=at)


def call_off(session: Session, request: Request, *, reason: str, by: Actor, at: datetime) -> None:
    """End an approved request, locked, that is not to be carried out after all; whoever carries it out may. Raises Conflict."""
    if request.state != "approved":
        raise Conflict(say("This is over already: nothing is left to take back."))
    _end(session, request, "withdrawn", by=by, at=at)
    _tell(session, request, "withdraw", reason, {}, by=by, at=at)


def _keep(request: Request, asked: Asked) -> None:
    request.amount, request.reason = asked.amount, given_reason(asked.reason)
    request.about, request.trail = text_to_json(asked.about), asked.trail


def check_approved(request: Request) -> None:
    """Raises RuleBroken before it is approved, Conflict once it was carried out."""
    if request.state == "done":
        raise Conflict(say("This was carried out already."))
    if request.state != "approved":
        raise RuleBroken(say("This is not approved, so it cannot be carried out."))


def given_reason(typed: str) -> str:
    """The reason as it is kept. Raises Invalid for none."""
    if not typed.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    return typed.strip()[:LONGEST_REASON]


def open_step_of(request: Request, step_id: int | None, by: Actor) -> RequestStep:
    """The open level of a request; `step_id`, where given, must be it. Raises NotFound, Conflict when it was decided."""
    if step_id is not None and step_id not in {step.id for step in request.steps}:
        raise NotFound
    step = request.open_step
    if step is None or step_id not in (None, step.id):
        named = next((one for one in reversed(request.steps) if step_id in (None, one.id)), None)
        raise Conflict(DECIDED_BY_YOU if named is not None and named.decided_by_id == by.id else DECIDED)
    return step


def _first_step(session: Session, request: Request, *, by: Actor, at: datetime) -> None:
    levels = ladder(request.kind, request.amount, request.branch_id, rules_in_force(session))
    _open(session, request, 1, list(levels), by_id=by.id, at=at)


def _open(session: Session, request: Request, number: int, levels: list[str], *, by_id: int | None, at: datetime) -> None:
    permission, *following = levels
    step = RequestStep(request_id=request.id, round=request.round, step=number, permission=permission, following=following)
    begin(session, step, by_id=by_id, at=at)
    session.expire(request, ["steps"])


def _end(session: Session, request: Request, state: str, *, by: Actor, at: datetime) -> None:
    request.state, request.ended_by_id, request.ended_at = state, by.id, at
    session.flush()


def _tell(
    session: Session, request: Request, verb: str, reason: str | None, told: dict[str, Any], *, by: Actor, at: datetime
) -> None:
    """Write one of `TOLD` into the history."""
    amount = {} if request.amount is None else {"amount": str(request.amount)}
    known = {"request": request.id, "about": request.about, "name": request.asked_by.name, **amount, **request.trail}
    detail = {**known, **({"reason": reason} if reason else {}), **told}
    record(session, subject_of(request), f"{request.kind}.{verb}", by=by, at=at, detail=detail)


def subject_of(request: Request) -> tuple[str, int]:
    """Whose history tells of it: its order's, or its own where it belongs to none."""
    return ("order", request.order_id) if request.order_id else ("request", request.id)
