"""Finance pays cash from the desk into the bank: by hand-ins, by a sum, or both; a deposit is taken back by a counter-entry.

Locks: the deposits of the branch, the rows of the hand-ins by id, the audit head, then the accounts.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.deposit_queries import standing
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.ledger_rules import DEPOSIT_SERIES, AccountKey
from dispatch.fees.operations.posting import Cause, next_in_series
from dispatch.fees.operations.reversing import (
    amount_given,
    booked,
    check_stands,
    first_press,
    post_back,
    post_from_desk,
    reason_given,
)
from dispatch.fees.operations.slips import add_slip
from dispatch.fees.rules import yuan
from dispatch.fees.slip_queries import needed_from
from dispatch.files.scans import Scan
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def deposit(
    session: Session,
    hand_in_ids: Collection[int],
    *,
    branch_id: int,
    amount: Decimal,
    bank_account: str,
    slip: str,
    paid_at: datetime,
    reason: str | None,
    request_key: uuid.UUID | None,
    by: Actor,
    at: datetime,
    scan: Scan | None = None,
) -> BankDeposit:
    """Book cash of a branch's desk as paid into the bank; the same `request_key` again answers with the first.

    `scan` is the photo of the bank's slip, which large sums need.

    Raises Invalid for a wrong amount, account, slip or moment, or when the hand-ins come to another sum and nobody says why;
    RuleBroken when the desk has not so much; Conflict when a hand-in is in another deposit or does not stand, or for a used key.
    """
    by.must("money.confirm")
    if not by.sees_branch(branch_id):
        raise NotFound
    _lock_deposits(session, branch_id)
    said = {"bank_account": bank_account.strip(), "slip": slip.strip()}
    first = first_press(session, BankDeposit, request_key, branch_id=branch_id, amount=amount, **said)
    if first is not None:
        return first
    amount = amount_given(amount)
    hand_ins = _locked(session, hand_in_ids, branch_id)
    _check(amount, hand_ins, paid_at, reason, at, shown=scan is not None, **said)
    _check_slip(session, **said)
    facts = {**said, "paid_at": paid_at, "reason": (reason or "").strip() or None, "request_key": request_key}
    row = _written(session, hand_ins, branch_id=branch_id, amount=amount, by=by, at=at, **facts)
    lines = {AccountKey("bank", branch_id=branch_id): amount, AccountKey("cash_desk", branch_id=branch_id): -amount}
    if scan is not None:
        add_slip(session, row, scan, by=by, at=at)
    post_from_desk(session, Cause("bank_deposit", branch_id, by, at, at, {"bank_deposit_id": row.id}), lines)
    return row


def _written(
    session: Session, hand_ins: Sequence[HandIn], *, branch_id: int, by: Actor, at: datetime, **facts: Any
) -> BankDeposit:
    """The deposit under the branch's next number, with its hand-ins and in the trail."""
    number, _, _ = next_in_series(session, DEPOSIT_SERIES, branch_id, at)
    row = BankDeposit(number=number, branch_id=branch_id, by_id=by.id, by_name=by.name, at=at, **facts)
    session.add(row)
    session.flush()
    session.add_all(DepositedHandIn(deposit_id=row.id, hand_in_id=one.id) for one in hand_ins)
    session.flush()
    detail = {**_detail(row), "hand_ins": [one.number for one in hand_ins]}
    record(session, ("bank_deposit", row.id), "deposit.book", by=by, at=at, detail=detail)
    return row


def take_back_deposit(session: Session, deposit_id: int, *, reason: str, by: Actor, at: datetime) -> BankDeposit:
    """Book a deposit back: the cash stands at the desk again, and its hand-ins can be deposited anew.

    Raises Invalid without a reason, Conflict when somebody else was first.
    """
    by.must("money.confirm")
    found = booked(session, BankDeposit, deposit_id)
    if not by.sees_branch(found.branch_id):
        raise NotFound
    _lock_deposits(session, found.branch_id)
    check_stands(session, found)
    number, _, _ = next_in_series(session, DEPOSIT_SERIES, found.branch_id, at)
    same = {"branch_id": found.branch_id, "bank_account": found.bank_account, "slip": found.slip, "paid_at": found.paid_at}
    facts = {"number": number, "amount": -found.amount, "reason": reason_given(reason), "reverses_id": found.id, "live": False}
    back = BankDeposit(**same, **facts, by_id=by.id, by_name=by.name, at=at)
    session.add(back)
    found.live = False
    session.execute(sa.update(DepositedHandIn).where(DepositedHandIn.deposit_id == found.id).values(live=False))
    session.flush()
    record(session, ("bank_deposit", found.id), "deposit.take_back", by=by, at=at, detail=_detail(back))
    post_back(session, "bank_deposit_back", found, back, found.branch_id, by=by, at=at)
    return back


def _lock_deposits(session: Session, branch_id: int) -> None:
    """Let nobody else book or take back a deposit of the branch until the transaction ends."""
    key = f"deposits:{branch_id}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


def _check_slip(session: Session, *, bank_account: str, slip: str) -> None:
    same = sa.select(BankDeposit).where(BankDeposit.bank_account == bank_account, BankDeposit.slip == slip, BankDeposit.live)
    first = session.scalar(same.where(BankDeposit.reverses_id.is_(None)))
    if first is not None:
        told = {"number": first.number, "name": first.by_name}
        raise Invalid({"slip": say("%(name)s has booked this slip already: %(number)s.", **told)})


def _locked(session: Session, hand_in_ids: Collection[int], branch_id: int) -> Sequence[HandIn]:
    """The hand-ins, of which each is confirmed, stands and is in no other deposit. Raises Conflict."""
    wanted = set(hand_in_ids)
    rows = sa.select(HandIn).where(HandIn.id.in_(wanted), HandIn.branch_id == branch_id).order_by(HandIn.id)
    session.execute(rows.with_for_update())
    found = session.scalars(rows.where(standing()).execution_options(populate_existing=True)).all()
    if len(found) < len(wanted):
        raise Conflict(say("The cash of one of these hand-ins is in the bank already, or was taken back. Please look again."))
    return found


def _check(
    amount: Decimal,
    hand_ins: Sequence[HandIn],
    paid_at: datetime,
    reason: str | None,
    at: datetime,
    *,
    shown: bool,
    bank_account: str,
    slip: str,
) -> None:
    wrong: dict[str, Text] = {}
    if not shown and amount >= needed_from():
        wrong["file"] = say("From %(sum)s on the photo of the bank's slip is needed.", sum=yuan(needed_from()))
    if not bank_account:
        wrong["bank_account"] = say("Which account was it paid into?")
    if not slip:
        wrong["slip"] = say("The number on the bank's slip, please.")
    if paid_at > at:
        wrong["paid_at"] = say("This is still to come.")
    counted = [one.counted for one in hand_ins if one.counted is not None]
    if hand_ins and sum(counted) != amount and not (reason or "").strip():
        told = {"sum": yuan(sum(counted, Decimal(0))), "amount": yuan(amount)}
        wrong["reason"] = say("These hand-ins come to %(sum)s, and %(amount)s was paid in: why is that?", **told)
    if wrong:
        raise Invalid(wrong)
    # The slip tells the minute.
    if any(one.confirmed_at and one.confirmed_at.replace(second=0, microsecond=0) > paid_at for one in hand_ins):
        raise RuleBroken(say("One of these hand-ins was counted only after the bank took the money. Look at the time again."))


def _detail(row: BankDeposit) -> dict[str, object]:
    said = {"number": row.number, "amount": str(row.amount), "account": row.bank_account, "slip": row.slip}
    return {**said, "paid_at": row.paid_at.isoformat(), **({"reason": row.reason} if row.reason else {})}
