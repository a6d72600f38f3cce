"""What customers have on account: who owes how much since when, by receipt, and what was paid of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.fees.ledger_models import Voucher
from dispatch.fees.models import Receipt
from dispatch.fees.settling_models import AccountPayment
from dispatch.orders.models import Order
from dispatch.staff.models import Branch


def _sums(column: Any, amount: Any) -> sa.Subquery:
    rows = sa.select(column.label("receipt_id"), sa.func.sum(amount).label("sum")).where(column.is_not(None))
    return rows.group_by(column).subquery()


def _open() -> tuple[sa.Select[Any], sa.ColumnElement[Decimal]]:
    """The receipts on account with their order, and what of each is neither given back nor paid."""
    back, paid = _sums(Receipt.refunds_id, Receipt.amount), _sums(AccountPayment.receipt_id, AccountPayment.amount)
    left = Receipt.amount + sa.func.coalesce(back.c.sum, 0) - sa.func.coalesce(paid.c.sum, 0)
    rows = (
        sa.select()
        .select_from(Receipt)
        .join(Order, Order.id == Receipt.order_id)
        .outerjoin(back, back.c.receipt_id == Receipt.id)
        .outerjoin(paid, paid.c.receipt_id == Receipt.id)
        .where(Receipt.channel == "account", Receipt.amount > 0, left > 0)
    )
    return rows, left


@dataclass(frozen=True)
class Debt:
    """What a customer has on account, of how many receipts, and since when the oldest is open."""

    customer_id: int
    name: str
    open: Decimal
    receipts: int
    since: datetime


def debts(session: Session, branch_id: int | None, limit: int = 50) -> list[Debt]:
    """The customers who owe something on account to one branch or all, who owes longest first."""
    rows, left = _open()
    since = sa.func.min(Receipt.at)
    figures = rows.add_columns(Customer.id, Customer.name, sa.func.sum(left), sa.func.count(), since)
    found = figures.join(Customer, Customer.id == Order.customer_id).group_by(Customer.id)
    found = found if branch_id is None else found.where(Receipt.branch_id == branch_id)
    return [Debt(*row) for row in session.execute(found.order_by(since, Customer.id).limit(limit))]


def open_by_day(session: Session, branch_id: int | None) -> list[tuple[int, str, date, Decimal]]:
    """What each customer has open of the receipts on account of a day: customer, name, the branch's day, amount."""
    rows, left = _open()
    day = sa.cast(sa.func.timezone(Branch.zone, Receipt.at), sa.Date)
    found = rows.add_columns(Customer.id, Customer.name, day, sa.func.sum(left)).join(Branch, Branch.id == Receipt.branch_id)
    found = found.join(Customer, Customer.id == Order.customer_id).group_by(Customer.id, day)
    found = found if branch_id is None else found.where(Receipt.branch_id == branch_id)
    return [(key, name, on, amount) for key, name, on, amount in session.execute(found)]


@dataclass(frozen=True)
class OpenReceipt:
    """A receipt on account, its order's number, and what of it is open."""

    receipt: Receipt
    order: str
    open: Decimal


def open_receipts(session: Session, customer_id: int, branch_id: int | None) -> list[OpenReceipt]:
    """The receipts of a customer that are not paid in full, the oldest first; of one branch or all."""
    rows, left = _open()
    found = rows.add_columns(Receipt, Order.number, left).where(Order.customer_id == customer_id)
    found = found if branch_id is None else found.where(Receipt.branch_id == branch_id)
    return [OpenReceipt(*row) for row in session.execute(found.order_by(Receipt.at, Receipt.id))]


@dataclass(frozen=True)
class Paid:
    """A payment of something on account, its receipt's and its voucher's number, and the row that took it back, if any."""

    row: AccountPayment
    receipt: str
    voucher: str
    back: AccountPayment | None


def payments_of(session: Session, customer_id: int, branch_id: int | None, limit: int = 100) -> list[Paid]:
    """What a customer has paid of what was on account, the newest first; of one branch or all."""
    rows = (
        sa.select(AccountPayment, Receipt.number, Voucher.number)
        .join(Receipt, Receipt.id == AccountPayment.receipt_id)
        .join(Order, Order.id == Receipt.order_id)
        .join(Voucher, Voucher.account_payment_id == AccountPayment.id)
        .where(Order.customer_id == customer_id)
    )
    rows = rows if branch_id is None else rows.where(Receipt.branch_id == branch_id)
    found = session.execute(rows.order_by(AccountPayment.id.desc()).limit(limit)).all()
    backs = {row.reverses_id: row for row, _, _ in found}
    return [Paid(row, receipt, voucher, backs.get(row.id)) for row, receipt, voucher in found if row.reverses_id is None]
