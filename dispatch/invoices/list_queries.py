"""Lists of invoices, and of orders by what is wrong between charges, money and invoices: counted, sorted and paged in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Customer
from dispatch.fees.models import AccountPayment, Charge, Receipt
from dispatch.invoices.models import Invoice, InvoiceDoubt, InvoiceLine
from dispatch.invoices.queries import Doubt, invoice_visible
from dispatch.invoices.rules import Billing
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

WHICH: dict[str, Text] = {
    "queue": say("Waiting to be issued"),
    "issued": say("Invoice issued"),
    "red": say("Red letters"),
    "ended": say("Refused, withdrawn, void"),
}
BILLED: dict[str, Text] = {
    "unbilled": say("Paid, not invoiced"),
    "account": say("On account, not invoiced"),
    "unpaid": say("Invoiced, not paid"),
    "red": say("Needs a red-letter invoice"),
}


# --- invoices


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice as a list shows it: its customer, its first order and how many it has."""

    row: Invoice
    customer: str
    order: str
    orders: int


@dataclass(frozen=True)
class InvoicePage:
    """One page of the list, and how many there are of each sort."""

    part: Part[InvoiceRow]
    counts: dict[str, int]


INVOICE_SORTS = {
    "age": (Invoice.asked_at, Invoice.id),
    "issued": (Invoice.issued_at, Invoice.id),
    "number": (Invoice.number, Invoice.id),
    "customer": (Customer.name, Invoice.id),
    "amount": (Invoice.gross, Invoice.id),
}


def _sort_of_invoice() -> sa.ColumnElement[str]:
    return sa.case(
        (Invoice.state == "requested", "queue"),
        (sa.or_(Invoice.red_of_id.is_not(None), Invoice.state == "red_lettered"), "red"),
        (Invoice.state == "issued", "issued"),
        else_="ended",
    )


def invoices_page(
    session: Session,
    by: Actor,
    which: str,
    *,
    words: str = "",
    branch_id: int | None = None,
    customer_id: int | None = None,
    cut: Cut = FIRST,
) -> InvoicePage:
    """A page of the invoices of one sort (of any where none is named) that somebody may see."""
    where = [invoice_visible(by), *_matching(words)]
    where += [] if branch_id is None else [Invoice.branch_id == branch_id]
    where += [] if customer_id is None else [Invoice.customer_id == customer_id]
    sort = _sort_of_invoice()
    grouped = sa.select(sort, sa.func.count()).join(Customer, Customer.id == Invoice.customer_id).where(*where).group_by(sort)
    counts: dict[str, int] = dict(session.execute(grouped).all())
    query = _invoice_rows().where(*where)
    rows = session.execute(cut.of(query.where(sort == which) if which else query, INVOICE_SORTS))
    total = counts.get(which, 0) if which else sum(counts.values())
    return InvoicePage(Part([InvoiceRow(*row) for row in rows], cut.number, total), counts)


def _invoice_rows() -> sa.Select[Invoice, str, str, int]:
    mine = InvoiceLine.invoice_id == Invoice.id
    first = sa.select(sa.func.min(Order.number)).join(InvoiceLine, InvoiceLine.order_id == Order.id).where(mine)
    count = sa.select(sa.func.count(InvoiceLine.order_id.distinct())).where(mine)
    rows = sa.select(Invoice, Customer.name, first.scalar_subquery(), count.scalar_subquery())
    return rows.join(Customer, Customer.id == Invoice.customer_id)


def _matching(words: str) -> list[sa.ColumnElement[bool]]:
    """SQL: each word is part of a number, the title or the customer's name, or an order's number."""
    found = []
    for word in words.split():
        named = (Invoice.number, Invoice.request_number, Invoice.title, Customer.name)
        on = sa.select(InvoiceLine.id).join(Order, Order.id == InvoiceLine.order_id)
        order = sa.exists(on.where(InvoiceLine.invoice_id == Invoice.id, Order.number.icontains(word, autoescape=True)))
        found.append(sa.or_(*(column.icontains(word, autoescape=True) for column in named), order.correlate(Invoice)))
    return found


# --- orders


@dataclass(frozen=True)
class OrderBilling:
    """An order, its customer, since when something is wrong with it, and its sums."""

    order_id: int
    number: str
    customer_id: int
    customer: str
    since: datetime
    billing: Billing
    amount: Decimal


def _sum(amount: Any, order_id: Any, *joins: Any) -> sa.Select[int, Decimal]:
    query = sa.select(order_id.label("order_id"), sa.func.sum(amount).label("amount"))
    for target, on in joins:
        query = query.join(target, on)
    return query.group_by(order_id)


def _sums() -> dict[str, sa.Subquery]:
    """SQL: what `Billing` needs of each order."""
    back, line, of = aliased(Receipt), InvoiceLine, (Invoice, Invoice.id == InvoiceLine.invoice_id)
    account = Receipt.channel == "account"
    paid = (Receipt, Receipt.id == AccountPayment.receipt_id)
    original = (back, back.id == Receipt.refunds_id)
    numbered = (Invoice, sa.and_(Invoice.number == back.invoice_number, Invoice.state != "void"))
    sums = {
        "charged": _sum(Charge.amount, Charge.order_id),
        "money": _sum(Receipt.amount, Receipt.order_id).where(~account),
        "settled": _sum(AccountPayment.amount, Receipt.order_id, paid),
        "entered": _sum(Receipt.amount, Receipt.order_id).where(account),
        "invoiced": _sum(line.gross, line.order_id, of).where(Invoice.state.in_(("issued", "red_lettered"))),
        "asked": _sum(line.gross, line.order_id, of).where(Invoice.state == "requested", Invoice.red_of_id.is_(None)),
        "given": _sum(-Receipt.amount, Receipt.order_id, original, numbered).where(Receipt.recorded_at >= Invoice.issued_at),
    }
    return {name: query.subquery(name) for name, query in sums.items()}


def _amounts(sums: dict[str, sa.Subquery]) -> dict[str, sa.ColumnElement[Any]]:
    """SQL: the parts of `Billing` and, by the names of BILLED, what it makes of them."""
    of = {name: sa.func.coalesce(each.c.amount, 0) for name, each in sums.items()}
    received, on_account = of["money"] + of["settled"], of["entered"] - of["settled"]
    taken = of["invoiced"] + of["asked"]
    parts = {"charged": of["charged"], "received": received, "invoiced": of["invoiced"], "given_back": of["given"]}
    least, most = sa.func.least, sa.func.greatest
    return {
        **parts,
        "on_account": on_account,
        "asked": of["asked"],
        "unbilled": received - taken,
        "account": least(on_account, of["charged"] - taken),
        "unpaid": least(of["invoiced"], of["charged"]) - received,
        "red": most(of["invoiced"] - of["charged"], least(of["invoiced"] - received - on_account, of["given"])),
    }


ORDER_SORTS = {
    "age": (Order.received_at, Order.id),
    "number": (Order.number, Order.id),
    "customer": (Customer.name, Order.id),
    "amount": (sa.literal_column("wrong"), Order.id),
}


def orders_page(
    session: Session,
    by: Actor,
    which: str,
    *,
    branch_id: int | None = None,
    customer_id: int | None = None,
    cut: Cut = FIRST,
) -> Part[OrderBilling]:
    """A page of the orders of which something is wrong in one way: a name of BILLED."""
    sums = _sums()
    amounts = _amounts(sums)
    columns = (Order.id, Order.number, Customer.id, Customer.name, Order.received_at)
    parts = [amounts[name] for name in ("charged", "received", "invoiced", "given_back", "on_account", "asked")]
    query = sa.select(*columns, *parts, amounts[which].label("wrong")).join(Customer, Customer.id == Order.customer_id)
    for each in sums.values():
        query = query.outerjoin(each, each.c.order_id == Order.id)
    query = query.where(visible(by), amounts[which] > 0)
    query = query if branch_id is None else query.where(Order.branch_id == branch_id)
    query = query if customer_id is None else query.where(Order.customer_id == customer_id)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows = [_billed(row) for row in session.execute(cut.of(query, ORDER_SORTS))]
    return Part(rows, cut.number, total)


def _billed(row: Any) -> OrderBilling:
    return OrderBilling(row[0], row[1], row[2], row[3], row[4], Billing(*row[5:11]), row[11])


def billing_of(session: Session, order_id: int) -> Billing:
    """The sums of one order."""
    sums = _sums()
    amounts = _amounts(sums)
    query = sa.select(*(amounts[name] for name in ("charged", "received", "invoiced", "given_back", "on_account", "asked")))
    query = query.select_from(Order)
    for each in sums.values():
        query = query.outerjoin(each, each.c.order_id == Order.id)
    return Billing(*session.execute(query.where(Order.id == order_id)).one())


# --- numbers in doubt

DOUBT_SORTS = {"age": (InvoiceDoubt.at, InvoiceDoubt.id), "number": (InvoiceDoubt.number, InvoiceDoubt.id)}


def doubts_page(session: Session, by: Actor, *, branch_id: int | None = None, cut: Cut = FIRST) -> Part[Doubt]:
    """A page of the numbers that are in doubt, the oldest first."""
    query = sa.select(InvoiceDoubt, Receipt.number, Order.number).join(Receipt, Receipt.id == InvoiceDoubt.receipt_id)
    query = query.join(Order, Order.id == InvoiceDoubt.order_id).where(InvoiceDoubt.settled_at.is_(None), visible(by))
    query = query if branch_id is None else query.where(Order.branch_id == branch_id)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    return Part([Doubt(*row) for row in session.execute(cut.of(query, DOUBT_SORTS))], cut.number, total)


def orders_by_number(session: Session, numbers: Sequence[str], by: Actor) -> dict[str, int]:
    """Number -> id of the orders that somebody may see."""
    query = sa.select(Order.number, Order.id).where(Order.number.in_(numbers), visible(by))
    return dict(session.execute(query).all())
