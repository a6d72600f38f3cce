"""Payments by code (收款码) in the demonstration: the channels are played, and tell what real ones would."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.demo.company import Company
from dispatch.fees.operations import note_invoice
from dispatch.orders.models import Visit
from dispatch.paycodes.gateway import Payment, RefundAnswer
from dispatch.paycodes.models import CodeRefund, PayCode
from dispatch.paycodes.operations import ask_code, count_forged, keep_answer, open_code, receive, shut_code, stop_code
from dispatch.staff.rules import Actor

GOOD_FOR = timedelta(minutes=15)
SCANNED = timedelta(seconds=40)
STRAY = ("MALL20261087", "2026031120018804271", Decimal("60.00"), "ch***@163.com")


def pay_by_code(session: Session, visit: Visit, payment: Payment, channel: str, invoice: str | None, *, by: Actor) -> None:
    """Show a code for what is due on a visit's order, and have the customer pay it: by WeChat Pay, some after they had wanted
    Alipay first; by Alipay too late, so that finance has something to look at."""
    at = payment.paid_at
    if channel == "wechat" and payment.reference.endswith(("0", "1", "2", "3", "4")):
        shut_code(session, _shown(session, visit, "alipay", by, at - 3 * SCANNED).id, at=at - 2 * SCANNED)
    code = _shown(session, visit, channel, by, at - SCANNED)
    if channel == "alipay":
        stop_code(session, code.id, at=at - SCANNED / 2)
    receive(session, channel, replace(payment, number=code.number), at=at)
    if invoice and code.receipt_id:
        note_invoice(session, code.receipt_id, invoice, by=by, at=at)


def _shown(session: Session, visit: Visit, channel: str, by: Actor, at: datetime) -> PayCode:
    code, _new = ask_code(
        session, visit.order, channel=channel, device=f"demo-{by.id}", visit_id=visit.id, good_for=GOOD_FOR, by=by, at=at
    )
    return open_code(session, code.id, f"DEMONSTRATION/{code.number}/{code.amount:.2f}")


def build(company: Company, moment: datetime) -> None:
    """What finance looks at: refunds that went through, a payment that belongs to nothing here, callbacks that nobody signed."""
    session, morning = company.session, moment - timedelta(hours=5)
    for refund in session.scalars(sa.select(CodeRefund).where(CodeRefund.state == "asked")).all():
        answer = RefundAnswer("done", f"50300{refund.refund_id:018d}")
        keep_answer(session, refund.refund_id, answer, at=refund.asked_at + timedelta(minutes=1))
    number, reference, amount, payer = STRAY
    receive(session, "alipay", Payment(number, reference, amount, morning, payer), at=morning)
    for minute in range(3):
        count_forged(session, "wechat", "the signature is wrong", at=morning + timedelta(minutes=minute))
