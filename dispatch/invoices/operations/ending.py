"""What ends an invoice without a red one: the request is refused or withdrawn, or what was noted is made void (作废)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import NotAllowed, RuleBroken
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations.moves import locked, move, tell
from dispatch.invoices.operations.spreading import clear
from dispatch.invoices.queries import reds_of
from dispatch.staff.rules import Actor
from dispatch.words import say

AT_PROVIDER = say("The provider was asked to issue it already. Wait for its answer, or red-letter it then.")


def refuse(session: Session, invoice_id: int, *, reason: str, by: Actor, at: datetime) -> Invoice:
    """Refuse a request, for a reason that whoever asked reads."""
    by.must("invoice.issue")
    invoice, _ = locked(session, invoice_id, by)
    _check_not_sent(invoice)
    move(session, invoice, "refuse", by=by, at=at, reason=reason)
    return invoice


def withdraw(session: Session, invoice_id: int, *, by: Actor, at: datetime) -> Invoice:
    """Withdraw a request: his own, or anybody's by who issues invoices."""
    by.must("invoice.ask")
    invoice, _ = locked(session, invoice_id, by)
    if invoice.asked_by_id != by.id and not by.may("invoice.issue"):
        raise NotAllowed(say("Whoever asked for it withdraws it, or finance."))
    _check_not_sent(invoice)
    move(session, invoice, "withdraw", by=by, at=at)
    return invoice


def _check_not_sent(invoice: Invoice) -> None:
    if invoice.provider_state == "asked":
        raise RuleBroken(AT_PROVIDER)


def make_void(session: Session, invoice_id: int, *, reason: str, by: Actor, at: datetime) -> Invoice:
    """Make an invoice void: it was noted by mistake, or taken back on the spot. Its number and its charges are free again.

    Raises RuleBroken for one of which something is red-lettered, or that is a red one itself.
    """
    by.must("invoice.issue")
    invoice, orders = locked(session, invoice_id, by)
    if invoice.red_of_id is not None or reds_of(session, invoice.id):
        raise RuleBroken(say("What is red-lettered, in whole or in part, cannot be made void."))
    if invoice.provider_state == "done":
        raise RuleBroken(say("The provider issued it: it can be red-lettered, not made void."))
    move(session, invoice, "void", by=by, at=at, reason=reason, detail={"number": invoice.number})
    tell(session, [order for order in orders.values() if clear(session, invoice, order, by=by, at=at)], at=at)
    return invoice
