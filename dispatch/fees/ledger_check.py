"""Whether the ledger adds up: chains, balances, vouchers, numbers, and everything that should have been posted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.rules import GENESIS
from dispatch.fees.counter_check import broken_counter_entries
from dispatch.fees.ledger_models import Account, HandIn, HandInReceipt, Posting, SeriesCounter, Voucher
from dispatch.fees.ledger_rules import VOUCHER_SERIES, posting_hash
from dispatch.fees.models import Charge, Receipt
from dispatch.words import Text, say


def broken_ledgers(session: Session) -> Iterator[Text]:
    """One sentence for everything in the money ledger that does not add up; nothing when all does."""
    yield from _broken_accounts(session)
    yield from _unbalanced_vouchers(session)
    yield from _number_gaps(session)
    yield from _unposted(session)
    yield from _wrong_hand_ins(session)
    yield from broken_counter_entries(session)


def _broken_accounts(session: Session) -> Iterator[Text]:
    """Chains that are broken, and positions that are not where their chain ends."""
    chains = (
        sa.select(Posting, Voucher.number, Voucher.recorded_at, Account.key)
        .join(Voucher, Posting.voucher_id == Voucher.id)
        .join(Account, Posting.account_id == Account.id)
        .order_by(Posting.account_id, Posting.seq)
    )
    reached: dict[int, tuple[int, Decimal, bytes]] = {}
    for posting, number, recorded_at, key in session.execute(chains.execution_options(yield_per=2000)):
        seq, balance, prev = reached.get(posting.account_id, (0, Decimal(0), GENESIS))
        expected = posting_hash(
            prev,
            account=key,
            seq=seq + 1,
            voucher=number,
            amount=posting.amount,
            balance=balance + posting.amount,
            recorded_at=recorded_at,
        )
        if (posting.seq, posting.balance_after, posting.hash) != (seq + 1, balance + posting.amount, expected):
            link = {"account": key, "seq": posting.seq, "voucher": number, "before": seq}
            yield say("Account %(account)s: posting %(seq)s of %(voucher)s does not follow posting %(before)s", **link)
        reached[posting.account_id] = (posting.seq, balance + posting.amount, posting.hash)
    for account in session.scalars(sa.select(Account).order_by(Account.id)):
        there = reached.get(account.id, (0, Decimal(0), GENESIS))
        if there != (account.seq, account.balance, account.hash):
            sums = {"account": account.key, "balance": _sum(account.balance), "sum": _sum(there[1])}
            yield say("Account %(account)s: the balance is %(balance)s, its postings sum to %(sum)s", **sums)


def _unbalanced_vouchers(session: Session) -> Iterator[Text]:
    lines, total = sa.func.count(Posting.line), sa.func.coalesce(sa.func.sum(Posting.amount), 0)
    sums = sa.select(Voucher.number, lines, total).outerjoin(Posting, Posting.voucher_id == Voucher.id).group_by(Voucher.id)
    for number, count, amount in session.execute(sums.having(sa.or_(lines < 2, total != 0)).order_by(Voucher.number)):
        yield say("Voucher %(voucher)s: %(n)s postings sum to %(sum)s", voucher=number, n=count, sum=_sum(amount))


def _number_gaps(session: Session) -> Iterator[Text]:
    series = (Voucher.branch_id, Voucher.year)
    rows = session.execute(sa.select(*series, sa.func.count(), sa.func.max(Voucher.running)).group_by(*series).order_by(*series))
    given = {(branch, year): (count, last) for branch, year, count, last in rows}
    counters = sa.select(SeriesCounter).where(SeriesCounter.series == VOUCHER_SERIES)
    last = {(row.branch_id, row.year): row.last for row in session.scalars(counters)}
    for key in sorted(given.keys() | last.keys()):
        count, highest = given.get(key, (0, 0))
        if not count == highest == last.get(key, 0):
            told = {"branch": key[0], "year": key[1], "n": count, "highest": highest, "last": last.get(key, 0)}
            yield say(
                "Vouchers of branch %(branch)s in %(year)s: there are %(n)s, the highest is %(highest)s, "
                "the counter stands at %(last)s",
                **told,
            )


def _unposted(session: Session) -> Iterator[Text]:
    charges = sa.select(Charge.id).where(Charge.amount != 0, ~sa.exists().where(Voucher.charge_id == Charge.id))
    for charge_id in session.scalars(charges.order_by(Charge.id)):
        yield say("Charge %(id)s has no voucher", id=charge_id)
    receipts = sa.select(Receipt.number).where(~sa.exists().where(Voucher.receipt_id == Receipt.id))
    for number in session.scalars(receipts.order_by(Receipt.id)):
        yield say("Receipt %(number)s has no voucher", number=number)
    settled = sa.select(HandIn.number).where(HandIn.status == "confirmed", ~sa.exists().where(Voucher.hand_in_id == HandIn.id))
    for number in session.scalars(settled.order_by(HandIn.id)):
        yield say("Hand-in %(number)s is confirmed and has no voucher", number=number)
    yield from _wrongly_posted(session)


def _wrongly_posted(session: Session) -> Iterator[Text]:
    """Vouchers that moved another sum than the row behind them names: a charge's or receipt's on the customer's account."""
    cause = sa.func.coalesce(Charge.amount, -Receipt.amount)
    moved = sa.func.sum(Posting.amount)
    sums = (
        sa.select(Voucher.number, cause, moved)
        .join(Posting, Posting.voucher_id == Voucher.id)
        .join(Account, Posting.account_id == Account.id)
        .outerjoin(Charge, Voucher.charge_id == Charge.id)
        .outerjoin(Receipt, Voucher.receipt_id == Receipt.id)
        .where(Account.kind == "receivable")
        .group_by(Voucher.id, Charge.amount, Receipt.amount)
        .having(moved != cause)
    )
    for number, wanted, amount in session.execute(sums.order_by(Voucher.number)):
        yield say("Voucher %(voucher)s: %(sum)s was posted for %(wanted)s", voucher=number, sum=_sum(amount), wanted=_sum(wanted))


def _wrong_hand_ins(session: Session) -> Iterator[Text]:
    total = sa.func.coalesce(sa.func.sum(Receipt.amount), 0)
    sums = (
        sa.select(HandIn.number, HandIn.declared, total)
        .outerjoin(HandInReceipt, HandInReceipt.hand_in_id == HandIn.id)
        .outerjoin(Receipt, HandInReceipt.receipt_id == Receipt.id)
        .group_by(HandIn.id)
        .having(total != HandIn.declared)
    )
    for number, declared, amount in session.execute(sums.order_by(HandIn.number)):
        told = {"number": number, "declared": _sum(declared), "sum": _sum(amount)}
        yield say("Hand-in %(number)s: %(declared)s declared, its receipts sum to %(sum)s", **told)


def _sum(amount: Decimal) -> str:
    return f"{amount:.2f}"
