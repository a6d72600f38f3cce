"""Recording rewards and deductions, and taking them back by a counter-record. No account changes by it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.fees.models import HandIn
from dispatch.fees.rules import yuan
from dispatch.finance.merit_models import NOT_OWN, Merit
from dispatch.finance.merit_rules import KINDS, LEAST, MOST_AMOUNT, MOST_POINTS
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class NewMerit:
    """A reward or deduction as typed, in yuan or in points; `evidence` is the number of an order or a hand-in."""

    person_id: int
    kind: str
    amount: Decimal | None
    points: int | None
    reason: str
    evidence: str = ""


def give(session: Session, new: NewMerit, *, key: uuid.UUID, by: Actor, at: datetime) -> Merit:
    """Record it; the same `key` again is the first one.

    Raises NotFound for somebody of another branch, NotAllowed for oneself, Invalid beside what is wrong.
    """
    by.must("merit.give")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(key), 0))))
    first = session.scalar(sa.select(Merit).where(Merit.request_key == key, Merit.by_id == by.id))
    if first is not None:
        return first
    branch_id = session.scalar(sa.select(Person.branch_id).where(Person.id == new.person_id))
    if branch_id is None or not by.sees_branch(branch_id):
        raise NotFound
    if new.person_id == by.id:
        raise NotAllowed(NOT_OWN)
    wrong = _wrong(new)
    evidence = _evidence(session, new.evidence, by, wrong)
    if wrong:
        raise Invalid(wrong)
    facts = {"amount": new.amount, "points": new.points, "reason": new.reason.strip(), **evidence}
    way = KINDS[new.kind].way
    row = Merit(person_id=new.person_id, branch_id=branch_id, way=way, kind=new.kind, **facts)
    return _write(session, row, "merit.give", key, by=by, at=at)


def take_back_merit(session: Session, merit_id: int, *, reason: str, by: Actor, at: datetime) -> Merit:
    """Write the counter-record. Raises NotFound, NotAllowed for one's own, Invalid without a reason, Conflict once it is done."""
    by.must("merit.give")
    first = session.get(Merit, merit_id, with_for_update={"of": Merit}, populate_existing=True)
    if first is None or first.reverses_id is not None or not by.sees_branch(first.branch_id):
        raise NotFound
    if first.person_id == by.id:
        raise NotAllowed(NOT_OWN)
    if session.scalar(sa.select(Merit.id).where(Merit.reverses_id == first.id)) is not None:
        raise Conflict(say("Somebody has taken this record back already."))
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    much = {"amount": -first.amount if first.amount else None, "points": -first.points if first.points else None}
    same = {name: getattr(first, name) for name in ("person_id", "branch_id", "way", "kind", "order_id", "hand_in_id")}
    row = Merit(**same, **much, reason=reason.strip(), reverses_id=first.id)
    return _write(session, row, "merit.take_back", None, by=by, at=at)


def _write(session: Session, row: Merit, action: str, key: uuid.UUID | None, *, by: Actor, at: datetime) -> Merit:
    row.request_key, row.by_id, row.by_name, row.at = key, by.id or 0, by.name, at
    session.add(row)
    session.flush()
    much = {"amount": str(row.amount)} if row.amount is not None else {"points": row.points}
    detail = {"merit": row.id, "kind": row.kind, **much, "reason": row.reason}
    record(session, ("person", row.person_id), action, by=by, at=at, detail=detail)
    return row


def _wrong(new: NewMerit) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    if new.kind not in KINDS:
        wrong["kind"] = say("Choose what it is for.")
    if (new.amount is None) == (new.points is None):
        wrong["amount"] = say("An amount or points, one of them.")
    if new.amount is not None and not 0 < new.amount <= MOST_AMOUNT:
        wrong["amount"] = say("At most %(most)s, please.", most=yuan(MOST_AMOUNT))
    least = LEAST.get(new.kind)
    if least is not None and new.amount is not None and new.amount < least:
        wrong["amount"] = say("At least %(least)s for this.", least=yuan(least))
    if new.points is not None and not 0 < new.points <= MOST_POINTS:
        wrong["points"] = say("A whole number from 1 to %(most)s, please.", most=MOST_POINTS)
    if not new.reason.strip():
        wrong["reason"] = say("Please give a reason.")
    return wrong


def _evidence(session: Session, number: str, by: Actor, wrong: dict[str, Text]) -> dict[str, int]:
    """The order or hand-in of that number that he may see."""
    wanted = number.strip().upper()
    if not wanted:
        return {}
    order = session.scalar(sa.select(Order).where(Order.number == wanted))
    if order is not None and by.sees_branch(order.branch_id):
        return {"order_id": order.id}
    handed = session.scalar(sa.select(HandIn).where(HandIn.number == wanted))
    if handed is not None and by.sees_branch(handed.branch_id):
        return {"hand_in_id": handed.id}
    wrong["evidence"] = say("There is no order and no hand-in of this number.")
    return {}
