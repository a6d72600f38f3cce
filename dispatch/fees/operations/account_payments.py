"""What went on account is paid later, at finance: all of it or a part, by receipt.

Locks: the order's row, its audit head, then the accounts, as for every other payment of the order.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.fees.ledger_rules import AccountKey
from dispatch.fees.models import Receipt
from dispatch.fees.operations.posting import Cause, post
from dispatch.fees.operations.reversing import amount_given, booked, check_stands, first_press, post_back, reason_given
from dispatch.fees.queries import left_of
from dispatch.fees.rules import yuan
from dispatch.fees.settling_models import AccountPayment
from dispatch.fees.settling_rules import PAYING_CHANNELS
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say


def pay_on_account(
    session: Session,
    receipt_id: int,
    *,
    amount: Decimal,
    channel: str,
    payer: str | None,
    reference: str | None,
    request_key: uuid.UUID | None,
    by: Actor,
    at: datetime,
) -> AccountPayment:
    """Book what a customer pays of a receipt on account; the same `request_key` again answers with the first.

    Raises NotFound for a receipt that is not on account, Invalid for a wrong amount or channel, RuleBroken when so much is not
    open, Conflict for a used key.
    """
    receipt, order = _locked(session, receipt_id, by)
    first = first_press(session, AccountPayment, request_key, receipt_id=receipt.id, channel=channel, amount=amount)
    if first is not None:
        return first
    if channel not in PAYING_CHANNELS:
        raise Invalid({"channel": say("Choose how it was paid.")})
    amount = amount_given(amount)
    _check_open(receipt, amount, left_of(session, receipt))
    said = {"payer": (payer or "").strip() or None, "reference": (reference or "").strip() or None}
    row = AccountPayment(receipt_id=receipt.id, channel=channel, amount=amount, request_key=request_key, **said, **_who(by, at))
    session.add(row)
    session.flush()
    record(session, ("order", receipt.order_id), "account.pay", by=by, at=at, detail=_said(row, receipt))
    of = {"account_payment_id": row.id, "order_id": order.id}
    place = AccountKey("clearing", branch_id=receipt.branch_id, channel=channel)
    place = AccountKey("cash_desk", branch_id=receipt.branch_id) if channel == "cash" else place
    owed = AccountKey("on_account", customer_id=order.customer_id)
    post(session, Cause("account_payment", receipt.branch_id, by, at, at, of), {place: amount, owed: -amount})
    return row


def take_back_account_payment(session: Session, payment_id: int, *, reason: str, by: Actor, at: datetime) -> AccountPayment:
    """Book a payment back by a row of the opposite amount: the customer owes so much again.

    Raises Invalid without a reason, Conflict when it was taken back before, RuleBroken when the cash desk has not so much.
    """
    found = booked(session, AccountPayment, payment_id)
    receipt, order = _locked(session, found.receipt_id, by)
    check_stands(session, found)
    given = {"reason": reason_given(reason), "reverses_id": found.id, "payer": found.payer, "reference": found.reference}
    back = AccountPayment(receipt_id=receipt.id, channel=found.channel, amount=-found.amount, **given, **_who(by, at))
    session.add(back)
    session.flush()
    record(session, ("order", receipt.order_id), "account.take_back", by=by, at=at, detail=_said(back, receipt))
    post_back(session, "account_payment_back", found, back, receipt.branch_id, by=by, at=at, order_id=order.id)
    return back


def _locked(session: Session, receipt_id: int, by: Actor) -> tuple[Receipt, Order]:
    """The receipt on account and its order, under the order's row lock."""
    by.must("money.confirm")
    receipt = session.get(Receipt, receipt_id)
    if receipt is None or receipt.channel != "account" or receipt.refunds_id or not by.sees_branch(receipt.branch_id):
        raise NotFound
    return receipt, locked_order(session, receipt.order_id)


def _check_open(receipt: Receipt, amount: Decimal, left: Decimal) -> None:
    if left <= 0:
        raise RuleBroken(say("Nothing of %(number)s is open any more.", number=receipt.number))
    if amount > left:
        told = {"amount": yuan(amount), "left": yuan(left), "number": receipt.number}
        raise RuleBroken(say("%(amount)s is more than what is open of %(number)s: %(left)s.", **told))


def _who(by: Actor, at: datetime) -> dict[str, object]:
    return {"by_id": by.id, "by_name": by.name, "at": at}


def _said(row: AccountPayment, receipt: Receipt) -> dict[str, str]:
    said = {"receipt": receipt.number, "channel": row.channel, "amount": str(row.amount)}
    more = {"reference": row.reference, "reason": row.reason}
    return said | {name: value for name, value in more.items() if value}
