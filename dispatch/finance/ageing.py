"""How old the money is that has not come yet: cash in hands, what is on account, charges that nobody has collected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.fees.account_queries import open_by_day
from dispatch.fees.ledger_queries import unconfirmed_cash
from dispatch.fees.models import Account, Charge, Receipt
from dispatch.finance.age_rules import Aged, aged
from dispatch.orders.models import Order
from dispatch.staff.models import Branch, Person


def cash_ages(session: Session, branch_id: int | None, today: date) -> Sequence[Aged]:
    """Who holds cash since when, by the receipts that finance has not counted."""
    held = unconfirmed_cash()
    day = _day(held.c.at)
    rows = (
        sa.select(Person.id, Person.name, day, sa.func.sum(held.c.amount))
        .join(held, held.c.person_id == Person.id)
        .join(Account, Account.id == held.c.account_id)
        .join(Branch, Branch.id == Person.branch_id)
        .where(Account.balance > 0)
        .group_by(Person.id, day)
    )
    return aged(_of(session, rows, Branch.id, branch_id), today)


def account_ages(session: Session, branch_id: int | None, today: date) -> Sequence[Aged]:
    """Who owes what went on account since when."""
    return aged(open_by_day(session, branch_id), today)


def charge_ages(session: Session, branch_id: int | None, today: date) -> Sequence[Aged]:
    """Orders on which more was charged than was taken, by the day of their first charge; `key` is the order's number."""
    owing = sa.select(Account.customer_id).where(Account.kind == "receivable", Account.balance > 0)
    mine = sa.select(Order.id).where(Order.customer_id.in_(owing))
    mine = mine if branch_id is None else mine.where(Order.branch_id == branch_id)
    charged = _sums(Charge.order_id, Charge.amount, Charge.at, mine)
    taken = _sums(Receipt.order_id, Receipt.amount, Receipt.at, mine)
    left = charged.c.sum - sa.func.coalesce(taken.c.sum, 0)
    name = Order.number + " · " + Customer.name
    rows = (
        sa.select(Order.number, name, _day(charged.c.at), left)
        .join(charged, charged.c.order_id == Order.id)
        .outerjoin(taken, taken.c.order_id == Order.id)
        .join(Customer, Customer.id == Order.customer_id)
        .join(Branch, Branch.id == Order.branch_id)
        .where(left > 0)
    )
    return aged([(key, text, day, amount) for key, text, day, amount in session.execute(rows)], today)


def _day(moment: Any) -> sa.ColumnElement[date]:
    """The branch's day of a moment."""
    return sa.cast(sa.func.timezone(Branch.zone, moment), sa.Date)


def _sums(order: Any, amount: Any, at: Any, mine: Any) -> sa.Subquery:
    rows = sa.select(order.label("order_id"), sa.func.sum(amount).label("sum"), sa.func.min(at).label("at"))
    return rows.where(order.in_(mine)).group_by(order).subquery()


def _of(session: Session, rows: Any, branch: Any, branch_id: int | None) -> list[tuple[Any, str, date, Decimal]]:
    found = session.execute(rows if branch_id is None else rows.where(branch == branch_id))
    return [(key, name, day, amount) for key, name, day, amount in found]
