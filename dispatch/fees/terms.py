"""Who owes beyond his terms: something that went on account is open for longer than he may take to pay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Customer
from dispatch.fees.ledger_models import Account
from dispatch.fees.models import Receipt
from dispatch.fees.settling_models import AccountPayment
from dispatch.orders.models import Order

_usual = 30


def configure(days: int) -> None:
    """Take over the setting of this process: within how many days a customer pays of whom nothing else is said."""
    global _usual
    _usual = days


def usual_days() -> int:
    """Within how many days a customer pays of whom nothing else is said."""
    return _usual


def _late(at: datetime) -> tuple[sa.Select[int], sa.ColumnElement[Decimal]]:
    """Whose receipts on account are open for too long, one row for each, and what is open of it.

    The ledger's balance goes first: of most customers nothing is on account, so nothing has to be added up.
    """
    back = aliased(Receipt)
    given_back = sa.select(sa.func.sum(back.amount)).where(back.refunds_id == Receipt.id).scalar_subquery()
    paid = sa.select(sa.func.sum(AccountPayment.amount)).where(AccountPayment.receipt_id == Receipt.id).scalar_subquery()
    left = Receipt.amount + sa.func.coalesce(given_back, 0) - sa.func.coalesce(paid, 0)
    days = sa.cast(sa.func.coalesce(Customer.payment_days, _usual), sa.Integer)
    rows = (
        sa.select(Order.customer_id)
        .select_from(Account)
        .join(Customer, Customer.id == Account.customer_id)
        .join(Order, Order.customer_id == Customer.id)
        .join(Receipt, Receipt.order_id == Order.id)
        .where(Account.kind == "on_account", Account.balance > 0, Receipt.channel == "account", Receipt.amount > 0)
        .where(Receipt.at < sa.literal(at) - sa.func.make_interval(0, 0, 0, days), left > 0)
    )
    return rows, left


def late_payers(at: datetime) -> sa.Select[int]:
    """SQL: the customers who owe beyond their terms."""
    return _late(at)[0]


@dataclass(frozen=True)
class Overdue:
    """What a customer owes beyond his terms, since when the oldest of it is open, and within how many days he was to pay."""

    open: Decimal
    since: datetime
    days: int


def overdue(session: Session, customer_ids: Iterable[int], at: datetime) -> dict[int, Overdue]:
    """Customer -> what he owes beyond his terms, of those who do; one statement."""
    rows, left = _late(at)
    days = sa.func.coalesce(Customer.payment_days, _usual)
    sums = rows.add_columns(sa.func.sum(left), sa.func.min(Receipt.at), days).where(Customer.id.in_(list(customer_ids)))
    found = session.execute(sums.group_by(Order.customer_id, Customer.payment_days))
    return {customer_id: Overdue(amount, since, within) for customer_id, amount, since, within in found}


@dataclass(frozen=True)
class Owing:
    """What of a customer's is on account and not paid, and what of it is late."""

    unpaid: Decimal = Decimal(0)
    late: Overdue | None = None


def owing(session: Session, customer_id: int, at: datetime) -> Owing:
    """What a customer owes; one statement."""
    account = (Account.kind == "on_account", Account.customer_id == customer_id)
    balance = sa.select(sa.func.coalesce(sa.func.sum(Account.balance), 0)).where(*account).subquery("balance")
    rows, left = _late(at)
    days = sa.func.coalesce(Customer.payment_days, _usual).label("days")
    sums = rows.add_columns(sa.func.sum(left).label("open"), sa.func.min(Receipt.at).label("since"), days)
    late = sums.where(Customer.id == customer_id).group_by(Order.customer_id, Customer.payment_days).subquery("late")
    query = sa.select(balance.c[0], late.c.open, late.c.since, late.c.days).select_from(balance.outerjoin(late, sa.true()))
    unpaid, open_, since, within = session.execute(query).one()
    return Owing(unpaid, Overdue(open_, since, within) if since else None)
