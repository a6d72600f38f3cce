"""Asking for help from outside, and deciding it (P14): nobody approves what he has asked for himself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.lifecycle import FOLLOWING
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order, move_visit
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.outside.models import ASKED, OutsideRequest
from dispatch.outside.operations.ending import end_over
from dispatch.outside.queries import DECIDES, colleagues, request_of, standing_offer, waiting_lines
from dispatch.outside.rules import WHOM
from dispatch.permissions import allows
from dispatch.staff.deputies import deputies_at
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.typed import FILL_IN
from dispatch.words import Text, say

DECIDED = say("Somebody else decided this a moment ago.")
PASSED = say("This has passed.")
NOT_NOW = say("The order is not approved or is waiting, so nobody can be sent.")
LONGEST, FARTHEST, SLACK = timedelta(hours=12), timedelta(days=30), timedelta(hours=1)


@dataclass(frozen=True)
class Wanted:
    """Whom an order is to go to and why, when work may begin there and how long it takes. `key` is the form's UUID."""

    whom: str
    reason: str
    starts_at: datetime
    until: datetime
    minutes: int
    key: uuid.UUID
    ceiling: Decimal | None = None
    colleague_id: int | None = None


def ask(session: Session, order_id: int, wanted: Wanted, *, by: Actor, at: datetime) -> OutsideRequest:
    """Ask that an order goes to a contractor or to a colleague of another branch. The same form again gives the first.

    Raises NotFound, RuleBroken where nobody can be sent or somebody has the order, Invalid beside what cannot be, and Conflict
    where somebody has asked already.
    """
    by.must("outside.ask")
    order = locked_order(session, order_id)
    if not by.sees_branch(order.branch_id):
        raise NotFound
    before = session.scalar(sa.select(OutsideRequest).where(OutsideRequest.key == wanted.key))
    if before is not None:
        return _same(before, order, by)
    end_over(session, order, by=by, at=at)
    _must_be_free(session, order)
    _check(session, order, wanted, at)
    named = ("whom", "starts_at", "until", "minutes", "key", "ceiling", "colleague_id")
    request = OutsideRequest(**{name: getattr(wanted, name) for name in named}, reason=wanted.reason.strip(), order_id=order.id)
    request.asked_by_id, request.asked_at = by.id or 0, at
    session.add(request)
    session.flush()
    detail = _about(session, request, request.reason)
    record(session, ("order", order.id), "outside.ask", by=by, at=at, detail=detail)
    return request


def _same(before: OutsideRequest, order: Order, by: Actor) -> OutsideRequest:
    if before.order_id != order.id or before.asked_by_id != by.id:
        raise NotFound
    return before


def _must_be_free(session: Session, order: Order) -> None:
    if order.status not in FOLLOWING:
        raise RuleBroken(NOT_NOW)
    if standing_offer(session, order.id) is not None:
        raise RuleBroken(say("A contractor has this order. Take it back from him first, or accept his work."))
    if not waiting_lines(session, order.id):
        raise RuleBroken(say("Somebody is planned for every vehicle of this order, or it is done."))
    waiting = sa.select(OutsideRequest.id).where(OutsideRequest.order_id == order.id, OutsideRequest.decision.is_(None))
    if session.scalar(waiting) is not None:
        raise Conflict(ASKED)


def _check(session: Session, order: Order, wanted: Wanted, at: datetime) -> None:
    wrong: dict[str, Text] = {} if wanted.whom in WHOM else {"whom": say("Choose one of these.")}
    if not wanted.reason.strip():
        wrong["reason"] = say("Please give a reason.")
    wrong |= _wrong_times(wanted, at)
    if wanted.whom == "contractor":
        wrong |= _wrong_ceiling(wanted.ceiling)
    elif wanted.colleague_id not in {person.id for person in colleagues(session, order.branch_id)}:
        wrong["colleague"] = say("Choose somebody who may be sent.")
    if wrong:
        raise Invalid(wrong)


def _wrong_times(wanted: Wanted, at: datetime) -> dict[str, Text]:
    wrong: dict[str, Text] = {"starts_at": PASSED} if wanted.starts_at < at - SLACK else {}
    if wanted.until <= wanted.starts_at:
        wrong["until"] = say("This must be later than the beginning.")
    elif wanted.until <= at:
        wrong["until"] = PASSED
    elif wanted.until > at + FARTHEST:
        wrong["until"] = say("At most %(n)s days from now, please.", n=FARTHEST.days)
    if not 0 < wanted.minutes <= LONGEST.total_seconds() / 60:
        wrong["minutes"] = say("Between 1 and %(most)s, please.", most=int(LONGEST.total_seconds() // 60))
    return wrong


def _wrong_ceiling(ceiling: Decimal | None) -> dict[str, Text]:
    if ceiling is None:
        return {"ceiling": FILL_IN}
    return {} if 0 < ceiling < 10_000_000 else {"ceiling": say("This is no amount that can be paid.")}


def decide(session: Session, request_id: int, *, yes: bool, reason: str = "", by: Actor, at: datetime) -> OutsideRequest:
    """The manager says yes or no. A colleague who is approved of is sent at once.

    Raises NotFound, Conflict when it is decided, NotAllowed and RuleBroken for who may not, Invalid for a no without a reason,
    and what planning his visit raises.
    """
    request, order = locked_request(session, request_id, by)
    place = _in_whose_place(session, request, order, by, at)
    if not yes and not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    request.decision, request.approved = ("approved" if yes else "rejected"), yes
    request.decided_by_id, request.decided_at = by.id, at
    request.for_id, request.decision_reason = (place.id if place else None), (None if yes else reason.strip())
    detail = _about(session, request, request.decision_reason) | ({"for": place.name} if place else {})
    if yes:
        if order.status not in FOLLOWING:
            raise RuleBroken(NOT_NOW)
        session.flush()
        record(session, ("order", order.id), "outside.approve", by=by, at=at, detail=detail)
        if request.whom == "colleague":
            _send(session, request, by=_as(by, place), at=at)
    else:
        session.flush()
        record(session, ("order", order.id), "outside.reject", by=by, at=at, detail=detail)
    return request


def withdraw(session: Session, request_id: int, *, by: Actor, at: datetime) -> OutsideRequest:
    """It is not needed any more. Raises NotFound, Conflict when it is decided."""
    by.must("outside.ask")
    request, order = locked_request(session, request_id, by)
    request.decision, request.decided_by_id, request.decided_at = "withdrawn", by.id, at
    session.flush()
    record(session, ("order", order.id), "outside.withdraw", by=by, at=at, detail=_about(session, request))
    return request


def locked_request(session: Session, request_id: int, by: Actor) -> tuple[OutsideRequest, Order]:
    """A request that waits for a decision, its order locked first. Raises NotFound, or Conflict when it was decided."""
    order = locked_order(session, request_of(session, request_id, by).order_id)
    request = session.get_one(OutsideRequest, request_id, populate_existing=True)
    if request.decision is not None:
        raise Conflict(DECIDED)
    return request, order


def _in_whose_place(session: Session, request: OutsideRequest, order: Order, by: Actor, at: datetime) -> Person | None:
    """The absent manager for whom `by` decides; None for a manager of the branch himself. Raises for who may not decide."""
    if by.id == request.asked_by_id:
        raise RuleBroken(say("This is your own request: somebody else has to decide."))
    if by.may(DECIDES) and by.sees_branch(order.branch_id):
        return None
    for row in deputies_at(session, at, deputy_id=by.id, lock=True) if by.may(DECIDES) else ():
        could = allows(row.person.roles, DECIDES) and actor_of(row.person).sees_branch(order.branch_id)
        if could and row.person_id != request.asked_by_id:
            return row.person
    raise NotAllowed(say("A manager decides whether somebody from outside is sent."))


def _as(by: Actor, place: Person | None) -> Actor:
    """Whoever decides in a manager's place plans in it, too."""
    return replace(by, roles=by.roles | place.roles) if place else by


def _send(session: Session, request: OutsideRequest, *, by: Actor, at: datetime) -> None:
    """The colleague's visit, as early as was asked for."""
    start = max(request.starts_at, at)
    lines = tuple(waiting_lines(session, request.order_id))
    if not lines:
        raise RuleBroken(say("Somebody is planned for every vehicle of this order, or it is done."))
    end = start + timedelta(minutes=request.minutes)
    new = NewVisit(request.order_id, request.colleague_id or 0, start, end, lines, by_hand=True)
    visit = plan_visit(session, new, by=by, at=at)
    move_visit(session, visit, "dispatch", by=by, at=at)


def _about(session: Session, request: OutsideRequest, reason: str | None = None) -> dict[str, Any]:
    """What the history keeps of a request."""
    told = {"request": request.id, "whom": request.whom, **({"reason": reason} if reason else {})}
    if request.whom == "contractor":
        return told | {"amount": str(request.ceiling)}
    return told | {"name": session.get_one(Person, request.colleague_id).name}
