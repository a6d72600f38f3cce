"""What is still owed in invoices before an order can be closed (P8, P9): one for all money that was taken and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.fees.queries import receipts_of
from dispatch.invoices.models import InvoiceDoubt
from dispatch.invoices.queries import open_doubts
from dispatch.invoices.rules import shown_number
from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order
from dispatch.words import Text, say


@register_missing("finance", "papers")
def invoices_missing(session: Session, order: Order) -> Iterator[Text]:
    """The receipts of a finished order without an invoice, naming who owes it."""
    if order.status == "done":
        receipts = receipts_of(session, order.id)
        yield from invoices_owed(receipts, open_doubts(session, order.id) if without_invoice(receipts) else ())


def invoices_owed(receipts: Sequence[Receipt], doubts: Iterable[InvoiceDoubt] = ()) -> Iterator[Text]:
    """A sentence for each of an order's receipts whose invoice is not known, or whose number is in doubt."""
    noted = {row.receipt_id: row.number for row in doubts}
    for receipt in without_invoice(receipts):
        named = {"who": receipt.by_name, "number": receipt.number}
        if receipt.id in noted:
            told = say("%(who)s: %(invoice)s cannot be the invoice of receipt %(number)s.")
            yield say(told.msgid, **named, invoice=shown_number(noted[receipt.id]))
        else:
            yield say("%(who)s: receipt %(number)s has no invoice number.", **named)


def without_invoice(receipts: Sequence[Receipt]) -> list[Receipt]:
    """Receipts of money that was taken and kept, without an invoice. What goes on account is invoiced by the month."""
    back = {row.id: sum(other.amount for other in receipts if other.refunds_id == row.id) for row in receipts}
    taken = (row for row in receipts if row.amount > 0 and row.channel != "account" and row.amount + back[row.id] > 0)
    return [row for row in taken if not row.invoice_number]
