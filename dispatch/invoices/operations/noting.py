"""The number that a technician notes on site (P9), or the desk for him: whose invoice it is, found or made.

Facts from the field are never refused for it: a number that cannot be right is kept as a doubt, which he and finance see.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound, Refusal, RuleBroken
from dispatch.fees.models import Receipt
from dispatch.fees.operations.locking import locked_order_of
from dispatch.fees.rules import tidy_number, yuan
from dispatch.invoices.models import Invoice, InvoiceDoubt
from dispatch.invoices.operations.issuing import issue_locked
from dispatch.invoices.operations.moves import add_lines, hold_number, in_use, make_findable, new_invoice, number_given
from dispatch.invoices.operations.spreading import put_beside, share_left
from dispatch.invoices.queries import invoices_of, kept_of, order_ids_of, receipts_numbered, rests_of
from dispatch.invoices.rules import Amounts, lines_over, shown_number
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor
from dispatch.words import Text, say, text_to_json


def note_on_site(session: Session, receipt: Receipt, number: str | None, *, by: Actor, at: datetime) -> None:
    """Note the invoice of money that was just taken. A number that cannot be its invoice's is kept as a doubt.

    Without a number it is the invoice that is there for it already, if there is one.
    """
    if not tidy_number(number or ""):
        _link(session, receipt, by=by, at=at)
        return
    try:
        with session.begin_nested():
            note_number(session, receipt.id, number or "", by=by, at=at)
    except Refusal as refusal:
        _doubt(session, receipt, number or "", _told(refusal), by=by, at=at)


def _told(refusal: Refusal) -> Text:
    return next(iter(refusal.fields.values())) if isinstance(refusal, Invalid) else refusal.text


def _doubt(session: Session, receipt: Receipt, number: str, told: Text, *, by: Actor, at: datetime) -> None:
    row = InvoiceDoubt(receipt_id=receipt.id, order_id=receipt.order_id, number=tidy_number(number), told=text_to_json(told))
    row.by_id, row.by_name, row.at = by.id, by.name, at
    session.add(row)
    detail = {"receipt": receipt.number, "invoice": row.number, "why": text_to_json(told)}
    record(session, ("order", receipt.order_id), "invoice.doubt", by=by, at=at, detail=detail)


def note_number(session: Session, receipt_id: int, number: str, *, by: Actor, at: datetime) -> Invoice:
    """Note the number of the invoice for a receipt, or mend it. The same again is harmless.

    Raises Invalid for the number of another order's invoice, RuleBroken for money that was given back or is invoiced already.
    """
    by.must("fee.take")
    receipt, order = _locked(session, receipt_id, by)
    tidy = number_given(number)
    known = hold_number(session, tidy)
    if known is not None and receipt.invoice_number == tidy:
        return known
    kept = kept_of(session, receipt)
    if receipt.refunds_id is not None or kept <= 0:
        raise RuleBroken(say("This money was given back: there is nothing to invoice."))
    if receipt.invoice_number is not None:
        return _mended(session, receipt, order, tidy, known, by=by, at=at)
    made = _joined(session, known, order, kept) if known else _made(session, order, kept, tidy, by=by, at=at)
    put_beside(session, receipt, tidy, by=by, at=at)
    return made


def _locked(session: Session, receipt_id: int, by: Actor) -> tuple[Receipt, Order]:
    """A receipt of an order the person may see, the order locked. Raises NotFound."""
    order = locked_order_of(session, Receipt, receipt_id, by)
    return session.get_one(Receipt, receipt_id, populate_existing=True), order


def _made(session: Session, order: Order, kept: Decimal, number: str, *, by: Actor, at: datetime) -> Invoice:
    """What was asked for of this order alone is issued by it; else it is a new invoice over the money."""
    for asked in invoices_of(session, order.id):
        alone = asked.red_of_id is None and order_ids_of(session, asked.id) == [order.id]
        if asked.state == "requested" and alone and asked.gross >= kept and _stays_here(session, asked):
            return issue_locked(session, asked, [], number=number, by=by, at=at, step="note")
    lines = _lines(session, order, kept)
    facts: dict[str, Any] = {
        "customer_id": order.customer_id,
        "origin": "site",
        "kind": "ordinary",
        "medium": "electronic",
        "number": number,
    }
    asked_by: dict[str, Any] = {
        "asked_by_id": by.id,
        "asked_by_name": by.name,
        "asked_at": at,
        "issued_by_name": by.name,
        "issued_at": at,
    }
    made = new_invoice(session, order.branch_id, lines, state="issued", **facts, **asked_by)
    detail = {"number": number, "amount": str(made.gross), "orders": [order.number]}
    record(session, ("invoice", made.id), "invoice.note", by=by, at=at, detail=detail)
    return made


def _stays_here(session: Session, asked: Invoice) -> bool:
    """Whether the provider has not been asked for it: the worker may be about to, so its row is locked first."""
    locked = session.get_one(Invoice, asked.id, with_for_update=True, populate_existing=True)
    return locked.provider_state != "asked"


def _lines(session: Session, order: Order, amount: Decimal) -> list[Amounts]:
    """Lines over money of an order. Raises RuleBroken where other invoices are for it already."""
    lines = lines_over(rests_of(session, [order.id]), amount)
    if lines is not None:
        return lines
    others = [one for one in invoices_of(session, order.id) if one.state in ("requested", "issued")]
    first = others[0] if others else None
    told = {"amount": yuan(amount), "number": shown_number(first.number or first.request_number) if first else "-"}
    raise RuleBroken(say("%(amount)s of this order is invoiced already, by %(number)s. Please look again.", **told))


def _joined(session: Session, known: Invoice, order: Order, kept: Decimal) -> Invoice:
    """The same invoice is for further money of its order; one that was noted on site grows by it."""
    known = session.get_one(Invoice, known.id, with_for_update=True, populate_existing=True)
    orders = order_ids_of(session, known.id)
    if known.state != "issued" or known.red_of_id is not None or order.id not in orders:
        raise Invalid({"invoice_number": in_use(session, known)})
    missing = kept - share_left(session, known, order.id)
    if missing > 0 and (known.origin != "site" or orders != [order.id]):
        told = {"number": shown_number(known.number or ""), "amount": yuan(known.gross)}
        raise RuleBroken(say("Invoice %(number)s is over %(amount)s only: this money needs another one.", **told))
    if missing > 0:
        add_lines(known, _lines(session, order, missing), {})
        session.flush()
    return known


def _mended(
    session: Session, receipt: Receipt, order: Order, number: str, known: Invoice | None, *, by: Actor, at: datetime
) -> Invoice:
    """A number that was mistyped: the invoice that was noted for this receipt alone gets the right one."""
    before = receipt.invoice_number or ""
    wrong = hold_number(session, before)
    if known is not None:
        raise Invalid({"invoice_number": in_use(session, known)})
    alone = wrong is not None and list(receipts_numbered(session, order.id, before)) == [receipt.id]
    if wrong is None or not alone or wrong.origin != "site" or wrong.state != "issued":
        raise Conflict(say("%(number)s is an invoice of its own: finance makes it void first, or red-letters it.", number=before))
    wrong.number = number
    make_findable(wrong)
    put_beside(session, receipt, number, by=by, at=at)
    record(session, ("invoice", wrong.id), "invoice.mend", by=by, at=at, detail={"before": before, "number": number})
    return wrong


def _link(session: Session, receipt: Receipt, *, by: Actor, at: datetime) -> None:
    """Money that comes after its invoice: the invoice's number stands beside it, too."""
    for one in invoices_of(session, receipt.order_id):
        issued = one.state == "issued" and one.red_of_id is None
        if issued and share_left(session, one, receipt.order_id) >= receipt.amount:
            put_beside(session, receipt, one.number, by=by, at=at)
            return


def set_aside(session: Session, doubt_id: int, *, reason: str, by: Actor, at: datetime) -> InvoiceDoubt:
    """Let a number in doubt go, for a reason: what was noted stays on record."""
    by.must("invoice.issue")
    row = session.get(InvoiceDoubt, doubt_id, with_for_update=True, populate_existing=True)
    if row is None or not session.scalar(sa.select(Order.id).where(Order.id == row.order_id, visible(by))):
        raise NotFound
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    if row.settled_at is None:
        row.settled_at, row.settled_by_name, row.reason = at, by.name, reason.strip()
        detail = {"invoice": row.number, "reason": row.reason}
        record(session, ("invoice_doubt", row.id), "doubt.set_aside", by=by, at=at, detail=detail)
    return row
