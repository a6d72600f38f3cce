"""Money taken for an order and given back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import By, record
from dispatch.errors import Invalid, RuleBroken
from dispatch.fees.models import Receipt, ReceiptBlock
from dispatch.fees.operations.locking import locked_order_of
from dispatch.fees.operations.numbering import claim_number, next_number, usable_block
from dispatch.fees.operations.posting import lock_payment, post_receipt
from dispatch.fees.queries import account_of, left_of
from dispatch.fees.rules import CHANNELS, FEN, OrderAccount, yuan
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say

Follow = Callable[[Session, Receipt, Receipt, datetime], object]
_follow_refund: list[Follow] = []


def follows_refund(follow: Follow) -> Follow:
    """Register what follows from a refund, within its transaction: it gets the receipt, the refund's own and the moment."""
    if follow not in _follow_refund:
        _follow_refund.append(follow)
    return follow


@dataclass(frozen=True)
class Given:
    """A number that was given out of a block: the block, the running number, the number as printed."""

    block: ReceiptBlock
    running: int
    number: str


def prepare_payment(session: Session, order: Order, *, channel: str, device: str, by: Actor, at: datetime) -> None:
    """Take the locks of a payment now, because charges of the order are posted before it in the same transaction.

    Without it a second payment of this person and this one could each hold what the other waits for.
    """
    order = locked_order(session, order.id)
    block, _ = usable_block(session, by=by, device=device, at=at)
    lock_payment(session, order, channel, person_id=block.person_id, branch_id=block.branch_id)


def take_payment(
    session: Session,
    order: Order,
    *,
    amount: Decimal,
    channel: str,
    payer: str | None,
    reference: str | None,
    number: str | None,
    device: str,
    visit_id: int | None,
    fact_id: uuid.UUID | None,
    by: Actor,
    at: datetime,
    recorded_at: datetime | None = None,
) -> Receipt:
    """Take money, all that is due or part of it; `number` is one the device has given itself, None: the server gives the next.

    `at` is when it was paid, `recorded_at` when we heard of it. The same `fact_id` again answers with the first receipt. Raises
    RuleBroken when it is more than what is due, or the number is not this device's, or in use.
    """
    by.must("fee.take")
    order = locked_order(session, order.id)
    first = session.scalar(sa.select(Receipt).where(Receipt.fact_id == fact_id)) if fact_id else None
    if first is not None:
        return first
    if channel not in CHANNELS:
        raise Invalid({"channel": say("Choose how it was paid.")})
    _check_amount(amount)
    _check_due(amount, account_of(session, order.id))
    given = claim_number(session, number, by=by, device=device) if number else next_number(session, by=by, device=device, at=at)
    receipt = _written(
        session,
        order,
        given,
        by,
        visit_id=visit_id,
        channel=channel,
        amount=amount.quantize(FEN),
        payer=_said(payer),
        reference=_said(reference),
        fact_id=fact_id,
        at=at,
        recorded_at=recorded_at or at,
    )
    record(session, ("order", order.id), "receipt.take", by=by, at=receipt.recorded_at, detail=_figures(receipt))
    post_receipt(session, receipt, order, by=by)
    return receipt


def keep_payment(
    session: Session,
    order: Order,
    given: Given,
    *,
    channel: str,
    channel_reference: str,
    amount: Decimal,
    visit_id: int | None,
    by: By,
    at: datetime,
    recorded_at: datetime,
) -> Receipt:
    """Keep money that a channel says was paid, under a number given out before. It is there, whatever is due: nothing refuses it.

    The caller holds the order's row.
    """
    receipt = _written(
        session,
        order,
        (given.block, given.running, given.number),
        by,
        visit_id=visit_id,
        channel=channel,
        amount=amount.quantize(FEN),
        reference=channel_reference,
        channel_reference=channel_reference,
        at=at,
        recorded_at=recorded_at,
    )
    record(session, ("order", order.id), "receipt.take", by=by, at=recorded_at, detail=_figures(receipt))
    post_receipt(session, receipt, order, by=by)
    return receipt


def refund(session: Session, receipt_id: int, *, amount: Decimal, reason: str, device: str, by: Actor, at: datetime) -> Receipt:
    """Give back all or part of what one receipt took, by the same channel. Raises RuleBroken when that much is not left of it.

    The office gives back what was approved of: `favours.hand_back` asks for that.
    """
    by.must("fee.refund")
    order = locked_order_of(session, Receipt, receipt_id, by)
    receipt = session.get_one(Receipt, receipt_id, populate_existing=True)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    check_refund(session, receipt, amount)
    back = _written(
        session,
        order,
        next_number(session, by=by, device=device, at=at),
        by,
        visit_id=receipt.visit_id,
        channel=receipt.channel,
        amount=-amount.quantize(FEN),
        payer=receipt.payer,
        refunds_id=receipt.id,
        reason=reason.strip(),
        at=at,
        recorded_at=at,
    )
    record(session, ("order", order.id), "receipt.refund", by=by, at=at, detail=_figures(back))
    post_receipt(session, back, order, by=by)
    for follow in _follow_refund:
        follow(session, receipt, back, at)
    return back


def check_refund(session: Session, receipt: Receipt, amount: Decimal) -> None:
    """Raises Invalid and RuleBroken for what cannot be given back of a receipt."""
    _check_amount(amount)
    _check_left(receipt, amount, left_of(session, receipt))


def _written(session: Session, order: Order, given: tuple[ReceiptBlock, int, str], by: By, **facts: Any) -> Receipt:
    """A receipt of the order under the number that was given out of a block."""
    block, running, printed = given
    numbers = {"number": printed, "block_id": block.id, "running": running, "branch_id": block.branch_id}
    receipt = Receipt(order_id=order.id, by_id=by.id, by_name=by.name, **numbers, **facts)
    session.add(receipt)
    session.flush()
    return receipt


def _check_amount(amount: Decimal) -> None:
    if not amount.is_finite() or amount <= 0:
        raise Invalid({"amount": say("An amount above zero, please.")})
    if amount >= Decimal(10**8) or amount != amount.quantize(FEN):
        raise Invalid({"amount": say("An amount in yuan with at most two decimals, please.")})


def _check_due(amount: Decimal, account: OrderAccount) -> None:
    figures = {"charged": yuan(account.charged), "received": yuan(account.received)}
    if account.due <= 0:
        raise RuleBroken(say("Nothing is due: %(charged)s charged, %(received)s received.", **figures))
    if amount > account.due:
        told = {"amount": yuan(amount), "due": yuan(account.due), **figures}
        raise RuleBroken(
            say("%(amount)s is more than the %(due)s that is due: %(charged)s charged, %(received)s received.", **told)
        )


def _check_left(receipt: Receipt, amount: Decimal, left: Decimal) -> None:
    if receipt.refunds_id is not None:
        raise RuleBroken(say("This is money given back, not taken: it cannot be refunded."))
    if amount > left:
        told = {
            "amount": yuan(amount),
            "left": yuan(max(left, Decimal(0))),
            "number": receipt.number,
            "taken": yuan(receipt.amount),
        }
        raise RuleBroken(say("%(amount)s is more than what is left of %(number)s: %(left)s of %(taken)s.", **told))


def _said(text: str | None) -> str | None:
    return (text or "").strip() or None


def _figures(receipt: Receipt) -> dict[str, str]:
    """What the trail keeps of a receipt."""
    said = {"receipt": receipt.number, "channel": receipt.channel, "amount": str(receipt.amount)}
    more = {"reference": receipt.reference, "reason": receipt.reason}
    return {**said, **{name: value for name, value in more.items() if value}}
