"""Lists of invoices, and of orders by what is wrong between charges, money and invoices: counted, sorted and paged in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
from dispatch.search import found_in
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


_RED = sa.or_(Invoice.red_of_id.is_not(None), Invoice.state == "red_lettered")
SORTED: dict[str, sa.ColumnElement[bool]] = {
    "queue": Invoice.state == "requested",
    "issued": sa.and_(Invoice.state == "issued", Invoice.red_of_id.is_(None)),
    "red": sa.and_(Invoice.state.in_(("issued", "red_lettered")), _RED),
    "ended": Invoice.state.in_(("refused", "withdrawn", "void")),
}
"""SQL: the invoices of each sort of WHICH."""


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
    sort = sa.case(*((condition, name) for name, condition in SORTED.items()))
    grouped = sa.select(sort, sa.func.count()).where(*where).group_by(sort)
    counts: dict[str, int] = dict(session.execute(grouped).all())
    ids = sa.select(Invoice.id).where(*where, *([SORTED[which]] if which else []))
    ids = ids.join(Customer, Customer.id == Invoice.customer_id) if cut.sort.removeprefix("-") == "customer" else ids
    leaf = cut.of(ids, INVOICE_SORTS).subquery()  # what a row shows is read of one page only
    rows = session.execute(_invoice_rows().join(leaf, leaf.c.id == Invoice.id).order_by(*cut.order(INVOICE_SORTS)))
    total = counts.get(which, 0) if which else sum(counts.values())
    return InvoicePage(Part([InvoiceRow(*row) for row in rows], cut.number, total), counts)


def _invoice_rows() -> sa.Select[Invoice, str, str, int]:
    mine = InvoiceLine.invoice_id == Invoice.id
    first = sa.select(sa.func.min(Order.number)).join(InvoiceLine, InvoiceLine.order_id == Order.id).where(mine)
    count = sa.select(sa.func.count(InvoiceLine.order_id.distinct())).where(mine)
    rows = sa.select(Invoice, Customer.name, first.scalar_subquery(), count.scalar_subquery())
    return rows.join(Customer, Customer.id == Invoice.customer_id)


def _matching(words: str) -> list[sa.ColumnElement[bool]]:
    """SQL: each word is part of a number, the title, or what one of its orders is found by."""
    found: list[sa.ColumnElement[bool]] = []
    for word in words.split():
        own = sa.select(Invoice.id).where(found_in(Invoice.search_text, word))
        on = sa.select(InvoiceLine.invoice_id).join(Order, Order.id == InvoiceLine.order_id)
        found.append(Invoice.id.in_(own.union(on.where(found_in(Order.search_text, word)))))
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


def _sum(amount: Any, *where: Any, joins: tuple[tuple[Any, Any], ...] = ()) -> sa.ColumnElement[Any]:
    """SQL: a sum of one order, nothing being nought."""
    query = sa.select(sa.func.coalesce(sa.func.sum(amount), 0))
    for target, on in joins:
        query = query.join(target, on)
    return query.where(*where).correlate(Order).scalar_subquery()


def _sums() -> sa.Select[*tuple[Any, ...]]:
    """SQL: what `Billing` needs, of each order."""
    back, line = aliased(Receipt), InvoiceLine
    mine, account = Receipt.order_id == Order.id, Receipt.channel == "account"
    paid = ((Receipt, Receipt.id == AccountPayment.receipt_id),)
    numbered = (Invoice, sa.and_(Invoice.number == back.invoice_number, Invoice.state != "void"))
    returned = ((back, back.id == Receipt.refunds_id), numbered)
    on = {"joins": ((Invoice, Invoice.id == line.invoice_id),)}
    issued, asked = (
        Invoice.state.in_(("issued", "red_lettered")),
        sa.and_(Invoice.state == "requested", Invoice.red_of_id.is_(None)),
    )
    return sa.select(
        Order.id.label("order_id"),
        _sum(Charge.amount, Charge.order_id == Order.id).label("charged"),
        _sum(Receipt.amount, mine, ~account).label("money"),
        _sum(AccountPayment.amount, mine, joins=paid).label("settled"),
        _sum(Receipt.amount, mine, account).label("entered"),
        _sum(line.gross, line.order_id == Order.id, issued, **on).label("invoiced"),
        _sum(line.gross, line.order_id == Order.id, asked, **on).label("asked"),
        _sum(-Receipt.amount, mine, Receipt.amount < 0, Receipt.recorded_at >= Invoice.issued_at, joins=returned).label("given"),
    )


def _candidates(which: str) -> sa.CompoundSelect[int]:
    """SQL: the few orders of which something can be wrong in one way; to add all of them up took seconds."""
    red = sa.select(InvoiceLine.order_id).where(InvoiceLine.gross < 0)
    without = sa.select(Receipt.order_id).where(Receipt.invoice_number.is_(None), Receipt.amount > 0)
    returned = sa.select(Receipt.order_id).where(Receipt.amount < 0)
    on_account = sa.select(Receipt.order_id).where(Receipt.channel == "account")
    asked = sa.select(InvoiceLine.order_id).join(Invoice, Invoice.id == InvoiceLine.invoice_id).where(Invoice.origin == "asked")
    let_off = sa.select(Charge.order_id).where(Charge.reverses_id.is_not(None))
    return {
        "unbilled": without.union(red),
        "account": without.union(red),
        "unpaid": returned.union(on_account, asked),
        "red": let_off.union(returned),
    }[which]


PARTS = ("charged", "received", "invoiced", "given_back", "on_account", "asked")


def _amounts(of: Any) -> dict[str, sa.ColumnElement[Any]]:
    """SQL: the parts of `Billing` and, by the names of BILLED, what it makes of them."""
    received, on_account = of.money + of.settled, of.entered - of.settled
    taken = of.invoiced + of.asked
    least, most = sa.func.least, sa.func.greatest
    return {
        "charged": of.charged,
        "received": received,
        "invoiced": of.invoiced,
        "given_back": of.given,
        "on_account": on_account,
        "asked": of.asked,
        "unbilled": received - taken,
        "account": least(on_account, of.charged - taken),
        "unpaid": least(of.invoiced, of.charged) - received,
        "red": most(of.invoiced - of.charged, least(of.invoiced - received - on_account, of.given)),
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
    few = _sums().where(visible(by), Order.id.in_(_candidates(which)))
    few = few if branch_id is None else few.where(Order.branch_id == branch_id)
    few = few if customer_id is None else few.where(Order.customer_id == customer_id)
    sums = few.cte("sums").prefix_with("MATERIALIZED")
    amounts = _amounts(sums.c)
    columns = (Order.id, Order.number, Customer.id, Customer.name, Order.received_at)
    query = sa.select(*columns, *(amounts[name] for name in PARTS), amounts[which].label("wrong"))
    query = query.join_from(sums, Order, Order.id == sums.c.order_id).join(Customer, Customer.id == Order.customer_id)
    query = query.where(amounts[which] > 0)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows = [_billed(row) for row in session.execute(cut.of(query, ORDER_SORTS))]
    return Part(rows, cut.number, total)


def _billed(row: Any) -> OrderBilling:
    return OrderBilling(row[0], row[1], row[2], row[3], row[4], Billing(*row[5:11]), row[11])


def billings_of(session: Session, order_ids: Collection[int]) -> dict[int, Billing]:
    """The sums of some orders, by id."""
    sums = _sums().where(Order.id.in_(order_ids)).subquery()
    amounts = _amounts(sums.c)
    rows = session.execute(sa.select(sums.c.order_id, *(amounts[name] for name in PARTS)))
    return {row[0]: Billing(*row[1:]) for row in rows}


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
