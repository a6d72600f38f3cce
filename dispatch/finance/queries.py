"""What finance looks at: expected, collected and received by branch and day; receipts of a day; what channels still owe us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import (
    Account,
    AccountPayment,
    BankDeposit,
    Charge,
    DifferenceSettlement,
    HandIn,
    HandInBack,
    HandInReceipt,
    Posting,
    Receipt,
    Voucher,
)
from dispatch.fees.settling_rules import AFTERWARDS
from dispatch.finance.models import MatchItem
from dispatch.finance.owed_queries import paper_of
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet
from dispatch.orders.models import Order
from dispatch.staff.models import Branch

ZERO = Decimal("0.00")
Figures = sa.Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class ChannelRow:
    """What a branch took by one channel on a day, in yuan: how much of it finance has, in cash counted or matched."""

    channel: str
    collected: Decimal
    received: Decimal
    receipts: int

    @property
    def open(self) -> Decimal:
        """What finance has not seen yet."""
        return self.collected - self.received


@dataclass(frozen=True)
class DayRow:
    """Money of one branch and accounting day, in yuan; `channels` without what went on account."""

    branch_id: int
    day: date
    charged: Decimal
    on_account: Decimal
    channels: tuple[ChannelRow, ...]

    @property
    def expected(self) -> Decimal:
        """What should have been collected: charged, less what goes on account."""
        return self.charged - self.on_account

    @property
    def collected(self) -> Decimal:
        """What was taken by all channels."""
        return sum((row.collected for row in self.channels), ZERO)

    @property
    def received(self) -> Decimal:
        """What of it finance has: cash counted, and what statements show."""
        return sum((row.received for row in self.channels), ZERO)

    @property
    def missing(self) -> Decimal:
        """Expected and not collected; below zero: collected too much, or for an earlier day."""
        return self.expected - self.collected

    @property
    def in_hands(self) -> Decimal:
        """Cash collected that is not at the cash desk."""
        return sum((row.open for row in self.channels if row.channel == "cash"), ZERO)

    @property
    def to_match(self) -> Decimal:
        """Collected by other channels, and no statement shows it yet."""
        return self.collected - self.received - self.in_hands

    @property
    def differs(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.missing or self.in_hands or self.to_match)


def day_rows(session: Session, *, branch_id: int | None, since: date, until: date) -> list[DayRow]:
    """Every branch and day with money on it, the newest day first."""
    rows = _moved().where(Voucher.booked_on.between(since, until))
    rows = rows if branch_id is None else rows.where(Voucher.branch_id == branch_id)
    charged, on_account = dict[tuple[int, date], Decimal](), dict[tuple[int, date], Decimal]()
    channels: dict[tuple[int, date], list[ChannelRow]] = {}
    for branch, day, channel, total, received, count in session.execute(rows):
        if channel is None or channel == "account":
            (on_account if channel else charged)[branch, day] = total
        else:
            channels.setdefault((branch, day), []).append(ChannelRow(channel, total, received, count))
    keys = sorted({*charged, *on_account, *channels}, key=lambda key: (-key[1].toordinal(), key[0]))
    return [DayRow(*key, charged.get(key, ZERO), on_account.get(key, ZERO), tuple(channels.get(key, ()))) for key in keys]


def _moved() -> Figures:
    """What was charged (no channel) and taken, by branch, accounting day and channel; what of it finance has; how many rows."""
    key = (Voucher.branch_id, Voucher.booked_on, Receipt.channel)
    seen = sa.case((Receipt.channel == "cash", at_the_desk()), else_=MatchItem.state == "matched")
    amount = sa.func.coalesce(Charge.amount, Receipt.amount)
    rows = sa.select(*key, sa.func.sum(amount), sa.func.sum(sa.case((seen, Receipt.amount), else_=ZERO)), sa.func.count())
    rows = rows.outerjoin(Charge, Charge.id == Voucher.charge_id).outerjoin(Receipt, Receipt.id == Voucher.receipt_id)
    rows = rows.outerjoin(MatchItem, MatchItem.receipt_id == Voucher.receipt_id)
    return rows.where(Voucher.kind.in_(("charge", "charge_back", "receipt", "refund"))).group_by(*key).order_by(*key)


def at_the_desk() -> sa.ColumnElement[bool]:
    """Receipts whose cash has reached the desk: confirmed in a hand-in that stands, or given back from there."""
    confirmed = sa.exists().where(
        HandInReceipt.receipt_id == Receipt.id,
        HandInReceipt.live,
        HandIn.id == HandInReceipt.hand_in_id,
        HandIn.status == "confirmed",
    )
    from_desk = sa.exists().where(
        Voucher.receipt_id == Receipt.id,
        Posting.voucher_id == Voucher.id,
        Account.id == Posting.account_id,
        Account.kind == "cash_desk",
    )
    return sa.or_(confirmed, from_desk)


def branch_accounts(session: Session, branch_id: int | None) -> list[tuple[str, str, str | None, Decimal]]:
    """Branch, kind, channel and balance of the cash desks, the bank, and the channels that are still to be matched."""
    rows = sa.select(Branch.name, Account.kind, Account.channel, Account.balance).join(Branch, Account.branch_id == Branch.id)
    rows = rows.where(Account.kind.in_(("cash_desk", "bank", "clearing")), Account.balance != 0)
    if branch_id is not None:
        rows = rows.where(Branch.id == branch_id)
    found = session.execute(rows.order_by(Branch.code, Account.kind, Account.channel))
    return [(branch, kind, channel, balance) for branch, kind, channel, balance in found]


@dataclass(frozen=True)
class DayReceipt:
    """One receipt of the day's list, with the order and the hand-in it is in ("" when none)."""

    receipt: Receipt
    order: str
    hand_in_id: int | None
    hand_in: str
    status: str
    late: bool


def day_receipts(
    session: Session, *, branch: Branch, day: date, channel: str | None = None, person_id: int | None = None
) -> list[DayReceipt]:
    """The receipts and refunds that are booked on a branch's day, in the order of their time; late ones are marked."""
    rows = (
        sa.select(Receipt, Order.number, HandIn.id, HandIn.number, HandIn.status, Voucher.late)
        .join(Voucher, Voucher.receipt_id == Receipt.id)
        .join(Order, Receipt.order_id == Order.id)
        .outerjoin(HandInReceipt, sa.and_(HandInReceipt.receipt_id == Receipt.id, HandInReceipt.live))
        .outerjoin(HandIn, HandIn.id == HandInReceipt.hand_in_id)
        .where(Voucher.branch_id == branch.id, Voucher.booked_on == day)
    )
    rows = rows.where(Receipt.channel == channel) if channel else rows
    rows = rows.where(Receipt.by_id == person_id) if person_id else rows
    found = session.execute(rows.order_by(Receipt.at, Receipt.id))
    return [DayReceipt(row, order, id_, number or "", status or "", late) for row, order, id_, number, status, late in found]


_owed_paper = paper_of(DifferenceSettlement.match_id)


@dataclass(frozen=True)
class DayEntry:
    """Something that finance settled or corrected on a day: its paper, why, and the amount (below zero: it went out)."""

    voucher: Voucher
    paper: str
    hand_in_id: int | None
    customer_id: int | None
    deposit_id: int | None
    match_id: int | None
    request_id: int | None
    reason: str
    amount: Decimal


def day_entries(session: Session, *, branch: Branch, day: date) -> list[DayEntry]:
    """What a branch's finance settled, corrected, banked or was paid on account on a day, in the order of its time."""
    came = sa.select(sa.func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id)
    came = came.where(
        Posting.voucher_id == Voucher.id, Account.kind.in_(("cash_desk", "clearing", "pay_deduction", "written_off"))
    )
    why = (HandInBack.reason, DifferenceSettlement.reason, AccountPayment.reason, AccountPayment.reference)
    paid_out = (ContractorPayment.reason, ContractorPayment.reference)
    rows = (
        sa.select(
            Voucher,
            sa.func.coalesce(HandIn.number, Receipt.number, BankDeposit.number, ContractorSheet.number, _owed_paper, "—"),
            HandIn.id,
            Order.customer_id,
            sa.func.coalesce(BankDeposit.reverses_id, BankDeposit.id),
            DifferenceSettlement.match_id,
            ContractorSheet.request_id,
            sa.func.coalesce(*why, *paid_out, BankDeposit.reason, BankDeposit.slip, ""),
            sa.func.coalesce(came.scalar_subquery(), 0),
        )
        .outerjoin(HandInBack, HandInBack.id == Voucher.hand_in_back_id)
        .outerjoin(DifferenceSettlement, DifferenceSettlement.id == Voucher.difference_settlement_id)
        .outerjoin(AccountPayment, AccountPayment.id == Voucher.account_payment_id)
        .outerjoin(BankDeposit, BankDeposit.id == Voucher.bank_deposit_id)
        .outerjoin(ContractorPayment, ContractorPayment.id == Voucher.contractor_payment_id)
        .outerjoin(ContractorSheet, ContractorSheet.id == ContractorPayment.sheet_id)
        .outerjoin(HandIn, HandIn.id == sa.func.coalesce(HandInBack.hand_in_id, DifferenceSettlement.hand_in_id))
        .outerjoin(Receipt, Receipt.id == AccountPayment.receipt_id)
        .outerjoin(Order, Order.id == Receipt.order_id)
        .where(Voucher.kind.in_(AFTERWARDS), Voucher.branch_id == branch.id, Voucher.booked_on == day)
    )
    return [DayEntry(*row) for row in session.execute(rows.order_by(Voucher.at, Voucher.id))]
