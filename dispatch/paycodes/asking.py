"""Talking to the channels: each step in a transaction of its own, and the network between them.

Killed in between, nothing is lost: the worker asks the channel how it stands, and closes what nobody is to pay.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from dispatch.db import transaction
from dispatch.errors import NotFound, RuleBroken
from dispatch.fees.queries import account_of
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.orders.models import Order
from dispatch.paycodes import operations
from dispatch.paycodes.gateway import (
    CodeAsked,
    GatewayFailed,
    RefundAnswer,
    RefundAsked,
    Standing,
    connected,
    gateway_of,
)
from dispatch.paycodes.models import CodeRefund, PayCode
from dispatch.paycodes.queries import alive_code, codes_to_ask, refunds_to_ask
from dispatch.paycodes.rules import GRACE, PATIENCE
from dispatch.staff.queries import company_name
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

log = structlog.get_logger("paycodes")

Clock = Callable[[], datetime]


def show_code(order_id: int, *, channel: str, device: str, visit_id: int | None, by: Actor, clock: Clock) -> int:
    """Have a code for what is due; gives its id. The one that is there is shown again.

    One that has to give way is closed at its channel first, so that nobody pays both. Raises RuleBroken when there is none to be
    had.
    """
    _make_way(order_id, channel, clock)
    with transaction() as session:
        order = session.get(Order, order_id)
        if order is None:
            raise NotFound
        code, new = operations.ask_code(
            session, order, channel=channel, device=device, visit_id=visit_id, good_for=connected().good_for, by=by, at=clock()
        )
        words = {"number": order.number, "company": company_name(session) or ""}
    if new:
        _make(code, "{company} {number}".format(**words).strip(), clock)
    return code.id


def _make_way(order_id: int, channel: str, clock: Clock) -> None:
    """Stop a code of another channel or amount: the customer may still have it before him."""
    with transaction() as session:
        there = alive_code(session, order_id)
        due = account_of(session, order_id).due
    if there is not None and there.state == "open" and (there.channel, there.amount) != (channel, due):
        cancel_code(there.id, clock=clock)


def _make(code: PayCode, description: str, clock: Clock) -> None:
    try:
        url = gateway_of(code.channel).make(CodeAsked(code.number, code.amount, description, code.expires_at))
    except GatewayFailed as failed:
        log.warning("code_not_made", channel=code.channel, number=code.number, why=str(failed))
        with transaction() as session:
            operations.fail_code(session, code.id, str(failed), at=clock())
        raise RuleBroken(_no_code(code.channel)) from None
    with transaction() as session:
        operations.open_code(session, code.id, url)


def _no_code(channel: str) -> Text:
    return say(
        "%(channel)s gave no code just now. Try again, or let the customer pay in another way.", channel=CHANNEL_WORDS[channel]
    )


def cancel_code(code_id: int, *, clock: Clock) -> str:
    """Let nobody pay a code any more; gives its state then: "paid" where the customer was faster. What fails the worker goes on
    with."""
    with transaction() as session:
        operations.stop_code(session, code_id, at=clock())
    return ask_about(code_id, clock=clock)


def ask_about(code_id: int, *, clock: Clock) -> str:
    """Ask the channel how a code stands, and close it there once it is over here; gives the code's state afterwards."""
    with transaction() as session:
        code = session.get(PayCode, code_id)
        if code is None:
            raise NotFound
        being_made = code.state == "making" and clock() < code.made_at + PATIENCE
        asks = code.shut_at is None and not being_made
        if asks:
            operations.note_asked(session, code_id, at=clock())
    if asks:
        _settle(code, clock)
    with transaction() as session:
        return session.get_one(PayCode, code_id).state


def _settle(code: PayCode, clock: Clock) -> None:
    over = code.state not in ("making", "open") or code.expires_at <= clock()
    try:
        gateway = gateway_of(code.channel)
        standing = gateway.ask(code.number)
        if over and standing.state == "open":
            standing = gateway.close(code.number)
    except GatewayFailed as failed:
        log.warning("channel_did_not_say", channel=code.channel, number=code.number, why=str(failed))
        standing = Standing("unknown")
    _keep(code, standing, clock())


def _keep(code: PayCode, standing: Standing, at: datetime) -> None:
    """Write down what the channel said of a code."""
    with transaction() as session:
        if standing.payment is not None:
            told = operations.receive(session, code.channel, standing.payment, at=at)
            log.info("payment_found", channel=code.channel, number=code.number, told=told)
        elif standing.state == "closed" or (standing.state == "open" and at > code.expires_at + GRACE):
            operations.shut_code(session, code.id, at=at)
        elif at >= code.expires_at:
            operations.stop_code(session, code.id, at=at)


def ask_all(clock: Clock) -> int:
    """Ask about every code whose callback never came, and close what is over; how many were asked about."""
    with transaction() as session:
        waiting = codes_to_ask(session, clock())
    for code_id in waiting:
        ask_about(code_id, clock=clock)
    return len(waiting)


# --- refunds


def refund_all(clock: Clock) -> int:
    """Ask again about every refund whose outcome nobody knows; how many were asked about."""
    with transaction() as session:
        waiting = refunds_to_ask(session, clock())
    for refund_id in waiting:
        refund_one(refund_id, clock=clock)
    return len(waiting)


def refund_one(refund_id: int, *, clock: Clock) -> str:
    """Have a channel give money back; gives how that stands. Done twice, it is given back once."""
    with transaction() as session:
        found = session.get(CodeRefund, refund_id)
        if found is None or found.state != "asked":
            return found.state if found else "gone"
        channel, asked = found.code.channel, _asked(found)
    try:
        answer = gateway_of(channel).refund(asked)
    except GatewayFailed as failed:
        log.warning("refund_not_answered", channel=channel, number=asked.number, why=str(failed))
        answer = RefundAnswer("asked", told=str(failed))
    with transaction() as session:
        return operations.keep_answer(session, refund_id, answer, at=clock()).state


def _asked(found: CodeRefund) -> RefundAsked:
    code, back = found.code, found.refund
    assert code.channel_reference is not None and code.paid_amount is not None
    return RefundAsked(
        number=back.number,
        of_number=code.number,
        of_reference=code.channel_reference,
        amount=-back.amount,
        of_amount=code.paid_amount,
        reason=back.reason or "",
    )
