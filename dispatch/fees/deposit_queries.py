"""Deposits as finance looks at them: those of a branch, one with its hand-ins, and what waits to be paid in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.ledger_models import Account, HandIn, HandInBack, Voucher
from dispatch.lists import FIRST, Cut, Part
from dispatch.staff.rules import Actor

MOST_ACCOUNTS = 20


def standing() -> sa.ColumnElement[bool]:
    """SQL: a hand-in that is confirmed, was not taken back, and whose cash is in no deposit."""
    back = sa.exists().where(HandInBack.hand_in_id == HandIn.id)
    deposited = sa.exists().where(DepositedHandIn.hand_in_id == HandIn.id, DepositedHandIn.live)
    return sa.and_(HandIn.status == "confirmed", HandIn.counted > 0, ~back, ~deposited)


def to_deposit(session: Session, branch_id: int, limit: int) -> Sequence[HandIn]:
    """The hand-ins whose cash is still at a branch's desk as far as anybody has said, the oldest first."""
    mine = sa.select(HandIn).where(HandIn.branch_id == branch_id, standing())
    return session.scalars(mine.order_by(HandIn.confirmed_at, HandIn.id).limit(limit)).all()


def deposit_of(session: Session, hand_in_id: int) -> BankDeposit | None:
    """The deposit in which the cash of a hand-in is."""
    mine = sa.select(BankDeposit).join(DepositedHandIn, DepositedHandIn.deposit_id == BankDeposit.id)
    return session.scalar(mine.where(DepositedHandIn.hand_in_id == hand_in_id, DepositedHandIn.live))


def at_desk(session: Session, branch_id: int) -> Decimal:
    """The cash at a branch's desk, in yuan."""
    mine = sa.select(Account.balance).where(Account.kind == "cash_desk", Account.branch_id == branch_id)
    return session.scalar(mine) or Decimal("0.00")


def known_accounts(session: Session, branch_id: int) -> Sequence[str]:
    """The bank accounts that a branch has paid into, the last one first."""
    rows = sa.select(BankDeposit.bank_account).where(BankDeposit.branch_id == branch_id).group_by(BankDeposit.bank_account)
    return session.scalars(rows.order_by(sa.func.max(BankDeposit.id).desc()).limit(MOST_ACCOUNTS)).all()


@dataclass(frozen=True)
class Deposit:
    """A deposit, the row that took it back if any, its voucher's number, and how many hand-ins it was made of."""

    row: BankDeposit
    back: BankDeposit | None
    voucher: str
    hand_ins: int


DEPOSIT_SORTS = {
    "paid": (BankDeposit.paid_at, BankDeposit.id),
    "number": (BankDeposit.number, BankDeposit.id),
    "amount": (BankDeposit.amount, BankDeposit.id),
    "account": (BankDeposit.bank_account, -BankDeposit.id),
}


def deposits(session: Session, by: Actor, *, branch_id: int | None, cut: Cut = FIRST) -> Part[Deposit]:
    """A page of the deposits that somebody may see; those taken back are marked, what took them back is no row of its own."""
    where = [_seen(by), BankDeposit.reverses_id.is_(None), *([] if branch_id is None else [BankDeposit.branch_id == branch_id])]
    total = session.scalar(sa.select(sa.func.count()).select_from(BankDeposit).where(*where)) or 0
    return Part([Deposit(*row) for row in session.execute(cut.of(_rows().where(*where), DEPOSIT_SORTS))], cut.number, total)


def deposit_seen(session: Session, deposit_id: int, by: Actor) -> Deposit | None:
    """One deposit that somebody may see."""
    row = session.execute(_rows().where(BankDeposit.id == deposit_id, BankDeposit.reverses_id.is_(None), _seen(by))).one_or_none()
    return Deposit(*row) if row else None


def hand_ins_in(session: Session, deposit_id: int) -> Sequence[HandIn]:
    """The hand-ins of a deposit, also of one that was taken back."""
    mine = sa.select(HandIn).join(DepositedHandIn, DepositedHandIn.hand_in_id == HandIn.id)
    return session.scalars(mine.where(DepositedHandIn.deposit_id == deposit_id).order_by(HandIn.id)).all()


def _rows() -> sa.Select[BankDeposit, BankDeposit, str, int]:
    back = aliased(BankDeposit)
    count = sa.select(sa.func.count()).where(DepositedHandIn.deposit_id == BankDeposit.id).scalar_subquery()
    rows = sa.select(BankDeposit, back, Voucher.number, count).outerjoin(back, back.reverses_id == BankDeposit.id)
    return rows.join(Voucher, Voucher.bank_deposit_id == BankDeposit.id)


def _seen(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else BankDeposit.branch_id == by.branch_id
