"""Reading invoices: one, those of an order, what is left to be invoiced or red-lettered, buyers, tax codes, files, doubts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from dispatch.errors import NotFound
from dispatch.fees.models import Charge, Receipt
from dispatch.invoices.lifecycle import LIVE
from dispatch.invoices.models import Invoice, InvoiceBuyer, InvoiceDoubt, InvoiceFile, InvoiceLine, InvoiceTaxCode
from dispatch.invoices.rules import ZERO, Amounts, Item, Rest
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor

MOST_BUYERS = 20


def takes_up() -> sa.ColumnElement[bool]:
    """SQL: an invoice whose lines count against what is charged; a red one only once it is issued."""
    return sa.and_(Invoice.state.in_(LIVE), sa.or_(Invoice.red_of_id.is_(None), Invoice.state == "issued"))


def invoice_visible(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: the invoices a person may see: his branch's, or all; a technician those of orders he visits."""
    if by.may("branches.all") and by.may("invoice.see"):
        return sa.true()
    if by.may("invoice.see"):
        return Invoice.branch_id == by.branch_id
    if not by.may("invoice.ask"):
        return sa.false()
    mine = sa.select(InvoiceLine.id).join(Order, Order.id == InvoiceLine.order_id)
    return sa.exists(mine.where(InvoiceLine.invoice_id == Invoice.id, visible(by)).correlate(Invoice))


def invoice_seen(session: Session, invoice_id: int, by: Actor) -> Invoice:
    """One that somebody may see. Raises NotFound."""
    found = session.scalar(sa.select(Invoice).where(Invoice.id == invoice_id, invoice_visible(by)))
    if found is None:
        raise NotFound
    return found


def invoice_numbered(session: Session, number: str) -> Invoice | None:
    """The invoice that bears a number and was not made void."""
    return session.scalar(sa.select(Invoice).where(Invoice.number == number, Invoice.state != "void"))


def invoices_of(session: Session, order_id: int) -> Sequence[Invoice]:
    """Every invoice with a line for an order, as they were asked for."""
    mine = sa.exists().where(InvoiceLine.invoice_id == Invoice.id, InvoiceLine.order_id == order_id)
    return session.scalars(sa.select(Invoice).where(mine).order_by(Invoice.id)).all()


def order_ids_of(session: Session, invoice_id: int) -> list[int]:
    """The orders on an invoice."""
    mine = sa.select(InvoiceLine.order_id).where(InvoiceLine.invoice_id == invoice_id).distinct()
    return list(session.scalars(mine.order_by(InvoiceLine.order_id)))


def orders_of(session: Session, invoice_id: int) -> dict[int, str]:
    """The orders on an invoice: id -> number."""
    mine = sa.exists().where(InvoiceLine.order_id == Order.id, InvoiceLine.invoice_id == invoice_id)
    return dict(session.execute(sa.select(Order.id, Order.number).where(mine).order_by(Order.id)).all())


def reds_of(session: Session, invoice_id: int) -> Sequence[Invoice]:
    """The invoices that red-letter one, issued or still asked for."""
    mine = sa.select(Invoice).where(Invoice.red_of_id == invoice_id, Invoice.state.in_(LIVE))
    return session.scalars(mine.order_by(Invoice.id)).all()


# --- what is left


def rests_of(session: Session, order_ids: Collection[int]) -> list[Rest]:
    """What of the orders' charges is on no invoice, item by item as they were charged first."""
    c = Charge
    key = (c.order_id, c.code, c.unit_price, c.tax_rate)
    ever = sa.func.sum(c.amount).filter(c.reverses_id.is_(None))
    query = sa.select(*key, sa.func.min(c.name), sa.func.sum(c.amount), ever).where(c.order_id.in_(order_ids)).group_by(*key)
    taken = _taken(session, order_ids)
    rests = []
    for row in session.execute(query.having(ever > 0).order_by(c.order_id, sa.func.min(c.id))):
        item, (name, standing, most) = Item(*row[:4]), row[4:]
        used = taken.get(item, ZERO)
        rests.append(Rest(item, name, standing - used, most - used))
    return rests


def _taken(session: Session, order_ids: Collection[int]) -> dict[Item, Decimal]:
    line = InvoiceLine
    key = (line.order_id, line.code, line.unit_price, line.tax_rate)
    query = sa.select(*key, sa.func.sum(line.gross)).join(Invoice, Invoice.id == line.invoice_id)
    rows = session.execute(query.where(line.order_id.in_(order_ids), takes_up()).group_by(*key))
    return {Item(*row[:4]): row[4] for row in rows}


def lines_left(session: Session, invoice_id: int) -> list[Amounts]:
    """What is left of an invoice's lines after what was red-lettered, or is about to be."""
    line, of = InvoiceLine, aliased(Invoice)
    key = (line.order_id, line.code, line.unit_price, line.tax_rate)
    sums = (sa.func.min(line.name), sa.func.sum(line.gross), sa.func.sum(line.net), sa.func.sum(line.tax))
    query = sa.select(*key, *sums).join(of, of.id == line.invoice_id)
    mine = sa.or_(of.id == invoice_id, sa.and_(of.red_of_id == invoice_id, of.state.in_(LIVE)))
    rows = session.execute(query.where(mine).group_by(*key).order_by(sa.func.min(line.id)))
    return [Amounts(Item(*row[:4]), *row[4:]) for row in rows if row[5]]


def rest_of(session: Session, invoice_id: int) -> Decimal:
    """How much of an invoice is not red-lettered, nor about to be."""
    return sum((one.gross for one in lines_left(session, invoice_id)), ZERO)


def kept_of(session: Session, receipt: Receipt) -> Decimal:
    """How much of a receipt was not given back."""
    back = session.scalar(sa.select(sa.func.sum(Receipt.amount)).where(Receipt.refunds_id == receipt.id))
    return receipt.amount + Decimal(back or 0)


def receipts_numbered(session: Session, order_id: int, number: str) -> dict[int, Decimal]:
    """The receipts of an order that bear an invoice's number: id -> how much of it was kept."""
    return _kept(session, order_id, Receipt.invoice_number == number)


def receipts_without(session: Session, order_id: int) -> dict[int, Decimal]:
    """The receipts of an order that bear none and of which something was kept, the oldest first."""
    found = _kept(session, order_id, Receipt.invoice_number.is_(None))
    return {id_: kept for id_, kept in found.items() if kept > 0}


def _kept(session: Session, order_id: int, which: sa.ColumnElement[bool]) -> dict[int, Decimal]:
    back = aliased(Receipt)
    given = sa.func.coalesce(sa.select(sa.func.sum(back.amount)).where(back.refunds_id == Receipt.id).scalar_subquery(), 0)
    mine = sa.select(Receipt.id, Receipt.amount + given).where(Receipt.order_id == order_id, Receipt.amount > 0, which)
    return dict(session.execute(mine.order_by(Receipt.id)).all())


# --- buyers, tax codes, files, doubts


def buyers_of(session: Session, customer_id: int) -> Sequence[InvoiceBuyer]:
    """Whom a customer had invoices made out to, the last one first."""
    mine = sa.select(InvoiceBuyer).where(InvoiceBuyer.customer_id == customer_id)
    return session.scalars(mine.order_by(InvoiceBuyer.used_at.desc(), InvoiceBuyer.id.desc()).limit(MOST_BUYERS)).all()


def tax_codes_on(session: Session, day: date) -> dict[str, str]:
    """The tax classifications that count on a day, by code of the price list or by category."""
    newest = sa.select(InvoiceTaxCode).where(InvoiceTaxCode.valid_from <= day)
    newest = newest.order_by(InvoiceTaxCode.subject, InvoiceTaxCode.valid_from.desc()).ext(distinct_on(InvoiceTaxCode.subject))
    return {row.subject: row.tax_code for row in session.scalars(newest)}


def tax_codes(session: Session) -> Sequence[InvoiceTaxCode]:
    """Every tax classification that was ever set, the latest first."""
    return session.scalars(sa.select(InvoiceTaxCode).order_by(InvoiceTaxCode.valid_from.desc(), InvoiceTaxCode.subject)).all()


def categories_of(session: Session, order_ids: Collection[int]) -> Mapping[str, str]:
    """The category of each code that is charged on the orders."""
    rows = sa.select(Charge.code, sa.func.min(Charge.category)).where(Charge.order_id.in_(order_ids)).group_by(Charge.code)
    return dict(session.execute(rows).all())


def files_of(session: Session, invoice_id: int) -> Sequence[InvoiceFile]:
    """The files of an invoice, as they came."""
    return session.scalars(sa.select(InvoiceFile).where(InvoiceFile.invoice_id == invoice_id).order_by(InvoiceFile.id)).all()


@dataclass(frozen=True)
class Doubt:
    """A number in doubt, its receipt and order."""

    row: InvoiceDoubt
    receipt: str
    order: str

    @property
    def told(self) -> dict[str, Any]:
        """Why it is in doubt."""
        return self.row.told


def open_doubts(session: Session, order_id: int) -> Sequence[InvoiceDoubt]:
    """The numbers of an order that are in doubt."""
    mine = sa.select(InvoiceDoubt).where(InvoiceDoubt.order_id == order_id, InvoiceDoubt.settled_at.is_(None))
    return session.scalars(mine.order_by(InvoiceDoubt.id)).all()


def to_ask_again(session: Session, at: datetime) -> list[int]:
    """Invoices about which the provider is to be asked now."""
    due = (Invoice.provider_state.in_(("waiting", "asked")), Invoice.provider_next_at <= at, Invoice.state == "requested")
    return list(session.scalars(sa.select(Invoice.id).where(*due).order_by(Invoice.id)))
