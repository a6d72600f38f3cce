"""Asking for an invoice over what orders of a customer are charged and no invoice is for; the tax codes that its lines bear."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.fees.models import Price
from dispatch.fees.rules import CATEGORIES
from dispatch.invoices.models import Invoice, InvoiceBuyer, InvoiceTaxCode
from dispatch.invoices.operations.moves import check_same_customer, new_invoice
from dispatch.invoices.operations.providing import send_to_provider
from dispatch.invoices.queries import categories_of, rests_of, tax_codes_on
from dispatch.invoices.rules import Buyer, chosen_lines, lacking, read_tax_code, tax_code_for, tidy_title, whole_lines
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_orders
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

MOST_ORDERS = 200


def ask(
    session: Session,
    order_ids: Collection[int],
    buyer: Buyer,
    *,
    remark: str | None,
    key: uuid.UUID | None,
    chosen: Collection[str] | None = None,
    by: Actor,
    at: datetime,
) -> Invoice:
    """Ask for one invoice over all that is charged on the orders and on no invoice; the same `key` again answers with the first.

    `chosen` are the keys of the items that it is to be over, where that is not all (parts for one buyer, work for another).
    Raises NotFound for an order that is not this person's to see, RuleBroken for several customers or nothing left, Invalid for
    what the kind of invoice needs of its buyer.
    """
    by.must("invoice.ask")
    wrong = lacking(buyer) if tidy_title(buyer.title) else {"title": say("Please fill this in.")}
    if wrong:
        raise Invalid(wrong)
    orders = _locked(session, order_ids, by)
    first = session.scalar(sa.select(Invoice).where(Invoice.request_key == key)) if key else None
    if first is not None:
        return _same(first, orders)
    lines = chosen_lines(whole_lines(rests_of(session, [order.id for order in orders])), chosen)
    facts = asdict(buyer) | {"title": tidy_title(buyer.title), "remark": remark, "request_key": key}
    made = new_invoice(
        session,
        orders[0].branch_id,
        lines,
        codes=_codes(session, orders, at),
        customer_id=orders[0].customer_id,
        origin="asked",
        state="requested",
        asked_by_id=by.id,
        asked_by_name=by.name,
        asked_at=at,
        **facts,
    )
    _remember(session, made, at)
    detail = {"amount": str(made.gross), "title": made.title, "orders": [order.number for order in orders]}
    record(session, ("invoice", made.id), "invoice.ask", by=by, at=at, detail=detail)
    send_to_provider(session, made, at=at)
    return made


def _locked(session: Session, order_ids: Collection[int], by: Actor) -> Sequence[Order]:
    if not order_ids or len(order_ids) > MOST_ORDERS:
        raise Invalid({"order": say("Between 1 and %(most)s orders, please.", most=MOST_ORDERS)})
    seen = set(session.scalars(sa.select(Order.id).where(Order.id.in_(order_ids), visible(by))))
    if seen != set(order_ids):
        raise NotFound
    orders = list(locked_orders(session, seen).values())
    check_same_customer(orders)
    return orders


def _same(first: Invoice, orders: Sequence[Order]) -> Invoice:
    if first.customer_id != orders[0].customer_id:
        raise Conflict(say("This is asked for already."))
    return first


def _codes(session: Session, orders: Sequence[Order], at: datetime) -> dict[str, str]:
    """The tax classification of each thing that is charged, as it counts on this day."""
    known = tax_codes_on(session, local_day(at, orders[0].branch.zone))
    if not known:
        return {}
    found = categories_of(session, [order.id for order in orders])
    codes = {code: tax_code_for(known, code, category) for code, category in found.items()}
    return {code: value for code, value in codes.items() if value}


def _remember(session: Session, made: Invoice, at: datetime) -> None:
    """Keep the buyer for the customer's next invoice."""
    names = ("kind", "medium", "uscc", "address", "phone", "bank", "account", "send_to")
    facts = {name: getattr(made, name) for name in names} | {"used_at": at}
    row = insert(InvoiceBuyer).values(customer_id=made.customer_id, title=made.title, **facts)
    session.execute(row.on_conflict_do_update(index_elements=["customer_id", "title"], set_=facts))


def set_tax_code(session: Session, subject: str, tax_code: str, valid_from: date, *, by: Actor, at: datetime) -> InvoiceTaxCode:
    """Say which tax classification a thing has from a day on. Raises Invalid, Conflict where that day has one already."""
    by.must("invoice.issue")
    found = read_tax_code(tax_code)
    wrong: dict[str, Text] = {} if isinstance(found, str) else {"tax_code": found}
    if subject not in CATEGORIES and session.scalar(sa.select(Price.id).where(Price.code == subject).limit(1)) is None:
        wrong["subject"] = say("The price list has no such code.")
    if wrong:
        raise Invalid(wrong)
    row = InvoiceTaxCode(subject=subject, tax_code=str(found), valid_from=valid_from, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    session.flush()
    detail = {"subject": subject, "tax_code": row.tax_code, "from": valid_from.isoformat()}
    record(session, ("invoice_tax_code", row.id), "tax_code.set", by=by, at=at, detail=detail)
    return row
