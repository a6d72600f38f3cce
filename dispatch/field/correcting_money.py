"""Corrections of money by the office: charges let off or made late, money given back or taken after the visit, invoices noted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.errors import NotFound
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations import (
    ask_let_off,
    ask_refund,
    charge_fittings,
    prepare_payment,
    take_back_charge,
    take_payment,
)
from dispatch.field.correcting import corrected
from dispatch.invoices.operations import note_number, note_on_site
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor


def drop_charge(
    session: Session, order_id: int, charge_id: int, *, reason: str, key: uuid.UUID, by: Actor, at: datetime
) -> Request | None:
    """Take a charge of the order back. One that costs something is let off only when others approve: gives what asks them."""
    with corrected(session, order_id, by=by, at=at) as order:
        charge = session.get(Charge, charge_id)
        if charge is None or charge.order_id != order.id:
            raise NotFound
        if charge.amount:
            return ask_let_off(session, charge_id, reason=reason, key=key, by=by, at=at)
        take_back_charge(session, charge_id, reason=reason, by=by, at=at)
        return None


def give_back(
    session: Session, order_id: int, receipt_id: int, *, amount: Decimal, reason: str, key: uuid.UUID, by: Actor, at: datetime
) -> Request:
    """Ask that money is given back against a receipt of the order."""
    with corrected(session, order_id, permission="fee.refund", by=by, at=at) as order:
        _receipt(session, order, receipt_id)
        return ask_refund(session, receipt_id, amount=amount, reason=reason, key=key, by=by, at=at)


def take_money(
    session: Session,
    order_id: int,
    *,
    amount: Decimal,
    channel: str,
    payer: str | None,
    reference: str | None,
    invoice_number: str | None,
    device: str,
    key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> Receipt:
    """Money that came to the office after the visit, or is put on account there. The same `key` again is the first receipt.

    What was fitted without a price is charged first, if it has one by now: so that nothing closes unpaid.
    """
    with corrected(session, order_id, permission="fee.refund", by=by, at=at) as order:
        prepare_payment(session, order, channel=channel, device=device, by=by, at=at)
        charge_fittings(session, order, visit_id=None, by=by, at=at)
        receipt = take_payment(
            session,
            order,
            amount=amount,
            channel=channel,
            payer=payer,
            reference=reference,
            number=None,
            device=device,
            visit_id=None,
            fact_id=key,
            by=by,
            at=at,
        )
        if invoice_number:
            note_number(session, receipt.id, invoice_number, by=by, at=at)
        else:
            note_on_site(session, receipt, None, by=by, at=at)
        return receipt


def charge_late(session: Session, order_id: int, *, by: Actor, at: datetime) -> Sequence[Charge]:
    """Charge what was fitted before the price list named it; nothing when all is charged."""
    with corrected(session, order_id, by=by, at=at) as order:
        return charge_fittings(session, order, visit_id=None, by=by, at=at)


def add_invoice(session: Session, order_id: int, receipt_id: int, *, number: str, by: Actor, at: datetime) -> None:
    """Write down the number of the invoice that belongs to a receipt of the order."""
    with corrected(session, order_id, permission="fee.take", by=by, at=at) as order:
        _receipt(session, order, receipt_id)
        note_number(session, receipt_id, number, by=by, at=at)


def _receipt(session: Session, order: Order, receipt_id: int) -> None:
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.order_id != order.id:
        raise NotFound
