"""Posting to the ledger, in the transaction of the act itself. Wrong postings are mended by a voucher that reverses the first.

Locks come last and in one order: the accounts by id, the branch's books (shared), then the counter of its vouchers. The accounts
that an act may touch are locked all at once, so that two acts never wait for each other. That counts for an act that posts twice,
too: it holds the counter from its first voucher on, and others wait for that with the accounts in their hands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import By
from dispatch.audit.rules import GENESIS
from dispatch.clock import local_day
from dispatch.errors import RuleBroken
from dispatch.fees.ledger_models import Account, HandIn, LedgerBooks, Posting, SeriesCounter, Voucher
from dispatch.fees.ledger_queries import promised_cash
from dispatch.fees.ledger_rules import VOUCHER_SERIES, AccountKey, accounting_day, posting_hash, series_number, split_tax
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.rules import yuan
from dispatch.orders.models import Order
from dispatch.staff.models import Branch
from dispatch.words import say


@dataclass(frozen=True)
class Cause:
    """What a voucher is written for: its kind, branch and moments, and the row behind it (`of`: column of the voucher -> id)."""

    kind: str
    branch_id: int
    by: By
    at: datetime
    recorded_at: datetime
    of: Mapping[str, int | None]


def post_charge(session: Session, charge: Charge, order: Order, *, by: By, recorded_at: datetime) -> Voucher | None:
    """The customer owes what was charged; its net is income, the rest tax. A charge taken back is posted the other way round."""
    if charge.amount == 0:
        return None
    net, tax = split_tax(charge.amount, charge.tax_rate)
    lines = {
        AccountKey("receivable", customer_id=order.customer_id): charge.amount,
        AccountKey("income", branch_id=order.branch_id): -net,
        AccountKey("tax", branch_id=order.branch_id): -tax,
    }
    back = charge.reverses_id
    of = {"charge_id": charge.id, "order_id": order.id, "reverses_id": _voucher_of(session, Voucher.charge_id, back)}
    return post(session, Cause("charge_back" if back else "charge", order.branch_id, by, charge.at, recorded_at, of), lines)


def post_receipt(session: Session, receipt: Receipt, order: Order, *, by: By) -> Voucher:
    """The customer owes less; the money is in a hand, on its way through a channel, or on account. A refund goes the other way.

    Raises RuleBroken when cash is given back that neither the giver's hand nor the branch's cash desk has.
    """
    first, owed = receipt.refunds_id, AccountKey("receivable", customer_id=order.customer_id)
    place = _place(order, receipt.channel, receipt.by_id, receipt.branch_id)
    if first and receipt.channel == "cash":
        place = _refunding_place(session, receipt, owed)
    of = {"receipt_id": receipt.id, "order_id": order.id, "reverses_id": _voucher_of(session, Voucher.receipt_id, first)}
    cause = Cause("refund" if first else "receipt", receipt.branch_id, by, receipt.at, receipt.recorded_at, of)
    return post(session, cause, {place: receipt.amount, owed: -receipt.amount})


def post_hand_in(session: Session, hand_in: HandIn, *, by: By, at: datetime) -> Voucher:
    """What was counted moves from the hand to the cash desk; what is missing of the declared sum, or over it, is a difference."""
    assert hand_in.counted is not None and hand_in.difference is not None
    lines = {
        AccountKey("cash_desk", branch_id=hand_in.branch_id): hand_in.counted,
        AccountKey("difference", branch_id=hand_in.branch_id): -hand_in.difference,
        AccountKey("cash_in_hand", person_id=hand_in.person_id): -hand_in.declared,
    }
    return post(session, Cause("hand_in", hand_in.branch_id, by, at, at, {"hand_in_id": hand_in.id}), lines)


def post(session: Session, cause: Cause, lines: Mapping[AccountKey, Decimal]) -> Voucher:
    """Write one voucher. `lines` sum to zero; those of zero only lock their account."""
    accounts = lock_accounts(session, lines)
    voucher = _voucher(session, cause)
    posted = [(accounts[key], amount) for key, amount in lines.items() if amount]
    for number, (account, amount) in enumerate(posted, start=1):
        session.add(_posting(voucher, number, account, amount))
    session.flush()
    return voucher


def lock_accounts(session: Session, keys: Iterable[AccountKey]) -> dict[AccountKey, Account]:
    """The accounts of these keys, opened where they are not there yet, locked in the order of their ids until the end."""
    wanted = sorted(keys, key=str)
    # None is locked before all are there: who opens one may wait for another who opens it, too.
    if _missing(session, wanted):
        fresh = [{**_columns(key), "balance": 0, "seq": 0, "hash": GENESIS} for key in wanted]
        session.execute(insert(Account).values(fresh).on_conflict_do_nothing(index_elements=["key"]))
    found = _locked(session, wanted)
    return {key: found[str(key)] for key in wanted}


def lock_payment(session: Session, order: Order, channel: str, *, person_id: int, branch_id: int) -> None:
    """Lock all accounts that charges of an order and a payment for it can touch; person and branch are those of the receipt.

    With them the counters of both branches where they are two: people of each may take money for the other at the same time.
    """
    owed, place = AccountKey("receivable", customer_id=order.customer_id), _place(order, channel, person_id, branch_id)
    lock_accounts(session, [place, owed, *(AccountKey(kind, branch_id=order.branch_id) for kind in ("income", "tax"))])
    if order.branch_id != branch_id:
        _hold_counters(session, sorted((order.branch_id, branch_id)))


def next_in_series(session: Session, series: str, branch_id: int, at: datetime) -> tuple[str, int, int]:
    """The next number of a branch's series in the year of `at` in its zone: as written, the year, the running number."""
    branch = session.get_one(Branch, branch_id)
    year = local_day(at, branch.zone).year
    first = insert(SeriesCounter).values(series=series, branch_id=branch_id, year=year, last=1)
    following = first.on_conflict_do_update(
        index_elements=["series", "branch_id", "year"], set_={"last": SeriesCounter.last + 1}
    ).returning(SeriesCounter.last)
    running = session.execute(following).scalar_one()
    return series_number(series, branch.code, year, running), year, running


def closed_until(session: Session, branch_id: int, *, alone: bool = False) -> date | None:
    """Until when a branch's books are closed, locked so that it stays so until the end; `alone` for whoever closes or reopens."""
    locked = sa.select(LedgerBooks.closed_until).where(LedgerBooks.branch_id == branch_id).with_for_update(read=not alone)
    found = session.execute(locked).one_or_none()
    if found is None:
        session.execute(insert(LedgerBooks).values(branch_id=branch_id).on_conflict_do_nothing())
        found = session.execute(locked).one()
    until: date | None = found.closed_until
    return until


def _hold_counters(session: Session, branch_ids: Sequence[int]) -> None:
    """The books of some branches, shared, then the counters of their vouchers."""
    for branch_id in branch_ids:
        closed_until(session, branch_id)
    held = sa.select(SeriesCounter.last).where(SeriesCounter.series == VOUCHER_SERIES, SeriesCounter.branch_id.in_(branch_ids))
    session.execute(held.order_by(SeriesCounter.branch_id, SeriesCounter.year).with_for_update())


def _place(order: Order, channel: str, person_id: int, branch_id: int) -> AccountKey:
    if channel == "cash":
        return AccountKey("cash_in_hand", person_id=person_id)
    if channel == "account":
        return AccountKey("on_account", customer_id=order.customer_id)
    return AccountKey("clearing", branch_id=branch_id, channel=channel)


def _refunding_place(session: Session, back: Receipt, owed: AccountKey) -> AccountKey:
    """Where the cash comes from: the giver's hand as far as it is not on its way to finance, else the branch's cash desk."""
    hand = AccountKey("cash_in_hand", person_id=back.by_id)
    desk = AccountKey("cash_desk", branch_id=back.branch_id)
    accounts = lock_accounts(session, [hand, desk, owed])
    if accounts[hand].balance - promised_cash(session, back.by_id) >= -back.amount:
        return hand
    if accounts[desk].balance >= -back.amount:
        return desk
    told = {"amount": yuan(-back.amount), "desk": yuan(accounts[desk].balance), "name": back.by_name}
    raise RuleBroken(
        say(
            "%(amount)s in cash is not there to be given back: not in the hands of %(name)s, and %(desk)s is in the cash desk. "
            "Hand in what was collected first.",
            **told,
        )
    )


def _voucher_of(session: Session, cause: Any, row_id: int | None) -> int | None:
    return session.scalar(sa.select(Voucher.id).where(cause == row_id)) if row_id else None


def _missing(session: Session, keys: list[AccountKey]) -> bool:
    named = sa.select(sa.func.count()).where(Account.key.in_([str(key) for key in keys]))
    return (session.scalar(named) or 0) < len(keys)


def _locked(session: Session, keys: list[AccountKey]) -> dict[str, Account]:
    named = sa.select(Account).where(Account.key.in_([str(key) for key in keys])).order_by(Account.id)
    rows = session.scalars(named.with_for_update().execution_options(populate_existing=True))
    return {account.key: account for account in rows}


def _columns(key: AccountKey) -> dict[str, Any]:
    return {**key.__dict__, "key": str(key)}


def _voucher(session: Session, cause: Cause) -> Voucher:
    happened = local_day(cause.at, session.get_one(Branch, cause.branch_id).zone)
    booked_on = accounting_day(happened, closed_until(session, cause.branch_id))
    number, year, running = next_in_series(session, VOUCHER_SERIES, cause.branch_id, cause.recorded_at)
    voucher = Voucher(
        number=number,
        branch_id=cause.branch_id,
        year=year,
        running=running,
        kind=cause.kind,
        by_id=cause.by.id,
        by_name=cause.by.name,
        at=cause.at,
        recorded_at=cause.recorded_at,
        booked_on=booked_on,
        late=booked_on != happened,
        **cause.of,
    )
    session.add(voucher)
    session.flush()
    return voucher


def _posting(voucher: Voucher, line: int, account: Account, amount: Decimal) -> Posting:
    """The next posting of an account, whose balance and chain move on with it."""
    seq, balance = account.seq + 1, account.balance + amount
    link = posting_hash(
        account.hash,
        account=account.key,
        seq=seq,
        voucher=voucher.number,
        amount=amount,
        balance=balance,
        recorded_at=voucher.recorded_at,
    )
    posting = Posting(
        voucher_id=voucher.id,
        line=line,
        account_id=account.id,
        seq=seq,
        amount=amount,
        balance_after=balance,
        prev_hash=account.hash,
        hash=link,
    )
    account.seq, account.balance, account.hash = seq, balance, link
    return posting
