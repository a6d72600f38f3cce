"""What waits for approval and is no order: one request with its ladder, decided, taken back, carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.models import Request
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.queries import request_seen
from dispatch.approvals.rules import FAVOURS, STATE_LOOKS, level_word, state_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.purchasing import decide_purchase, withdraw_purchase
from dispatch.errors import NotFound, Refusal
from dispatch.fees.quote_queries import quotation_asked
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field import forgiving
from dispatch.field.pages.corrections import DESK
from dispatch.finance.settling_contractors import decide_sheet, withdraw_sheet
from dispatch.orders.models import Order
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import Refused, sentence_of
from dispatch.orders.presenting.requests import asked_card, may_withdraw, waits_for_people
from dispatch.paycodes.queries import channel_of_refund
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

Deed = Callable[..., Request]
DECIDE: dict[str, Deed] = {"purchase": decide_purchase, "settlement": decide_sheet}
DECIDE |= dict.fromkeys(FAVOURS, forgiving.decide_favour)
WITHDRAW: dict[str, Deed] = {"purchase": withdraw_purchase, "settlement": withdraw_sheet}
WITHDRAW |= dict.fromkeys(FAVOURS, forgiving.withdraw_favour)
"""Kind -> what carries a decision out, with all that follows from it."""

WORDS: dict[str, Any] = {"level_word": level_word, "state_word": state_word, "state_looks": STATE_LOOKS}


def address(request_id: int, step_id: int) -> Callable[[str], str]:
    """Where a level of a request is decided, by the name of the decision."""
    return lambda name: url_for(f"orders.approvals_{name}_request", request_id=request_id, step_id=step_id)


@pages.get("/approvals/requests/<int:request_id>")
@may("order.see", "order.decide")
def approvals_request(request_id: int) -> str:
    """One request: what it is about, who has decided and who is to."""
    return _page(request_id)


def _page(request_id: int, refused: Refused | None = None) -> str:
    with transaction() as db:
        asked = request_seen(db, request_id, current())
        return render_template("orders/request.html", **shown(db, asked), **WORDS, refused=refused)


def shown(db: Session, asked: Request) -> dict[str, Any]:
    """What the page of a request shows, whatever it is about."""
    return {
        "asked": asked_card(asked, current(), address),
        "order": db.get(Order, asked.order_id) if asked.order_id else None,
        "waits": waits_for_people(db, asked, current(), now()),
        "may_withdraw": may_withdraw(asked, current()),
        "through": _through(db, asked),
        "quotation": quotation_asked(db, asked.id) if asked.kind == "quotation" else None,
    }


def _through(db: Session, asked: Request) -> Text | None:
    """The channel that gives approved money back by itself."""
    channel = channel_of_refund(db, asked.id) if asked.kind == "refund" and asked.state == "approved" else None
    return CHANNEL_WORDS[channel] if channel else None


@pages.post("/approvals/requests/<int:request_id>/<int:step_id>/approve")
@may("order.decide")
def approvals_approve_request(request_id: int, step_id: int) -> Response | tuple[str, int]:
    """Say yes to the level that was on the page."""
    return _decided(request_id, Answer(True, step_id=step_id))


@pages.post("/approvals/requests/<int:request_id>/<int:step_id>/reject")
@may("order.decide")
def approvals_reject_request(request_id: int, step_id: int) -> Response | tuple[str, int]:
    """Say no to it, with a reason."""
    return _decided(request_id, Answer(False, request.form.get("reason", "").strip(), step_id))


def _decided(request_id: int, answer: Answer) -> Response | tuple[str, int]:
    def decide(db: Session, asked: Request) -> Request:
        return DECIDE[asked.kind](db, request_id, answer, by=current(), at=now())

    return _done(request_id, "approve" if answer.yes else "turn_down", decide, url_for("orders.approvals", what="requests"))


@pages.post("/approvals/requests/<int:request_id>/withdraw")
@may("order.see")
def approvals_withdraw_request(request_id: int) -> Response | tuple[str, int]:
    """Take back what one has asked for."""

    def withdraw(db: Session, asked: Request) -> Request:
        return WITHDRAW[asked.kind](db, request_id, by=current(), at=now())

    return _done(request_id, "withdraw", withdraw, url_for("orders.approvals_request", request_id=request_id))


@pages.post("/approvals/requests/<int:request_id>/hand-back")
@may("fee.refund")
def approvals_hand_back(request_id: int) -> Response | tuple[str, int]:
    """Give back the money that was approved of."""

    def hand_back(db: Session, asked: Request) -> Request:
        forgiving.hand_back(db, request_id, device=DESK, by=current(), at=now())
        return asked

    return _done(request_id, "hand_back", hand_back, url_for("orders.approvals_request", request_id=request_id))


def _done(request_id: int, name: str, deed: Callable[[Session, Request], Request], to: str) -> Response | tuple[str, int]:
    """Carry a press out and say how the request stands; refused, its page says why and keeps what was typed."""
    try:
        with transaction() as db:
            asked = deed(db, request_seen(db, request_id, current()))
            told = _told(asked)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(request_id, Refused(name, sentence_of(refusal), Form.sent())), refusal.status
    flash(told, "success")
    return redirect(to, 303)


def _told(asked: Request) -> str:
    if asked.state == "open":
        told = say("%(what)s: approved at your level; the next level decides.", what=asked.word)
    else:
        told = say("%(what)s: %(state)s.", what=asked.word, state=state_word(asked.kind, asked.state))
    return tr(told)
