"""What finance looks at: expected, collected and received by branch and day; receipts of a day; what channels still owe us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

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
from dispatch.orders.models import Order
from dispatch.staff.models import Branch

ZERO = Decimal("0.00")
Figures = sa.Select[*tuple[Any, ...]]
TO_MATCH = ("wechat", "alipay", "transfer")


@dataclass(frozen=True)
class DayRow:
    """Money of one branch and day, by the day on which it was charged or taken, in yuan."""

    branch: str
    day: date
    charged: Decimal
    on_account: Decimal
    collected: Decimal
    channels: Decimal
    received: Decimal

    @property
    def expected(self) -> Decimal:
        """What should have been collected: charged, less what goes on account."""
        return self.charged - self.on_account

    @property
    def missing(self) -> Decimal:
        """Expected and not collected; below zero: collected too much, or for an earlier day."""
        return self.expected - self.collected

    @property
    def in_hands(self) -> Decimal:
        """Cash collected that is not at the cash desk."""
        return self.collected - self.channels - self.received

    @property
    def differs(self) -> bool:
        """Whether somebody should look at it."""
        return bool(self.missing or self.in_hands)


def day_rows(session: Session, *, branch_id: int | None, since: date, until: date) -> list[DayRow]:
    """Every branch and day with money on it, differences first, then the newest day."""
    charges, receipts = _charges(), _receipts()
    parts = sa.union_all(*(_within(part, branch_id, since, until) for part in (charges, receipts))).subquery()
    names = ("charged", "on_account", "collected", "channels", "received")
    sums = (sa.func.sum(parts.c[name]) for name in names)
    rows = sa.select(Branch.name, parts.c.day, *sums).join(parts, parts.c.branch_id == Branch.id)
    found = session.execute(rows.group_by(Branch.id, parts.c.day).order_by(parts.c.day.desc(), Branch.code)).all()
    days = [DayRow(name, day, *(Decimal(total).quantize(ZERO) for total in totals)) for name, day, *totals in found]
    return sorted(days, key=lambda row: not row.differs)


def _local_day(moment: sa.ColumnElement[datetime] | sa.orm.InstrumentedAttribute[datetime]) -> sa.ColumnElement[date]:
    return sa.cast(sa.func.timezone(Branch.zone, moment), sa.Date)


def _within(part: Figures, branch_id: int | None, since: date, until: date) -> Figures:
    day = part.selected_columns["day"]
    part = part.where(day.between(since, until))
    return part if branch_id is None else part.where(Branch.id == branch_id)


def _charges() -> Figures:
    nothing = [sa.literal(0).label(name) for name in ("on_account", "collected", "channels", "received")]
    day: list[Any] = [Branch.id.label("branch_id"), _local_day(Charge.at).label("day"), Charge.amount.label("charged")]
    joined = sa.select(*day, *nothing).select_from(Charge).join(Order, Charge.order_id == Order.id)
    return joined.join(Branch, Order.branch_id == Branch.id)


def _receipts() -> Figures:
    def of(*when: sa.ColumnElement[bool]) -> sa.ColumnElement[Decimal]:
        return sa.case((sa.and_(*when), Receipt.amount), else_=0)

    figures: list[Any] = [
        Branch.id.label("branch_id"),
        _local_day(Receipt.at).label("day"),
        sa.literal(0).label("charged"),
        of(Receipt.channel == "account").label("on_account"),
        of(Receipt.channel != "account").label("collected"),
        of(Receipt.channel.in_(TO_MATCH)).label("channels"),
        of(Receipt.channel == "cash", at_the_desk()).label("received"),
    ]
    return sa.select(*figures).select_from(Receipt).join(Branch, Receipt.branch_id == Branch.id)


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


def day_receipts(
    session: Session, *, branch: Branch, day: date, channel: str | None = None, person_id: int | None = None
) -> list[DayReceipt]:
    """The receipts and refunds of a branch on a day of its zone, in the order of their time."""
    start, end = _bounds(branch, day)
    rows = (
        sa.select(Receipt, Order.number, HandIn.id, HandIn.number, HandIn.status)
        .join(Order, Receipt.order_id == Order.id)
        .outerjoin(HandInReceipt, sa.and_(HandInReceipt.receipt_id == Receipt.id, HandInReceipt.live))
        .outerjoin(HandIn, HandIn.id == HandInReceipt.hand_in_id)
        .where(Receipt.branch_id == branch.id, Receipt.at >= start, Receipt.at < end)
    )
    rows = rows.where(Receipt.channel == channel) if channel else rows
    rows = rows.where(Receipt.by_id == person_id) if person_id else rows
    found = session.execute(rows.order_by(Receipt.at, Receipt.id))
    return [DayReceipt(receipt, order, id_, number or "", status or "") for receipt, order, id_, number, status in found]


def _bounds(branch: Branch, day: date) -> tuple[datetime, datetime]:
    """When a day of the branch's zone begins and ends."""
    zone = ZoneInfo(branch.zone)
    return datetime.combine(day, time(), zone), datetime.combine(day + timedelta(days=1), time(), zone)


@dataclass(frozen=True)
class DayEntry:
    """Something that finance settled or corrected on a day: its paper, why, and the amount (below zero: it went out)."""

    voucher: Voucher
    paper: str
    hand_in_id: int | None
    customer_id: int | None
    deposit_id: int | None
    reason: str
    amount: Decimal


def day_entries(session: Session, *, branch: Branch, day: date) -> list[DayEntry]:
    """What a branch's finance settled, corrected, banked or was paid on account on a day, in the order of its time."""
    start, end = _bounds(branch, day)
    came = sa.select(sa.func.sum(Posting.amount)).join(Account, Account.id == Posting.account_id)
    came = came.where(Posting.voucher_id == Voucher.id, Account.kind.in_(("cash_desk", "clearing", "written_off")))
    why = (HandInBack.reason, DifferenceSettlement.reason, AccountPayment.reason, AccountPayment.reference)
    rows = (
        sa.select(
            Voucher,
            sa.func.coalesce(HandIn.number, Receipt.number, BankDeposit.number),
            HandIn.id,
            Order.customer_id,
            sa.func.coalesce(BankDeposit.reverses_id, BankDeposit.id),
            sa.func.coalesce(*why, BankDeposit.reason, BankDeposit.slip, ""),
            sa.func.coalesce(came.scalar_subquery(), 0),
        )
        .outerjoin(HandInBack, HandInBack.id == Voucher.hand_in_back_id)
        .outerjoin(DifferenceSettlement, DifferenceSettlement.id == Voucher.difference_settlement_id)
        .outerjoin(AccountPayment, AccountPayment.id == Voucher.account_payment_id)
        .outerjoin(BankDeposit, BankDeposit.id == Voucher.bank_deposit_id)
        .outerjoin(HandIn, HandIn.id == sa.func.coalesce(HandInBack.hand_in_id, DifferenceSettlement.hand_in_id))
        .outerjoin(Receipt, Receipt.id == AccountPayment.receipt_id)
        .outerjoin(Order, Order.id == Receipt.order_id)
        .where(Voucher.kind.in_(AFTERWARDS), Voucher.branch_id == branch.id, Voucher.at >= start, Voucher.at < end)
    )
    return [DayEntry(*row) for row in session.execute(rows.order_by(Voucher.at, Voucher.id))]
