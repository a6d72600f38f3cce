"""Issuing what was asked for: its number is written down, and stands beside the receipts of its orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.fees.rules import tidy_number
from dispatch.invoices.lifecycle import check_step
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations.moves import free_number, locked, make_findable, move, tell
from dispatch.invoices.operations.reding import follow_original
from dispatch.invoices.operations.spreading import spread
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor


def issue(session: Session, invoice_id: int, *, number: str, by: Actor, at: datetime) -> Invoice:
    """Write down the number under which an invoice was issued. The same number again is harmless.

    Raises Invalid for a number of another invoice, Conflict when somebody was first.
    """
    by.must("invoice.issue")
    invoice, orders = locked(session, invoice_id, by)
    if invoice.state == "issued" and invoice.number == tidy_number(number):
        return invoice
    return issue_locked(session, invoice, orders.values(), number=number, by=by, at=at)


def issue_locked(
    session: Session, invoice: Invoice, orders: Iterable[Order], *, number: str, by: Actor, at: datetime, step: str = "issue"
) -> Invoice:
    """The same for an invoice that is locked with its orders; `step` is the row of the table."""
    check_step(step, invoice.state)
    invoice.number = free_number(session, number)
    make_findable(invoice)
    invoice.issued_by_name, invoice.issued_at = by.name, at
    move(session, invoice, step, by=by, at=at, detail={"number": invoice.number, "amount": str(invoice.gross)})
    if invoice.red_of_id is not None:
        follow_original(session, invoice.red_of_id, orders, by=by, at=at)
        return invoice
    tell(session, [order for order in orders if spread(session, invoice, order, by=by, at=at)], at=at)
    return invoice
