"""The pages of invoices, with addresses out of the demonstration company."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.invoices.list_queries import BILLED, WHICH
from dispatch.invoices.models import Invoice, InvoiceLine
from dispatch.orders.models import Order

Pages = dict[str, tuple[str, str, str]]
"""Name -> endpoint, address and who opens it."""


def invoice_pages(session: Session) -> Pages:
    """The lists, an invoice in every state, and asking for one."""
    shown = {f"invoices, {which}": ("invoices.index", f"/invoices?which={which}", "qian") for which in (*WHICH, "all")}
    shown |= {
        f"orders and invoices, {which}": ("invoices.order_list", f"/invoices/orders?which={which}", "qian") for which in BILLED
    }
    for state, id_ in session.execute(sa.select(Invoice.state, sa.func.max(Invoice.id)).group_by(Invoice.state)):
        shown[f"an invoice, {state}"] = ("invoices.show", f"/invoices/{id_}", "qian")
    red = session.scalar(sa.select(sa.func.max(Invoice.id)).where(Invoice.red_of_id.is_not(None)))
    asked = sa.select(Order.customer_id).join(InvoiceLine, InvoiceLine.order_id == Order.id).order_by(InvoiceLine.id)
    free = sa.select(Order.number).join(Receipt, Receipt.order_id == Order.id).where(Receipt.invoice_number.is_(None))
    number = session.scalar(free.where(Receipt.amount > 0, Receipt.channel != "account").order_by(Receipt.id.desc()))
    return shown | {
        "a red invoice": ("invoices.show", f"/invoices/{red}", "wang"),
        "invoices of a customer": ("invoices.index", f"/invoices?which=all&customer={session.scalar(asked)}", "wang"),
        "numbers in doubt": ("invoices.doubt_list", "/invoices/doubts", "qian"),
        "tax codes": ("invoices.tax_code_list", "/invoices/tax-codes", "qian"),
        "asking for an invoice": ("invoices.new", f"/invoices/new?order={number}", "lin"),
    }
