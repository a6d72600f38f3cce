"""An invoice's number beside the receipts it is for: put there, and taken away again."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.fees.models import Receipt
from dispatch.invoices.models import Invoice, InvoiceDoubt, InvoiceLine
from dispatch.invoices.queries import receipts_numbered, receipts_without
from dispatch.invoices.rules import ZERO
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor


def put_beside(session: Session, receipt: Receipt, number: str | None, *, by: Actor, at: datetime) -> None:
    """Write the number beside a receipt (the order is locked); what was there before stays in the trail, doubts of it end."""
    detail = {"receipt": receipt.number, "invoice": number, "before": receipt.invoice_number}
    receipt.invoice_number = number
    session.flush()
    record(session, ("order", receipt.order_id), "invoice.note" if number else "invoice.forget", by=by, at=at, detail=detail)
    if number:
        mine = sa.update(InvoiceDoubt).where(InvoiceDoubt.receipt_id == receipt.id, InvoiceDoubt.settled_at.is_(None))
        session.execute(mine.values(settled_at=at, settled_by_name=by.name))


def spread(session: Session, invoice: Invoice, order: Order, *, by: Actor, at: datetime) -> bool:
    """Put the number of an issued invoice beside an order's receipts that have none, as far as it reaches, the oldest first."""
    assert invoice.number is not None
    left = share_left(session, invoice, order.id)
    done = False
    for receipt_id, kept in receipts_without(session, order.id).items():
        if kept <= left:
            put_beside(session, session.get_one(Receipt, receipt_id), invoice.number, by=by, at=at)
            left, done = left - kept, True
    return done


def share_left(session: Session, invoice: Invoice, order_id: int) -> Decimal:
    """How much of an invoice's share for an order is for no receipt yet."""
    of = sa.or_(Invoice.id == invoice.id, sa.and_(Invoice.red_of_id == invoice.id, Invoice.state == "issued"))
    query = sa.select(sa.func.sum(InvoiceLine.gross)).join(Invoice, Invoice.id == InvoiceLine.invoice_id)
    share = session.scalar(query.where(of, InvoiceLine.order_id == order_id)) or ZERO
    return share - sum(receipts_numbered(session, order_id, invoice.number or "").values(), ZERO)


def clear(session: Session, invoice: Invoice, order: Order, *, by: Actor, at: datetime) -> bool:
    """Take the number away from the receipts of which money was kept: it stands for nothing any more."""
    assert invoice.number is not None
    kept = [id_ for id_, amount in receipts_numbered(session, order.id, invoice.number).items() if amount > 0]
    for receipt_id in kept:
        put_beside(session, session.get_one(Receipt, receipt_id), None, by=by, at=at)
    return bool(kept)
