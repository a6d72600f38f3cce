"""What is still owed in money's papers before an order can be closed (P8, P9): payment, and decisions about it.

Whoever assigns visits asks for the cash in hand, too: that is told to orders here.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from dispatch.approvals.queries import requests_of_order
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.operations.cash_limits import check_cash
from dispatch.fees.parts import uncharged, unpriced
from dispatch.fees.queries import account_of
from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order
from dispatch.orders.operations.technicians import bars
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.checking import holds_back
from dispatch.words import Text, say

bars(check_cash)


@register_missing("finance", "prices")
def prices_missing(session: Session, order: Order) -> Iterator[Text]:
    """Units that were fitted and that the price list does not name."""
    if order.status == "done":
        yield from unpriced(session, order)
        yield from uncharged(session, order)


@register_missing("finance", "papers")
def money_papers_missing(session: Session, order: Order) -> Iterator[Text]:
    """What is missing of a finished order, naming who owes it."""
    if order.status != "done":
        return
    due = account_of(session, order.id).due
    if due > 0:
        yield say("The customer owes ¥%(amount)s: neither paid nor put on account.", amount=f"{due:,.2f}")
    elif due < 0:
        yield say("¥%(amount)s more was taken than is charged: give it back.", amount=f"{-due:,.2f}")


@register_missing("office", "approvals")
def favours_open(session: Session, order: Order) -> Iterator[Text]:
    """What was asked to be given away and is not decided yet, or approved and not given back."""
    if order.status != "done":
        return
    for request in requests_of_order(session, order.id):
        if request.state == "open":
            yield say("This waits for approval: %(what)s.", what=request.sentence)
        elif request.state == "approved":
            yield say("This is approved and not done yet: %(what)s.", what=request.sentence)


@holds_back
def cash_of_contractor(session: Session, offer: OutsideOffer) -> Text | None:
    """A contractor's worker hands in the customer's cash before his work is accepted."""
    held = sum(
        receipt.amount for receipt in receipts_in_hand(session, offer.worker_id or 0) if receipt.order_id == offer.order_id
    )
    if held <= 0:
        return None
    return say("He still has ¥%(amount)s of the customer's cash: he hands it in by his link.", amount=f"{held:,.2f}")
