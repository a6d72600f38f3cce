"""The money of an order and the words of its customers under it, as the office sees them. Reads and view models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.queries import requests_of_order
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.queries import ChargeGroup, account_of, charge_groups, receipts_of, standing_charges
from dispatch.fees.rules import OrderAccount
from dispatch.field.models import Signature
from dispatch.field.summary import changed_parts
from dispatch.invoices.lifecycle import LIVE
from dispatch.invoices.models import Invoice, InvoiceDoubt
from dispatch.invoices.papers import without_invoice
from dispatch.invoices.queries import invoices_of, open_doubts
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.order_queries import lines_named
from dispatch.sheets.drawing import signature_svg
from dispatch.words import Text, listed

MOST_ROWS = 8
"""More charges than these are shown together, one row for the same thing."""


@dataclass(frozen=True)
class SignatureSeen:
    """A signature or refusal, drawn."""

    row: Signature
    drawing: Markup | None

    @property
    def changed(self) -> Text | str:
        """In what the summary that was shown is another than the record was when the signature came."""
        return listed(changed_parts(self.row.summary, self.row.summary_then or {}))

    @property
    def sums(self) -> tuple[Decimal, Decimal]:
        """What the customer was shown as the total, and what the record said."""
        return _total(self.row.summary), _total(self.row.summary_then or {})


@dataclass(frozen=True)
class ReceiptSeen:
    """Money taken or given back. `left` of what was taken can still be given back."""

    row: Receipt
    left: Decimal


@dataclass(frozen=True)
class Papers:
    """The money of one order and the words of its customers under it."""

    order: Order
    several: bool
    """Whether the order has several vehicles."""
    charges: Part[Charge]
    groups: Sequence[ChargeGroup]
    """The charges of many vehicles in few rows; none where there are few."""
    receipts: Sequence[ReceiptSeen]
    account: OrderAccount
    signatures: Sequence[SignatureSeen]
    positions: Mapping[int, OrderLine]
    invoices: Sequence[Invoice]
    doubts: Sequence[InvoiceDoubt]
    """Numbers that were noted on site and cannot be right."""
    asked: Sequence[Request]
    """What was asked to be given away, newest first."""

    @property
    def to_invoice(self) -> Decimal:
        """About how much of it is on no invoice: one for several orders counts as if it were for this one."""
        taken = (one.gross for one in self.invoices if one.state in LIVE and (one.gross > 0 or one.state == "issued"))
        return self.account.charged - sum(taken, Decimal(0))


def papers(session: Session, order: Order, total: int, cut: Cut = FIRST) -> Papers:
    """Money and signatures of an order with `total` vehicles."""
    charges, receipts = standing_charges(session, order.id, cut), receipts_of(session, order.id)
    lines = {row.line_id for row in charges.rows if row.line_id is not None}
    rows = session.scalars(
        sa.select(Signature).where(Signature.order_id == order.id).order_by(Signature.at, Signature.received_at)
    )
    newest = {row.visit_id: row for row in rows}
    return Papers(
        order=order,
        several=total > 1,
        charges=charges,
        groups=charge_groups(session, order.id) if charges.total > MOST_ROWS else (),
        receipts=[ReceiptSeen(row, _left(row, receipts)) for row in receipts],
        account=account_of(session, order.id),
        signatures=[SignatureSeen(row, signature_svg(row.points, 240, 90) if row.points else None) for row in newest.values()],
        positions=lines_named(session, lines) if total > 1 else {},
        asked=requests_of_order(session, order.id),
        invoices=invoices_of(session, order.id),
        doubts=open_doubts(session, order.id) if without_invoice(receipts) else (),
    )


def _left(receipt: Receipt, receipts: Iterable[Receipt]) -> Decimal:
    return receipt.amount + sum(other.amount for other in receipts if other.refunds_id == receipt.id)


def _total(summary: Mapping[str, Any]) -> Decimal:
    try:
        return Decimal(summary.get("total", 0))
    except (ArithmeticError, TypeError, ValueError):
        return Decimal(0)
