"""What becomes of the difference of a hand-in: its owner settles it in cash at the desk, or it is written off.

Locks: the hand-in's row, its audit head, then the accounts.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.operations.posting import Cause
from dispatch.fees.operations.reversing import (
    amount_given,
    booked,
    check_stands,
    first_press,
    post_back,
    post_from_desk,
    reason_given,
)
from dispatch.fees.rules import yuan
from dispatch.fees.settling_models import DifferenceSettlement
from dispatch.fees.settling_queries import open_part, settled_of
from dispatch.fees.settling_rules import SETTLEMENTS
from dispatch.staff.rules import Actor
from dispatch.words import say


def settle_difference(
    session: Session,
    hand_in_id: int,
    *,
    how: str,
    amount: Decimal,
    reason: str,
    request_key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> DifferenceSettlement:
    """Settle so much of what is open of a hand-in's difference; the same `request_key` again answers with the first.

    What was missing is paid into the cash desk, what was too much is given out of it, or it is written off for a reason. Raises
    NotAllowed for one's own, RuleBroken when so much is not open or not in the cash desk, Conflict for a used key.
    """
    handed = _locked(session, hand_in_id, how, by)
    first = first_press(session, DifferenceSettlement, request_key, hand_in_id=handed.id, how=how, amount=amount)
    if first is not None:
        return first
    amount = amount_given(amount)
    settled = DifferenceSettlement(
        hand_in_id=handed.id,
        how=how,
        amount=amount,
        reason=reason_given(reason) if how == "written_off" else reason.strip() or None,
        request_key=request_key,
        by_id=by.id,
        by_name=by.name,
        at=at,
    )
    _check_open(handed, amount, settled_of(session, handed.id))
    session.add(settled)
    session.flush()
    record(session, ("hand_in", handed.id), "difference.settle", by=by, at=at, detail=_said(handed, settled))
    cause = Cause("difference_settled", handed.branch_id, by, at, at, {"difference_settlement_id": settled.id})
    post_from_desk(session, cause, _lines(handed, settled))
    return settled


def take_back_settlement(session: Session, settlement_id: int, *, reason: str, by: Actor, at: datetime) -> DifferenceSettlement:
    """Book a settlement back by a row of the opposite amount: so much of the difference is open again.

    Raises Invalid without a reason, Conflict when it was taken back before, RuleBroken when the cash desk has not so much.
    """
    found = booked(session, DifferenceSettlement, settlement_id)
    handed = _locked(session, found.hand_in_id, found.how, by)
    check_stands(session, found)
    back = DifferenceSettlement(
        hand_in_id=handed.id,
        how=found.how,
        amount=-found.amount,
        reason=reason_given(reason),
        reverses_id=found.id,
        by_id=by.id,
        by_name=by.name,
        at=at,
    )
    session.add(back)
    session.flush()
    record(session, ("hand_in", handed.id), "difference.take_back", by=by, at=at, detail=_said(handed, back))
    post_back(session, "difference_back", found, back, handed.branch_id, by=by, at=at)
    return back


def _locked(session: Session, hand_in_id: int, how: str, by: Actor) -> HandIn:
    """The hand-in under its row lock, if the person may settle its difference this way."""
    if how not in SETTLEMENTS:
        raise Invalid({"how": say("Choose how it is settled.")})
    by.must(SETTLEMENTS[how])
    handed = session.get(HandIn, hand_in_id, with_for_update=True, populate_existing=True)
    if handed is None or not by.sees_branch(handed.branch_id):
        raise NotFound
    if handed.difference_owner_id == by.id:
        raise NotAllowed(say("Nobody settles his own difference."))
    return handed


def _check_open(handed: HandIn, amount: Decimal, settled: Decimal) -> None:
    left = abs(open_part(handed, settled))
    if handed.back:
        raise RuleBroken(say("%(number)s was taken back, so it has no difference any more.", number=handed.number))
    if not left:
        raise RuleBroken(say("No difference of %(number)s is open.", number=handed.number))
    if amount > left:
        told = {"amount": yuan(amount), "left": yuan(left), "number": handed.number}
        raise RuleBroken(say("%(amount)s is more than what is open of the difference of %(number)s: %(left)s.", **told))


def _said(handed: HandIn, settled: DifferenceSettlement) -> dict[str, str]:
    said = {"number": handed.number, "how": settled.how, "amount": str(settled.amount)}
    return said | ({"reason": settled.reason} if settled.reason else {})


def _lines(handed: HandIn, settled: DifferenceSettlement) -> dict[AccountKey, Decimal]:
    """What was missing stands on the debit of the differences, so settling it takes it from there; too much the other way."""
    assert handed.difference is not None
    gone = settled.amount if handed.difference < 0 else -settled.amount
    place = "cash_desk" if settled.how == "paid" else "written_off"
    return {
        AccountKey(place, branch_id=handed.branch_id): gone,
        AccountKey("difference", branch_id=handed.branch_id): -gone,
    }
