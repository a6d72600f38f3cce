"""What becomes of a difference: its owner settles it in cash at the desk or out of his pay, or it is written off.

A difference is a hand-in's, or what matching left to somebody (finance settles that by the same acts).
Locks: the row of what it belongs to, its audit head, then the accounts.
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
from dispatch.fees.settling_queries import owed_by_hand_in, settled_sum
from dispatch.fees.settling_rules import PLACES, SETTLEMENTS, Owed
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
    """Settle so much of what is open of a hand-in's difference. Raises like `settle_owed`."""
    check_way(how, by)
    owed = _locked(session, hand_in_id, by)
    return settle_owed(session, owed, how=how, amount=amount, reason=reason, request_key=request_key, by=by, at=at)


def settle_owed(
    session: Session,
    owed: Owed,
    *,
    how: str,
    amount: Decimal,
    reason: str,
    request_key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> DifferenceSettlement:
    """Settle so much of what is open of a difference; the same `request_key` again answers with the first.

    What was missing is paid into the cash desk or taken from its owner's pay, what was too much is given out of the desk, or it
    is written off for a reason. Raises NotAllowed for one's own, RuleBroken when so much is not open or not in the cash desk,
    Conflict for a used key.
    """
    _check_not_own(owed, by)
    about = {owed.column: owed.id}
    first = first_press(session, DifferenceSettlement, request_key, **about, how=how, amount=amount)
    if first is not None:
        return first
    amount = amount_given(amount)
    settled = DifferenceSettlement(
        **about,
        how=how,
        amount=amount,
        reason=reason.strip() or None if how == "paid" else reason_given(reason),
        request_key=request_key,
        by_id=by.id,
        by_name=by.name,
        at=at,
    )
    _check_open(owed, amount, settled_sum(session, owed), how)
    session.add(settled)
    session.flush()
    record(session, (owed.subject, owed.id), "difference.settle", by=by, at=at, detail=_said(owed, settled))
    cause = Cause("difference_settled", owed.branch_id, by, at, at, {"difference_settlement_id": settled.id})
    post_from_desk(session, cause, _lines(owed, settled))
    return settled


def take_back_settlement(session: Session, settlement_id: int, *, reason: str, by: Actor, at: datetime) -> DifferenceSettlement:
    """Book a settlement of a hand-in's difference back. Raises like `take_back_owed`."""
    found = booked(session, DifferenceSettlement, settlement_id)
    check_way(found.how, by)
    return take_back_owed(session, found, _locked(session, found.hand_in_id, by), reason=reason, by=by, at=at)


def take_back_owed(
    session: Session, found: DifferenceSettlement, owed: Owed, *, reason: str, by: Actor, at: datetime
) -> DifferenceSettlement:
    """Book a settlement back by a row of the opposite amount: so much of the difference is open again.

    Raises Invalid without a reason, Conflict when it was taken back before, RuleBroken when the cash desk has not so much.
    """
    _check_not_own(owed, by)
    check_stands(session, found)
    back = DifferenceSettlement(
        **{owed.column: owed.id},
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
    record(session, (owed.subject, owed.id), "difference.take_back", by=by, at=at, detail=_said(owed, back))
    post_back(session, "difference_back", found, back, owed.branch_id, by=by, at=at)
    return back


def check_way(how: str, by: Actor) -> None:
    """Raises Invalid for a way that there is none of, NotAllowed for one that is not his."""
    if how not in SETTLEMENTS:
        raise Invalid({"how": say("Choose how it is settled.")})
    by.must(SETTLEMENTS[how])


def _locked(session: Session, hand_in_id: int | None, by: Actor) -> Owed:
    """The difference of a hand-in under its row lock. Raises NotFound."""
    handed = session.get(HandIn, hand_in_id, with_for_update=True, populate_existing=True) if hand_in_id else None
    if handed is None or not by.sees_branch(handed.branch_id):
        raise NotFound
    return owed_by_hand_in(handed)


def _check_not_own(owed: Owed, by: Actor) -> None:
    if owed.owner_id == by.id:
        raise NotAllowed(say("Nobody settles his own difference."))


def _check_open(owed: Owed, amount: Decimal, settled: Decimal, how: str) -> None:
    left = abs(owed.open(settled))
    if not owed.stands:
        raise RuleBroken(say("%(number)s was taken back, so it has no difference any more.", number=owed.number))
    if not left:
        raise RuleBroken(say("No difference of %(number)s is open.", number=owed.number))
    if amount > left:
        told = {"amount": yuan(amount), "left": yuan(left), "number": owed.number}
        raise RuleBroken(say("%(amount)s is more than what is open of the difference of %(number)s: %(left)s.", **told))
    if how == "deducted" and owed.difference > 0:
        raise RuleBroken(say("There was too much, so nothing is deducted: give it back, or write it off."))


def _said(owed: Owed, settled: DifferenceSettlement) -> dict[str, str]:
    said = {"number": owed.number, "how": settled.how, "amount": str(settled.amount)}
    return said | ({"reason": settled.reason} if settled.reason else {})


def _lines(owed: Owed, settled: DifferenceSettlement) -> dict[AccountKey, Decimal]:
    """What was missing stands on the debit of the differences, so settling it takes it from there; too much the other way."""
    gone = settled.amount if owed.difference < 0 else -settled.amount
    return {
        AccountKey(PLACES[settled.how], branch_id=owed.branch_id): gone,
        AccountKey("difference", branch_id=owed.branch_id): -gone,
    }
