"""Proving payment codes: each paid one has the receipt it names, and what went back through a channel is what was refunded."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.paycodes.models import CodeRefund, PayCode
from dispatch.words import Text, say


def broken_codes(session: Session) -> Iterator[Text]:
    """One sentence for each code with which something is wrong."""
    yield from _other_receipts(session)
    yield from _other_refunds(session)


def _other_receipts(session: Session) -> Iterator[Text]:
    r, c = Receipt, PayCode
    same = (r.number == c.number, r.channel == c.channel, r.channel_reference == c.channel_reference, r.amount == c.paid_amount)
    wrong = sa.select(c.number).join(r, r.id == c.receipt_id).where(~sa.and_(*same, r.order_id == c.order_id))
    for number in session.scalars(wrong.order_by(c.id)):
        yield say("Payment code %(number)s says something else than its receipt", number=number)


def _other_refunds(session: Session) -> Iterator[Text]:
    rows = sa.select(Receipt.number).join(CodeRefund, CodeRefund.refund_id == Receipt.id).join(PayCode)
    for number in session.scalars(rows.where(Receipt.refunds_id.is_distinct_from(PayCode.receipt_id)).order_by(Receipt.id)):
        yield say("Refund %(number)s went through the channel of another payment", number=number)
