"""The only writer of an invoice's state, and what all operations on invoices share.

Locks, in this order: the orders by id, the invoice, the number. Nobody who holds a number's lock waits for an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.rules import tidy_number
from dispatch.invoices.lifecycle import check_step
from dispatch.invoices.models import Invoice, InvoiceLine
from dispatch.invoices.queries import invoice_numbered, invoice_visible, order_ids_of
from dispatch.invoices.rules import Amounts, shown_number
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_orders
from dispatch.search import normalise
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_NUMBER = 40


class Listener(Protocol):
    """Something that follows when an invoice's number came to an order's receipts or left them, in the same transaction."""

    def __call__(self, session: Session, order: Order, *, at: datetime) -> object: ...


_listeners: list[Listener] = []


def on_number(listener: Listener) -> Listener:
    """Register a listener; the same one counts once."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(session: Session, orders: Sequence[Order], *, at: datetime) -> None:
    """The numbers beside the receipts of these orders are others now."""
    session.flush()
    for order in orders:
        for listener in _listeners:
            listener(session, order, at=at)


def locked(session: Session, invoice_id: int, by: Actor) -> tuple[Invoice, dict[int, Order]]:
    """An invoice and its orders under their locks. Raises NotFound for one that is not this person's to see."""
    found = session.scalar(sa.select(Invoice.id).where(Invoice.id == invoice_id, invoice_visible(by)))
    if found is None:
        raise NotFound
    return locked_anyway(session, invoice_id)


def locked_anyway(session: Session, invoice_id: int) -> tuple[Invoice, dict[int, Order]]:
    """The same for the worker, who sees all."""
    orders = locked_orders(session, order_ids_of(session, invoice_id))
    return session.get_one(Invoice, invoice_id, with_for_update=True, populate_existing=True), orders


def move(
    session: Session,
    invoice: Invoice,
    name: str,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take one row of the table. Raises Conflict when somebody was first, Invalid without the reason that it needs."""
    step = check_step(name, invoice.state)
    said = (reason or "").strip()
    if step.needs_reason and not said:
        raise Invalid({"reason": say("Please give a reason.")})
    invoice.state, invoice.provider_told = step.to, None
    if said and step.to != "red_lettered":
        invoice.reason = said
    if step.to == "issued":
        invoice.issued_by_name, invoice.issued_at = by.name, at
    session.flush()
    told = {**(detail or {}), **({"reason": said} if said else {})}
    record(session, ("invoice", invoice.id), f"invoice.{name}", by=by, at=at, detail=told)


def number_given(number: str | None) -> str:
    """A number without blanks. Raises Invalid."""
    tidy = tidy_number(number or "")
    if not tidy:
        raise Invalid({"invoice_number": say("Please fill this in.")})
    if len(tidy) > LONGEST_NUMBER:
        raise Invalid({"invoice_number": say("At most %(n)s characters, please.", n=LONGEST_NUMBER)})
    return tidy


def hold_number(session: Session, number: str) -> Invoice | None:
    """Let nobody else note this number until the transaction ends; the invoice that bears it already."""
    key = f"invoice:{number}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))
    return invoice_numbered(session, number)


def free_number(session: Session, number: str | None) -> str:
    """A number that is on no invoice, held. Raises Invalid, and RuleBroken for one that is."""
    tidy = number_given(number)
    taken = hold_number(session, tidy)
    if taken is not None:
        raise Invalid({"invoice_number": in_use(session, taken)})
    return tidy


def in_use(session: Session, taken: Invoice) -> Text:
    """That a number is another invoice's, and whose."""
    orders = sa.select(Order.number).where(Order.id.in_(order_ids_of(session, taken.id)[:1]))
    told = {"number": shown_number(taken.number or ""), "order": session.scalar(orders), "name": taken.asked_by_name}
    return say("%(number)s is on record already: the invoice of order %(order)s, by %(name)s. Please look again.", **told)


def new_invoice(
    session: Session, branch_id: int, lines: Sequence[Amounts], *, codes: dict[str, str] | None = None, **facts: Any
) -> Invoice:
    """An invoice over some lines, with our own number for it."""
    if not lines:
        raise RuleBroken(say("Nothing is left to be invoiced here."))
    sequence = sa.func.pg_get_serial_sequence("invoice", "id")
    id_ = session.scalar(sa.select(sa.func.nextval(sa.cast(sequence, sa.Text).op("::")(sa.text("regclass")))))
    assert id_ is not None
    number = f"FP{session.get_one(Branch, branch_id).code}{id_:06d}"
    made = Invoice(id=id_, request_number=number, branch_id=branch_id, gross=0, net=0, tax=0, **facts)
    add_lines(made, lines, codes or {})
    make_findable(made)
    session.add(made)
    session.flush()
    return made


def add_lines(made: Invoice, lines: Sequence[Amounts], codes: dict[str, str]) -> None:
    """Put lines on an invoice and add them up."""
    for one in lines:
        item = one.item
        facts = {"code": item.code, "unit_price": item.unit_price, "tax_rate": item.tax_rate, "tax_code": codes.get(item.code)}
        amounts = {"quantity": one.quantity, "gross": one.gross, "net": one.net, "tax": one.tax}
        made.lines.append(InvoiceLine(order_id=item.order_id, name=one.name, **facts, **amounts))
        made.gross, made.net, made.tax = made.gross + one.gross, made.net + one.net, made.tax + one.tax


def make_findable(made: Invoice) -> None:
    """What it is looked for by, besides its orders: its numbers and title."""
    made.search_text = normalise(made.request_number, made.number, made.title)


def check_same_customer(orders: Sequence[Order]) -> None:
    """Raises RuleBroken for orders of several customers on one invoice."""
    if len({order.customer_id for order in orders}) > 1:
        raise RuleBroken(say("One invoice is for one customer: these orders are of several."))
