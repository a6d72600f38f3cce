"""Cash on its way from a technician's hand to finance: handed in by receipts, withdrawn, counted and confirmed.

Locks: the hand-in's row, its audit head, then the accounts. Whoever promises cash to finance, or gives it back out of his hand,
holds the account of the hand first, so that no coin is promised twice.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.ledger_models import HandIn, HandInReceipt
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.ledger_rules import DENOMINATIONS, HAND_IN_SERIES, HAND_IN_WORDS, AccountKey, counted_sum
from dispatch.fees.models import Receipt
from dispatch.fees.operations.posting import lock_accounts, next_in_series, post_hand_in
from dispatch.fees.rules import FEN, yuan
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST_NOTES = 100_000
"""More of one denomination than this is a slip of the finger."""


def hand_in(session: Session, receipt_ids: Collection[int], *, by: Actor, at: datetime) -> HandIn:
    """Declare the cash of these receipts to finance; what `by` gave back out of his hand goes along and is taken off.

    Raises RuleBroken when a receipt is not among those whose cash he holds, or nothing is left to hand in.
    """
    by.must("fee.take")
    if by.id is None:
        raise NotAllowed(say("Cash is handed in by a person."))
    person = session.get_one(Person, by.id)
    lock_accounts(session, [AccountKey("cash_in_hand", person_id=person.id)])
    chosen = _chosen(receipts_in_hand(session, person.id), set(receipt_ids))
    declared = sum((receipt.amount for receipt in chosen), Decimal(0)).quantize(FEN)
    if declared <= 0:
        raise RuleBroken(say("These receipts leave no cash to hand in: as much was given back."))
    number, _, _ = next_in_series(session, HAND_IN_SERIES, person.branch_id, at)
    handed = HandIn(
        number=number,
        person_id=person.id,
        person_name=person.name,
        branch_id=person.branch_id,
        status="handed",
        declared=declared,
        handed_at=at,
    )
    session.add(handed)
    session.flush()
    session.add_all(HandInReceipt(hand_in_id=handed.id, receipt_id=receipt.id) for receipt in chosen)
    session.flush()
    detail = {"number": number, "declared": str(declared), "receipts": [receipt.number for receipt in chosen]}
    record(session, ("hand_in", handed.id), "hand_in.declare", by=by, at=at, detail=detail)
    return handed


def withdraw_hand_in(session: Session, hand_in_id: int, *, by: Actor, at: datetime) -> HandIn:
    """Take one's own hand-in back before finance has confirmed it; its receipts can be handed in again."""
    by.must("fee.take")
    handed = _locked(session, hand_in_id)
    if handed.person_id != by.id:
        raise NotFound
    _check_waits(handed)
    record(session, ("hand_in", handed.id), "hand_in.withdraw", by=by, at=at, detail={"number": handed.number})
    session.execute(sa.update(HandIn).where(HandIn.id == handed.id).values(status="withdrawn"))
    session.execute(sa.update(HandInReceipt).where(HandInReceipt.hand_in_id == handed.id).values(live=False))
    session.refresh(handed)
    return handed


def confirm_hand_in(
    session: Session,
    hand_in_id: int,
    *,
    counts: Mapping[str, int],
    counted: Decimal | None,
    reason: str | None,
    owner_id: int | None,
    by: Actor,
    at: datetime,
) -> HandIn:
    """Confirm what was counted, by denomination; `counted` is the sum as the clerk has written it, when he has.

    Raises Invalid when his sum is not that of the denominations, or a difference has no reason or owner; Conflict when somebody
    else was first; NotAllowed for one's own.
    """
    by.must("money.confirm")
    handed = _locked(session, hand_in_id)
    if not by.sees_branch(handed.branch_id):
        raise NotFound
    _check_waits(handed)
    if handed.person_id == by.id:
        raise NotAllowed(say("Nobody confirms his own hand-in."))
    total = _total(counts, counted)
    owner = _owner(session, handed, total, reason, owner_id)
    record(session, ("hand_in", handed.id), "hand_in.confirm", by=by, at=at, detail=_figures(handed, total, reason, owner))
    handed.counts = {worth: number for worth, number in counts.items() if number}
    _note_total(handed, total, reason, owner)
    handed.status, handed.confirmed_by_id, handed.confirmed_by_name, handed.confirmed_at = "confirmed", by.id, by.name, at
    session.flush()
    post_hand_in(session, handed, by=by, at=at)
    return handed


def _chosen(held: Sequence[Receipt], wanted: set[int]) -> list[Receipt]:
    """The wanted receipts out of those held, and every refund out of the hand."""
    chosen = [receipt for receipt in held if receipt.id in wanted or receipt.amount < 0]
    if not wanted:
        raise RuleBroken(say("Choose at least one receipt to hand in."))
    if not wanted <= {receipt.id for receipt in chosen}:
        raise Conflict(say("One of these receipts was handed in already. Please look again."))
    return chosen


def _locked(session: Session, hand_in_id: int) -> HandIn:
    found = session.get(HandIn, hand_in_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _check_waits(handed: HandIn) -> None:
    if handed.status == "confirmed":
        told = {"number": handed.number, "name": handed.confirmed_by_name or "", "sum": yuan(handed.counted or Decimal(0))}
        raise Conflict(say("%(name)s has confirmed %(number)s already: %(sum)s were counted. Nothing was posted twice.", **told))
    if handed.status != "handed":
        word = HAND_IN_WORDS[handed.status]
        raise Conflict(say("%(number)s does not wait any more: %(status)s.", number=handed.number, status=word))


def _total(counts: Mapping[str, int], counted: Decimal | None) -> Decimal:
    known = {str(worth) for worth in DENOMINATIONS}
    wrong = {worth for worth, number in counts.items() if worth not in known or not 0 <= number <= MOST_NOTES}
    if wrong:
        raise Invalid({f"n{worth}": say("A whole number from 0 to %(most)s, please.", most=MOST_NOTES) for worth in wrong})
    total = counted_sum(counts)
    if counted is not None and counted != total:
        told = {"typed": yuan(counted), "sum": yuan(total)}
        raise Invalid({"counted": say("The notes and coins make %(sum)s, not %(typed)s. Please count again.", **told)})
    return total


def _owner(session: Session, handed: HandIn, total: Decimal, reason: str | None, owner_id: int | None) -> Person | None:
    """Who answers for the difference; None when there is none."""
    if total == handed.declared:
        return None
    missing = {}
    if not (reason or "").strip():
        told = {"counted": yuan(total), "declared": yuan(handed.declared)}
        missing["reason"] = say("%(counted)s counted, %(declared)s declared: why is that?", **told)
    owner = session.get(Person, owner_id) if owner_id else None
    if owner is None:
        missing["owner"] = say("Who answers for the difference?")
    if missing:
        raise Invalid(missing)
    return owner


def _note_total(handed: HandIn, total: Decimal, reason: str | None, owner: Person | None) -> None:
    handed.counted, handed.difference = total, total - handed.declared
    if owner is not None:
        handed.difference_reason, handed.difference_owner_id = (reason or "").strip(), owner.id
        handed.difference_owner_name = owner.name


def _figures(handed: HandIn, total: Decimal, reason: str | None, owner: Person | None) -> dict[str, str]:
    said = {"number": handed.number, "declared": str(handed.declared), "counted": str(total)}
    return said if owner is None else {**said, "reason": (reason or "").strip(), "owner": owner.name}
