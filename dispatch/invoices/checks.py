"""Proving invoices: lines add up, nothing is invoiced that was not charged, no red one is too large, and the numbers fit."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.fees.models import Charge, Receipt
from dispatch.invoices.models import Invoice, InvoiceLine
from dispatch.invoices.queries import takes_up
from dispatch.orders.models import Order
from dispatch.words import Text, say

_red = aliased(Invoice)


def broken_invoices(session: Session) -> Iterator[Text]:
    """One sentence for each invoice or order with which something is wrong."""
    yield from _wrong_sums(session)
    yield from _too_much(session)
    yield from _wrong_reds(session)
    yield from _wrong_numbers(session)


def _wrong_sums(session: Session) -> Iterator[Text]:
    line, of = InvoiceLine, Invoice
    same = [sa.func.coalesce(sa.func.sum(getattr(line, name)), 0) == getattr(of, name) for name in ("gross", "net", "tax")]
    query = sa.select(of.request_number).outerjoin(line, line.invoice_id == of.id).group_by(of.id).order_by(of.id)
    for number in session.scalars(query.having(~sa.and_(*same))):
        yield say("The lines of invoice %(number)s come to another sum", number=number)


def _too_much(session: Session) -> Iterator[Text]:
    """Items of which more is invoiced than was ever charged."""
    line, c = InvoiceLine, Charge
    key = (line.order_id, line.code, line.unit_price, line.tax_rate)
    taken = sa.select(*key, sa.func.sum(line.gross).label("taken")).join(Invoice, Invoice.id == line.invoice_id)
    taken_by = taken.where(takes_up()).group_by(*key).subquery()
    ever = sa.func.coalesce(
        sa.select(sa.func.sum(c.amount))
        .where(
            c.order_id == taken_by.c.order_id,
            c.code == taken_by.c.code,
            c.unit_price == taken_by.c.unit_price,
            c.tax_rate == taken_by.c.tax_rate,
            c.reverses_id.is_(None),
        )
        .scalar_subquery(),
        0,
    )
    query = sa.select(Order.number, taken_by.c.code).join(taken_by, taken_by.c.order_id == Order.id)
    for number, code in session.execute(query.where(taken_by.c.taken > ever).order_by(Order.id, taken_by.c.code)):
        yield say("More of %(code)s is invoiced on order %(number)s than was ever charged", code=code, number=number)


def _wrong_reds(session: Session) -> Iterator[Text]:
    """Red ones that come to more than their original, and originals that are called red-lettered with something left, or not."""
    issued = sa.func.coalesce(sa.func.sum(_red.gross).filter(_red.state == "issued"), 0)
    rest = Invoice.gross + issued
    query = sa.select(Invoice.request_number).outerjoin(_red, _red.red_of_id == Invoice.id).group_by(Invoice.id)
    wrong = sa.or_(rest < 0, (rest == 0) != (Invoice.state == "red_lettered"))
    for number in session.scalars(query.where(Invoice.red_of_id.is_(None)).having(wrong).order_by(Invoice.id)):
        yield say("The red-letter invoices of %(number)s do not fit it", number=number)


def _wrong_numbers(session: Session) -> Iterator[Text]:
    """Numbers beside receipts that are no invoice of their order."""
    on_it = sa.exists().where(InvoiceLine.invoice_id == Invoice.id, InvoiceLine.order_id == Receipt.order_id)
    there = sa.exists().where(Invoice.number == Receipt.invoice_number, Invoice.state != "void", on_it)
    query = sa.select(Receipt.number, Receipt.invoice_number).where(Receipt.invoice_number.is_not(None), ~there)
    for receipt, number in session.execute(query.order_by(Receipt.id)):
        yield say("Receipt %(receipt)s bears %(number)s, which is no invoice of its order", receipt=receipt, number=number)
