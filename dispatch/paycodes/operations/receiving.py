"""What a channel says was paid: a receipt on the order of its code, whatever has become of that meanwhile. The money is real."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt, ReceiptBlock
from dispatch.fees.operations.paying import Given, keep_payment
from dispatch.fees.queries import account_of
from dispatch.orders.operations.moves import locked_order
from dispatch.paycodes.gateway import Payment
from dispatch.paycodes.models import ForgedCallbacks, PayCode, StrayPayment
from dispatch.paycodes.queries import code_numbered
from dispatch.paycodes.rules import Met, odd_about
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor


def receive(session: Session, channel: str, payment: Payment, *, at: datetime) -> str:
    """Keep a payment: "paid", "odd" when finance has to look at it, "again" when it is on record, "stray" for no code of ours."""
    found = code_numbered(session, channel, payment.number)
    if found is None or payment.amount <= 0:
        return _stray(session, channel, payment, at)
    order = locked_order(session, found.order_id)
    code = session.get_one(PayCode, found.id, populate_existing=True)
    if code.state == "paid":
        return "again" if code.channel_reference == payment.reference else _stray(session, channel, payment, at)
    if _known(session, channel, payment.reference):
        return _stray(session, channel, payment, at)
    due = account_of(session, order.id).due
    met = Met(code.state, code.amount, due, code.expires_at, order.status)
    receipt = _receipt(session, code, payment, at)
    code.state, code.receipt_id, code.shut_at = "paid", receipt.id, at
    code.channel_reference, code.payer = payment.reference, payment.payer
    code.paid_amount, code.paid_at = payment.amount, payment.paid_at
    code.odd = list(odd_about(met, payment.amount, payment.paid_at))
    session.flush()
    return "odd" if code.odd else "paid"


def _receipt(session: Session, code: PayCode, payment: Payment, at: datetime) -> Receipt:
    """The receipt under the number that was given out with the code, in the name of who has shown it."""
    block = session.get_one(ReceiptBlock, code.block_id)
    person = session.get_one(Person, code.by_id)
    by = Actor(id=person.id, name=code.by_name, roles=frozenset(), branch_id=code.branch_id)
    return keep_payment(
        session,
        code.order,
        Given(block, code.running, code.number),
        channel=code.channel,
        channel_reference=payment.reference,
        amount=payment.amount,
        visit_id=code.visit_id,
        by=by,
        at=min(payment.paid_at, at),
        recorded_at=at,
    )


def _known(session: Session, channel: str, reference: str) -> bool:
    """Whether some receipt has this number of the channel already."""
    there = sa.select(Receipt.id).where(Receipt.channel == channel, Receipt.channel_reference == reference)
    return session.scalar(there) is not None


def _stray(session: Session, channel: str, payment: Payment, at: datetime) -> str:
    """Keep what belongs to no code, once."""
    row = insert(StrayPayment).values(
        channel=channel,
        number=payment.number,
        channel_reference=payment.reference,
        amount=payment.amount,
        paid_at=payment.paid_at,
        payer=payment.payer,
        received_at=at,
    )
    once = row.on_conflict_do_nothing(index_elements=["channel", "channel_reference"]).returning(StrayPayment.id)
    return "again" if session.scalar(once) is None else "stray"


def count_forged(session: Session, channel: str, why: str, *, at: datetime) -> None:
    """Count a callback that the channel has not signed; nothing of it is kept."""
    row = insert(ForgedCallbacks).values(day=at.date(), channel=channel, count=1, last_at=at, last_why=why)
    more = {"count": ForgedCallbacks.count + 1, "last_at": at, "last_why": why}
    session.execute(row.on_conflict_do_update(index_elements=["day", "channel"], set_=more))
