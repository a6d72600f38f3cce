"""Keeping the limits on cash in hand, letting somebody pass, and keeping paid jobs from whoever is over his limit (P9).

Whoever gives somebody a job holds the account of his cash in hand for reading until the end: cash that comes in meanwhile is
posted after it, and whoever comes after that sees it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.cash_models import NOT_OWN, CashLimit, CashPass
from dispatch.fees.cash_queries import Held, held_by
from dispatch.fees.collecting import paid_jobs
from dispatch.fees.ledger_models import Account
from dispatch.fees.operations.limiting import set_before, wrong_in
from dispatch.fees.rules import yuan
from dispatch.orders.models import Order
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class NewLimit:
    """A limit as it was typed: of a branch, of a person, or (neither) of everybody."""

    branch_id: int | None
    person_id: int | None
    most: Decimal
    hours: Decimal | None
    valid_from: date
    valid_to: date | None = None
    reason: str = ""


def set_cash_limit(session: Session, new: NewLimit, *, key: uuid.UUID, by: Actor, at: datetime) -> CashLimit:
    """Set a limit from a day on; the same `key` again is the first one.

    Raises NotAllowed for what is not his to set, NotFound for another branch's, Invalid for a person's without a reason.
    """
    by.must("cash.limits")
    first = set_before(session, CashLimit, key, by)
    if first is not None:
        return first
    _check_scope(session, new.branch_id, new.person_id, by)
    wrong = wrong_in(new)
    if wrong:
        raise Invalid(wrong)
    facts = {**new.__dict__, "reason": new.reason.strip() or None}
    row = CashLimit(request_key=key, **facts, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    session.flush()
    record(session, ("cash_limit", row.id), "cash_limit.set", by=by, at=at, detail=_told(row))
    return row


def end_cash_limit(session: Session, limit_id: int, *, by: Actor, at: datetime) -> CashLimit:
    """Take a limit away; what is said more widely holds again. Raises NotFound, NotAllowed, Conflict once it was ended."""
    by.must("cash.limits")
    row = session.get(CashLimit, limit_id, with_for_update={"of": CashLimit}, populate_existing=True)
    if row is None:
        raise NotFound
    _check_scope(session, row.branch_id, row.person_id, by)
    if row.ended_at is not None:
        raise Conflict(say("This cash limit was taken away already."))
    row.ended_by_id, row.ended_at = by.id, at
    session.flush()
    record(session, ("cash_limit", row.id), "cash_limit.end", by=by, at=at, detail=_told(row))
    return row


def let_pass(session: Session, person_id: int, *, reason: str, by: Actor, at: datetime) -> CashPass:
    """Let somebody who is over his limit take further paid jobs until his next hand-in.

    Raises NotFound, NotAllowed for oneself, Invalid without a reason, RuleBroken for whom nothing holds back, Conflict when he
    may pass already.
    """
    by.must("cash.let_pass")
    _hold(session, person_id, alone=True)
    held = held_by(session, person_id, at=at)
    if held is None or not by.sees_branch(held.branch_id):
        raise NotFound
    if person_id == by.id:
        raise NotAllowed(NOT_OWN)
    if held.passed is not None:
        raise Conflict(say("%(name)s lets him pass already.", name=held.passed.by_name))
    if not held.standing.over:
        raise RuleBroken(say("He is within his limit: nothing holds him back."))
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    row = CashPass(person_id=person_id, cash=held.cash, reason=reason.strip(), by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    session.flush()
    detail = {"name": held.name, "cash": str(held.cash), "reason": row.reason}
    record(session, ("person", person_id), "cash.let_pass", by=by, at=at, detail=detail)
    return row


def check_cash(session: Session, order: Order, technician: Person, at: datetime) -> None:
    """Nobody over his limit gets a further paid job. Raises RuleBroken with what he holds."""
    if _hold(session, technician.id) <= 0:
        return
    held = held_by(session, technician.id, at=at)
    if held is not None and held.barred and paid_jobs(session, [order.id], at=at):
        raise RuleBroken(why_barred(held))


def why_barred(held: Held) -> Text:
    """Why somebody gets no further paid job."""
    told = {"name": held.name, "cash": yuan(held.cash), "limit": held.limit.told}
    return say("%(name)s holds %(cash)s in cash (limit: %(limit)s) and takes no paid job before he has handed in", **told)


def _hold(session: Session, person_id: int, *, alone: bool = False) -> Decimal:
    """Lock the account of somebody's cash until the end, for reading or for oneself; what stands on it."""
    mine = sa.select(Account.balance).where(Account.kind == "cash_in_hand", Account.person_id == person_id)
    return session.scalar(mine.with_for_update(read=not alone)) or Decimal(0)


def _check_scope(session: Session, branch_id: int | None, person_id: int | None, by: Actor) -> None:
    """Raises NotFound for what lies in another branch, NotAllowed for oneself and for what belongs to all branches."""
    if person_id is not None:
        branch_id = session.scalar(sa.select(Person.branch_id).where(Person.id == person_id))
        if branch_id is None or not by.sees_branch(branch_id):
            raise NotFound
        if person_id == by.id:
            raise NotAllowed(NOT_OWN)
    elif branch_id is None and not by.may("branches.all"):
        raise NotAllowed(say("Limits of all branches are set by finance. Yours are those of your branch."))
    elif branch_id is not None and (not by.sees_branch(branch_id) or session.get(Branch, branch_id) is None):
        raise NotFound


def _told(row: CashLimit) -> dict[str, object]:
    scope = {"branch": row.branch_id, "person": row.person_id}
    days = {"from": row.valid_from.isoformat(), "to": row.valid_to.isoformat() if row.valid_to else None}
    amounts = {"most": str(row.most), "hours": None if row.hours is None else str(row.hours)}
    return {**scope, **amounts, **days, **({"reason": row.reason} if row.reason else {})}
