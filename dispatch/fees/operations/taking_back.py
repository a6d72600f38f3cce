"""Finance takes back a hand-in that it has confirmed: counted wrongly, or somebody else's.

The hand-in stays as it was settled. A row of its own says who took it back and why, its voucher is booked back, and the cash
stands in the hand again by the same receipts. Locks: the hand-in's row, its audit head, then the accounts.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotAllowed, NotFound, RuleBroken
from dispatch.fees.deposit_queries import deposit_of
from dispatch.fees.ledger_models import HandIn, HandInBack, HandInReceipt, Voucher
from dispatch.fees.ledger_rules import HAND_IN_WORDS
from dispatch.fees.operations.posting import Cause
from dispatch.fees.operations.reversing import post_reversal, reason_given
from dispatch.fees.rules import yuan
from dispatch.fees.settling_queries import settled_of
from dispatch.staff.rules import Actor
from dispatch.words import say


def take_back_hand_in(session: Session, hand_in_id: int, *, reason: str, by: Actor, at: datetime) -> HandInBack:
    """Book a confirmed hand-in back; its receipts can be handed in again.

    Raises Invalid without a reason, NotAllowed for one's own, RuleBroken when it is not confirmed, its cash is in the bank or
    the cash desk does not hold so much any more, Conflict when somebody else was first.
    """
    by.must("money.confirm")
    handed = session.get(HandIn, hand_in_id, with_for_update=True, populate_existing=True)
    if handed is None or not by.sees_branch(handed.branch_id):
        raise NotFound
    _check(session, handed, by)
    back = HandInBack(hand_in_id=handed.id, reason=reason_given(reason), by_id=by.id, by_name=by.name, at=at)
    session.add(back)
    session.flush()
    detail = {"number": handed.number, "counted": str(handed.counted), "reason": back.reason}
    record(session, ("hand_in", handed.id), "hand_in.take_back", by=by, at=at, detail=detail)
    first = session.scalars(sa.select(Voucher.id).where(Voucher.hand_in_id == handed.id)).one()
    of = {"hand_in_back_id": back.id, "reverses_id": first}
    post_reversal(session, Cause("hand_in_back", handed.branch_id, by, at, at, of), first)
    session.execute(sa.update(HandInReceipt).where(HandInReceipt.hand_in_id == handed.id).values(live=False))
    session.expire(handed, ["back"])
    return back


def _check(session: Session, handed: HandIn, by: Actor) -> None:
    if handed.status != "confirmed":
        word = HAND_IN_WORDS[handed.status]
        raise RuleBroken(
            say("%(number)s is not confirmed, so there is nothing to take back: %(status)s.", number=handed.number, status=word)
        )
    first = session.scalar(sa.select(HandInBack).where(HandInBack.hand_in_id == handed.id))
    if first is not None:
        told = {"number": handed.number, "name": first.by_name, "sum": yuan(handed.counted or Decimal(0))}
        raise Conflict(
            say("%(name)s has taken %(number)s back already: %(sum)s left the cash desk. Nothing was posted twice.", **told)
        )
    if handed.person_id == by.id:
        raise NotAllowed(say("Nobody takes back his own hand-in."))
    settled = settled_of(session, handed.id)
    if settled:
        told = {"sum": yuan(settled), "number": handed.number}
        raise RuleBroken(say("%(sum)s of the difference of %(number)s are settled: take that back first.", **told))
    deposit = deposit_of(session, handed.id)
    if deposit is not None:
        told = {"number": handed.number, "deposit": deposit.number}
        raise RuleBroken(say("The cash of %(number)s is in the bank by %(deposit)s: take that back first.", **told))
