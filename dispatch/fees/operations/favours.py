"""What is given away on an order: money given back, a charge let off, a repair as in warranty, a quotation below the list.

Somebody asks; supervisor or manager decide, and above them whom the table of approvals names for the amount (P10). A charge is
let off with the last yes; money is given back by whoever hands it over afterwards, out of his own hand and under his number.
Locks: the order's row, then the request's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import ALIVE, Request
from dispatch.approvals.operations import requests
from dispatch.approvals.operations.requests import Answer, Asked
from dispatch.approvals.rules import FAVOURS
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.fees.favour_models import ASKED_ALREADY, Favour
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.operations.charging import check_open, take_back_row
from dispatch.fees.operations.locking import locked_order_of
from dispatch.fees.operations.paying import check_refund, refund
from dispatch.fees.rules import CHANNEL_WORDS, yuan
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say

Outcome = Callable[[Session, Request, Order, Answer, Actor, datetime], None]
"""What follows once a request is decided for good: it is approved, or rejected."""
_outcomes: dict[str, Outcome] = {}


def follows(kind: str) -> Callable[[Outcome], Outcome]:
    """Register what follows from the decision about a kind of favour."""

    def register(outcome: Outcome) -> Outcome:
        _outcomes[kind] = outcome
        return outcome

    return register


def ask_refund(
    session: Session, receipt_id: int, *, amount: Decimal, reason: str, key: uuid.UUID, by: Actor, at: datetime
) -> Request:
    """Ask that all or part of what a receipt took is given back. The same `key` again is the first request.

    Raises NotFound, NotAllowed, Invalid, RuleBroken when that much is not left of it, Conflict when it was asked for before.
    """
    by.must("fee.refund")
    order = locked_order_of(session, Receipt, receipt_id, by)
    if (before := requests.asked_before(session, key, by)) is not None:
        return before
    receipt = session.get_one(Receipt, receipt_id, populate_existing=True)
    check_refund(session, receipt, amount)
    _check_free(session, Favour.receipt_id == receipt.id)
    told = {"amount": yuan(amount), "number": receipt.number, "channel": CHANNEL_WORDS[receipt.channel]}
    about = say("Give %(amount)s back of receipt %(number)s (%(channel)s)", **told)
    return _ask(session, order, Asked("refund", amount, about, reason, key), Favour(receipt_id=receipt.id), by=by, at=at)


def ask_let_off(session: Session, charge_id: int, *, reason: str, key: uuid.UUID, by: Actor, at: datetime) -> Request:
    """Ask that a charge is let off although the price list or a rule charges it. Raises like `ask_refund`."""
    by.must("fact.correct")
    order = locked_order_of(session, Charge, charge_id, by)
    if (before := requests.asked_before(session, key, by)) is not None:
        return before
    check_open(order)
    charge = session.get_one(Charge, charge_id)
    _check_stands(session, charge)
    _check_free(session, Favour.charge_id == charge.id)
    told = {"name": charge.name, "quantity": charge.quantity, "amount": yuan(charge.amount)}
    about = say("Do not charge %(name)s × %(quantity)s, %(amount)s", **told)
    return _ask(session, order, Asked("overrule", charge.amount, about, reason, key), Favour(charge_id=charge.id), by=by, at=at)


def decide_favour(session: Session, request_id: int, answer: Answer, *, by: Actor, at: datetime) -> Request:
    """Say yes or no to the open level; what follows from the last yes, and from any no, follows at once.

    Raises NotFound, Conflict when somebody decided meanwhile, RuleBroken, and Invalid for a no without a reason.
    """
    by.must("order.decide")
    order, request = _locked(session, request_id)
    if answer.yes and request.kind not in ("refund", "quotation"):
        check_open(order)
    state = requests.decide(session, request, answer, by=by, at=at)
    if state != "open":
        _outcomes[request.kind](session, request, order, answer, by, at)
        session.flush()
    return request


def withdraw_favour(session: Session, request_id: int, *, by: Actor, at: datetime) -> Request:
    """Take it back. Raises NotFound, NotAllowed for anybody but who has asked, Conflict when it is over."""
    order, request = _locked(session, request_id)
    requests.withdraw(session, request, by=by, at=at)
    _outcomes[request.kind](session, request, order, Answer(yes=False), by, at)
    session.flush()
    return request


def hand_back(session: Session, request_id: int, *, device: str, by: Actor, at: datetime) -> Receipt:
    """Give back the money that was approved of, under a receipt number of `by`'s device: out of his hand, if it was cash.

    Raises NotFound, RuleBroken before it is approved or when so much is not left of the receipt, Conflict when it was given back.
    """
    by.must("fee.refund")
    order, request = _locked(session, request_id)
    favour = session.get(Favour, request.id)
    if favour is None or favour.receipt_id is None or not by.sees_branch(order.branch_id):
        raise NotFound
    requests.check_approved(request)
    back = refund(session, favour.receipt_id, amount=_amount(request), reason=request.reason, device=device, by=by, at=at)
    favour.refund_id, favour.alive = back.id, False
    requests.carried_out(session, request, by=by, at=at, told={"receipt": back.number})
    return back


@follows("refund")
def _refund_decided(session: Session, request: Request, order: Order, answer: Answer, by: Actor, at: datetime) -> None:
    session.get_one(Favour, request.id).alive = request.state in ALIVE


@follows("overrule")
def _let_off(session: Session, request: Request, order: Order, answer: Answer, by: Actor, at: datetime) -> None:
    favour = session.get_one(Favour, request.id)
    favour.alive = False
    if request.state == "approved":
        charge = session.get_one(Charge, favour.charge_id)
        _check_stands(session, charge)
        take_back_row(session, order, charge, request.reason, by=by, at=at)
        request.state = "done"


def _ask(session: Session, order: Order, asked: Asked, favour: Favour, *, by: Actor, at: datetime) -> Request:
    request = requests.ask(session, asked, branch_id=order.branch_id, order_id=order.id, by=by, at=at)
    favour.request_id = request.id
    session.add(favour)
    session.flush()
    return request


def _locked(session: Session, request_id: int) -> tuple[Order, Request]:
    """The order of a favour and its request, locked in this turn. Raises NotFound for what is no favour."""
    found = session.execute(sa.select(Request.order_id, Request.kind).where(Request.id == request_id)).one_or_none()
    if found is None or found.kind not in FAVOURS or found.order_id is None:
        raise NotFound
    return locked_order(session, found.order_id), requests.locked_request(session, request_id)


def _amount(request: Request) -> Decimal:
    assert request.amount is not None
    return request.amount


def _check_free(session: Session, about: sa.ColumnElement[bool]) -> None:
    if session.scalar(sa.select(Favour.request_id).where(about, Favour.alive)) is not None:
        raise Conflict(ASKED_ALREADY)


def _check_stands(session: Session, charge: Charge) -> None:
    back = session.scalar(sa.select(Charge.id).where(Charge.reverses_id == charge.id))
    if back is not None or charge.reverses_id is not None:
        raise RuleBroken(say("This charge was taken back already."))
