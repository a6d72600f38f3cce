"""Whether corrections add up: what was taken back is booked back line by line, and frees what it held."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.fees.deposit_models import BankDeposit, DepositedHandIn
from dispatch.fees.ledger_models import BACKS, Account, HandIn, HandInBack, HandInReceipt, Posting, Voucher
from dispatch.fees.models import Receipt
from dispatch.fees.settling_models import AccountPayment, DifferenceSettlement
from dispatch.words import Text, say

EXACT = ("charge_back", *BACKS)
"""Vouchers that reverse another as a whole; a refund may give back a part."""


def broken_counter_entries(session: Session) -> Iterator[Text]:
    """One sentence for each correction that is not booked as it says."""
    yield from _unposted_backs(session)
    yield from _crooked_reversals(session)
    yield from _receipts_not_free(session)
    yield from _wrong_settlements(session)
    yield from _settled_past_zero(session)
    yield from _wrong_payments(session)
    yield from _paid_past_zero(session)
    yield from _wrong_deposits(session)
    yield from _hand_ins_not_at_the_bank(session)


def _unposted_backs(session: Session) -> Iterator[Text]:
    first, back = aliased(Voucher), aliased(Voucher)
    rows = (
        sa.select(HandIn.number)
        .join(HandInBack, HandInBack.hand_in_id == HandIn.id)
        .outerjoin(first, first.hand_in_id == HandIn.id)
        .outerjoin(back, sa.and_(back.hand_in_back_id == HandInBack.id, back.reverses_id == first.id))
        .where(back.id.is_(None))
    )
    for number in session.scalars(rows.order_by(HandIn.id)):
        yield say("Hand-in %(number)s was taken back and has no voucher that reverses its own", number=number)


def _crooked_reversals(session: Session) -> Iterator[Text]:
    """Vouchers that do not book back exactly what the one they reverse has booked."""
    first, back = aliased(Voucher), aliased(Voucher)
    sums = (
        sa.select(back.id, back.number, first.number.label("first"))
        .join(first, back.reverses_id == first.id)
        .join(Posting, Posting.voucher_id.in_([first.id, back.id]))
        .where(back.kind.in_(EXACT))
        .group_by(back.id, back.number, first.number, Posting.account_id)
        .having(sa.func.sum(Posting.amount) != 0)
    ).subquery()
    found = sa.select(sums.c.number, sums.c.first).distinct().order_by(sums.c.number)
    for number, reversed_number in session.execute(found):
        yield say("Voucher %(voucher)s does not book back what %(first)s has booked", voucher=number, first=reversed_number)


def _receipts_not_free(session: Session) -> Iterator[Text]:
    """Hand-ins whose receipts count as handed in though it does not stand, or the other way round."""
    back = sa.exists().where(HandInBack.hand_in_id == HandIn.id)
    stands = sa.and_(HandIn.status != "withdrawn", ~back)
    rows = sa.select(HandIn.number).join(HandInReceipt, HandInReceipt.hand_in_id == HandIn.id)
    for number in session.scalars(rows.where(HandInReceipt.live != stands).distinct().order_by(HandIn.number)):
        yield say("Hand-in %(number)s: its receipts do not follow whether it stands", number=number)


def _wrong_settlements(session: Session) -> Iterator[Text]:
    """Settlements without a voucher, or with one that took another amount from the differences."""
    row, moved = DifferenceSettlement, sa.func.sum(Posting.amount)
    way = sa.case((HandIn.difference < 0, -1), else_=1)
    sums = (
        sa.select(row.id, HandIn.number, row.amount)
        .join(HandIn, HandIn.id == row.hand_in_id)
        .outerjoin(Voucher, Voucher.difference_settlement_id == row.id)
        .outerjoin(Posting, sa.and_(Posting.voucher_id == Voucher.id, Posting.account_id.in_(_of_kind("difference"))))
        .group_by(row.id, HandIn.id)
        .having(sa.func.coalesce(moved, 0) != row.amount * way)
    )
    for id_, number, amount in session.execute(sums.order_by(row.id)):
        told = {"id": id_, "number": number, "sum": f"{amount:.2f}"}
        yield say("Settlement %(id)s of the difference of %(number)s: %(sum)s is not what was posted for it", **told)


def _settled_past_zero(session: Session) -> Iterator[Text]:
    """Differences of which more is settled than there was, or that were taken back with their hand-in all the same."""
    settled = sa.func.sum(DifferenceSettlement.amount)
    most = sa.case((sa.func.bool_or(HandInBack.id.is_not(None)), 0), else_=sa.func.abs(HandIn.difference))
    sums = (
        sa.select(HandIn.number, settled, most)
        .join(DifferenceSettlement, DifferenceSettlement.hand_in_id == HandIn.id)
        .outerjoin(HandInBack, HandInBack.hand_in_id == HandIn.id)
        .group_by(HandIn.id)
        .having(sa.not_(settled.between(0, most)))
    )
    for number, total, limit in session.execute(sums.order_by(HandIn.number)):
        told = {"number": number, "sum": f"{total:.2f}", "most": f"{limit:.2f}"}
        yield say("Hand-in %(number)s: %(sum)s of a difference of %(most)s is settled", **told)


def _wrong_payments(session: Session) -> Iterator[Text]:
    """Payments of what was on account without a voucher, or with one that took another amount off the account."""
    row, moved = AccountPayment, sa.func.sum(Posting.amount)
    sums = (
        sa.select(row.id, Receipt.number, row.amount)
        .join(Receipt, Receipt.id == row.receipt_id)
        .outerjoin(Voucher, Voucher.account_payment_id == row.id)
        .outerjoin(Posting, sa.and_(Posting.voucher_id == Voucher.id, Posting.account_id.in_(_of_kind("on_account"))))
        .group_by(row.id, Receipt.id)
        .having(sa.func.coalesce(moved, 0) != -row.amount)
    )
    for id_, number, amount in session.execute(sums.order_by(row.id)):
        told = {"id": id_, "number": number, "sum": f"{amount:.2f}"}
        yield say("Payment %(id)s of receipt %(number)s: %(sum)s is not what was posted for it", **told)


def _paid_past_zero(session: Session) -> Iterator[Text]:
    """Receipts of which more is paid than was on account, or that never were."""
    first, back = aliased(Receipt), aliased(Receipt)
    given = sa.select(sa.func.coalesce(sa.func.sum(back.amount), 0)).where(back.refunds_id == first.id).scalar_subquery()
    paid, most = sa.func.sum(AccountPayment.amount), sa.case((first.channel == "account", first.amount + given), else_=0)
    sums = sa.select(first.number, paid, most).join(AccountPayment, AccountPayment.receipt_id == first.id).group_by(first.id)
    for number, total, limit in session.execute(sums.having(sa.not_(paid.between(0, most))).order_by(first.number)):
        told = {"number": number, "sum": f"{total:.2f}", "most": f"{limit:.2f}"}
        yield say("Receipt %(number)s: %(sum)s was paid of %(most)s on account", **told)


def _wrong_deposits(session: Session) -> Iterator[Text]:
    """Deposits without a voucher, or with one that brought another amount to the bank."""
    row, moved = BankDeposit, sa.func.sum(Posting.amount)
    sums = (
        sa.select(row.number, row.amount)
        .outerjoin(Voucher, Voucher.bank_deposit_id == row.id)
        .outerjoin(Posting, sa.and_(Posting.voucher_id == Voucher.id, Posting.account_id.in_(_of_kind("bank"))))
        .group_by(row.id)
        .having(sa.func.coalesce(moved, 0) != row.amount)
    )
    for number, amount in session.execute(sums.order_by(row.number)):
        yield say("Deposit %(number)s: %(sum)s is not what was posted for it", number=number, sum=f"{amount:.2f}")


def _hand_ins_not_at_the_bank(session: Session) -> Iterator[Text]:
    """Deposits that hold their hand-ins though they were taken back or the hand-in was, or the other way round."""
    back = aliased(BankDeposit)
    stands = ~sa.exists().where(back.reverses_id == BankDeposit.id)
    undone = sa.exists().where(HandInBack.hand_in_id == DepositedHandIn.hand_in_id)
    held = sa.or_(DepositedHandIn.live != BankDeposit.live, sa.and_(DepositedHandIn.live, undone))
    wrong = sa.exists().where(DepositedHandIn.deposit_id == BankDeposit.id, held)
    first = sa.select(BankDeposit.number).where(BankDeposit.reverses_id.is_(None))
    for number in session.scalars(first.where(sa.or_(wrong, BankDeposit.live != stands)).order_by(BankDeposit.number)):
        yield say("Deposit %(number)s: its hand-ins do not follow whether it stands", number=number)


def _of_kind(kind: str) -> sa.Select[int]:
    return sa.select(Account.id).where(Account.kind == kind)
