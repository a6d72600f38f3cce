"""The money of an order and the words of its customers under it, as the office sees them. Reads and view models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.queries import requests_of_order
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.queries import charges_of, receipts_of
from dispatch.fees.rules import OrderAccount
from dispatch.field.models import Signature
from dispatch.field.summary import standing
from dispatch.orders.models import Order, OrderLine
from dispatch.sheets.drawing import signature_svg

MOST_ROWS = 8
"""More charges than these are shown together, one row for the same thing."""


@dataclass(frozen=True)
class SignatureSeen:
    """A signature or refusal, drawn."""

    row: Signature
    drawing: Markup | None


@dataclass(frozen=True)
class ReceiptSeen:
    """Money taken or given back. `left` of what was taken can still be given back."""

    row: Receipt
    left: Decimal


@dataclass
class ChargeGroup:
    """The same thing charged by the same rule, once or for many vehicles."""

    first: Charge
    quantity: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Papers:
    """The money of one order and the words of its customers under it."""

    order: Order
    charges: Sequence[Charge]
    receipts: Sequence[ReceiptSeen]
    account: OrderAccount
    signatures: Sequence[SignatureSeen]
    positions: Mapping[int, OrderLine]
    asked: Sequence[Request]
    """What was asked to be given away, newest first."""

    @property
    def groups(self) -> list[ChargeGroup]:
        """The charges of many vehicles in few rows; none where there are few."""
        if len(self.charges) <= MOST_ROWS:
            return []
        found: dict[tuple[str, Decimal, str], ChargeGroup] = {}
        for row in self.charges:
            group = found.setdefault((row.code, row.unit_price, str(row.told)), ChargeGroup(row))
            group.quantity += row.quantity
            group.amount += row.amount
        return list(found.values())


def papers(session: Session, order: Order) -> Papers:
    """Money and signatures."""
    charges, receipts = charges_of(session, order.id), receipts_of(session, order.id)
    charged = sum((row.amount for row in charges), start=Decimal("0.00"))
    received = sum((row.amount for row in receipts), start=Decimal("0.00"))
    rows = session.scalars(
        sa.select(Signature).where(Signature.order_id == order.id).order_by(Signature.at, Signature.received_at)
    )
    newest = {row.visit_id: row for row in rows}
    return Papers(
        order=order,
        charges=standing(charges),
        receipts=[ReceiptSeen(row, _left(row, receipts)) for row in receipts],
        account=OrderAccount(charged, received),
        signatures=[SignatureSeen(row, signature_svg(row.points, 240, 90) if row.points else None) for row in newest.values()],
        positions={line.id: line for line in order.lines},
        asked=requests_of_order(session, order.id),
    )


def _left(receipt: Receipt, receipts: Iterable[Receipt]) -> Decimal:
    return receipt.amount + sum(other.amount for other in receipts if other.refunds_id == receipt.id)
