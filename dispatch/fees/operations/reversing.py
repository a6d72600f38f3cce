"""Counter-entries: what a form booked before, a voucher booked back line by line, the cash desk that must hold what leaves it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.ledger_models import Account, Posting, Voucher
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.operations.posting import Cause, lock_accounts, post
from dispatch.fees.rules import FEN, yuan
from dispatch.fees.settling_models import MATCHED, CounterEntry
from dispatch.staff.rules import Actor
from dispatch.words import say

Row = TypeVar("Row", bound=CounterEntry)

# Finance stands above fees, so its models cannot be imported here.
_SOURCES = ("account_payment_id", "bank_deposit_id", "contractor_payment_id")
_SHOWN = sa.table("match_item", sa.column("state", sa.Text), *(sa.column(name, sa.BigInteger) for name in _SOURCES))


def post_reversal(session: Session, cause: Cause, first_id: int) -> Voucher:
    """Book every posting of a voucher back; `cause` names it. Raises RuleBroken when the cash desk has not so much."""
    return post_from_desk(session, cause, _mirrored(session, first_id))


def post_back(
    session: Session, kind: str, found: CounterEntry, back: CounterEntry, branch_id: int, *, by: Actor, at: datetime, **of: int
) -> Voucher:
    """Book back what the voucher of an entry booked; `back` takes it back, `kind` is its voucher's, `of` what else that names."""
    column = f"{found.__tablename__}_id"
    first = session.scalars(sa.select(Voucher.id).where(getattr(Voucher, column) == found.id)).one()
    return post_reversal(session, Cause(kind, branch_id, by, at, at, {column: back.id, "reverses_id": first, **of}), first)


def post_from_desk(session: Session, cause: Cause, lines: Mapping[AccountKey, Decimal]) -> Voucher:
    """Write one voucher that may take cash out of the desk. Raises RuleBroken when there is not so much."""
    accounts = lock_accounts(session, lines)
    for key, amount in lines.items():
        there = accounts[key].balance
        if key.kind == "cash_desk" and there + amount < 0:
            told = {"amount": yuan(-amount), "desk": yuan(there)}
            raise RuleBroken(say("%(amount)s would leave the cash desk, and only %(desk)s is in it: nothing was posted.", **told))
    return post(session, cause, lines)


def amount_given(amount: Decimal) -> Decimal:
    """An amount above zero, in fen at most. Raises Invalid."""
    if not amount.is_finite() or amount <= 0:
        raise Invalid({"amount": say("An amount above zero, please.")})
    if amount >= Decimal(10**8) or amount != amount.quantize(FEN):
        raise Invalid({"amount": say("An amount in yuan with at most two decimals, please.")})
    return amount.quantize(FEN)


def first_press(session: Session, kind: type[Row], request_key: uuid.UUID | None, **facts: object) -> Row | None:
    """What a form's key has booked before, if anything. Raises Conflict when the form says something else now."""
    first = session.scalar(sa.select(kind).where(kind.request_key == request_key)) if request_key else None
    if first and any(getattr(first, name) != value for name, value in facts.items()):
        raise Conflict(say("This form was booked already, with other figures. Look at what is booked, and begin a new one."))
    return first


def booked(session: Session, kind: type[Row], entry_id: int) -> Row:
    """An entry that somebody may want to take back. Raises NotFound, also for one that takes back another."""
    found = session.get(kind, entry_id)
    if found is None or found.reverses_id is not None:
        raise NotFound
    return found


def check_stands(session: Session, entry: CounterEntry) -> None:
    """Raises Conflict when an entry was taken back before, or a statement shows it; that stays so until the end.

    Call it under the lock of what the entry belongs to.
    """
    kind = type(entry)
    back = session.scalar(sa.select(kind).where(kind.reverses_id == entry.id))
    if back is not None:
        told = {"name": back.by_name, "amount": yuan(entry.amount)}
        raise Conflict(say("%(name)s has taken these %(amount)s back already. Nothing was posted twice.", **told))
    shown = _SHOWN.c.get(f"{kind.__tablename__}_id")
    of = sa.select(_SHOWN.c.state).where(shown == entry.id).with_for_update() if shown is not None else None
    if of is not None and session.scalar(of) == "matched":
        raise Conflict(MATCHED)


def reason_given(reason: str) -> str:
    """The reason, tidied. Raises Invalid when there is none."""
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    return reason.strip()


def _mirrored(session: Session, voucher_id: int) -> dict[AccountKey, Decimal]:
    of = sa.select(Account, Posting.amount).join(Posting, Posting.account_id == Account.id)
    rows = session.execute(of.where(Posting.voucher_id == voucher_id).order_by(Posting.line))
    return {_key(account): -amount for account, amount in rows}


def _key(account: Account) -> AccountKey:
    whose = (account.person_id, account.branch_id, account.customer_id, account.channel, account.contractor_id)
    return AccountKey(account.kind, *whose)
