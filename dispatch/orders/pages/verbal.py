"""Approval by word: the form that records one, and the answers of whoever has to backfill it (P13, Q14)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Conflict, NotFound, Refusal
from dispatch.orders.facts import facts_read, open_approval
from dispatch.orders.models import Order
from dispatch.orders.operations.verbal import (
    SaidWord,
    approve_by_word,
    confirm_word,
    record_word,
    refuse_word,
    settle_word,
)
from dispatch.orders.order_queries import order_standing
from dispatch.orders.pages.approvals import approvals_page
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import Refused, sentence_of
from dispatch.orders.presenting.verbal import nameable, options, way_to_word
from dispatch.orders.queries import order_id_of
from dispatch.orders.verbal_forms import read_word
from dispatch.orders.verbal_queries import approvers, word_number
from dispatch.orders.verbal_rules import LEVELS, STEPS, VERBAL_CHANNELS
from dispatch.typed import key_in, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.login import settings
from dispatch.words import say

CHANGED = say("The order has changed meanwhile: look whether this approval is still needed, and send it again.")


# --- recording


@pages.get("/orders/<number>/by-word")
@may("order.take")
def by_word(number: str) -> str | Response:
    """The form, for the level that is open or for the work; an order that needs neither is only shown, and says why."""
    return _form_page(number, None) or _back(number)


def _back(number: str) -> Response:
    flash(_("No approval by word is needed while the order stands as it does."), "warning")
    return redirect(url_for("orders.show", number=number))


def _form_page(number: str, form: Form | None) -> str | None:
    with transaction() as db:
        order, standing = order_standing(db, number, current())
        facts = facts_read(db, order, standing, current())
        if not way_to_word(order, facts):
            return None
        levels = STEPS if facts.open_step_permission else LEVELS
        people = nameable(order, facts, approvers(db, order.branch_id, besides=current(), levels=levels))
        step = next((step for step in order.approvals if step.decision is None), None)
        shown = {"order": order, "open_step": step, "people": options(people)}
        words = {"channels": list(VERBAL_CHANNELS.items()), "hours": settings().approval_backfill_hours}
        return render_template("orders/by_word.html", **shown, **words, form=form, new_key=uuid.uuid4())


@pages.post("/orders/<number>/by-word")
@may("order.take")
def record_by_word(number: str) -> Response | tuple[str, int]:
    """Record who approved by word; for an open level the order goes on at once."""
    form = Form.sent()
    try:
        with transaction() as db:
            told = _record(db, order_id_of(db, number, current()), form)
    except NotFound:
        raise
    except Refusal as refusal:
        page = _form_page(number, form.refused(refusal))
        return (page, refusal.status) if page else _back(number)
    flash(told, "success")
    return redirect(url_for("orders.show", number=number))


def _record(db: Session, order_id: int, form: Form) -> str:
    word, step = _word(form), number_in(form.text("approval"))
    if step is not None:
        row = approve_by_word(db, order_id, word, approval_id=step, by=current(), at=now())
    elif open_approval(db, order_id) is not None:
        raise Conflict(CHANGED)
    else:
        row = record_word(db, order_id, word, by=current(), at=now())
    return str(_("Recorded. %(name)s is asked to confirm it.", name=row.approver.name))


def _word(form: Form) -> SaidWord:
    """What was typed; a form without its own key leads nowhere."""
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    typed = read_word(form.values, zone=current().zone)
    return SaidWord(typed.approver_id, typed.channel, typed.said_at or now(), typed.what_for, key)


# --- backfilling


@dataclass(frozen=True)
class Answer:
    """One way to answer: the operation, and what is said afterwards."""

    carry_out: Callable[..., Order]
    told: Callable[[str], str]
    reason: bool = False


ANSWERS = {
    "confirm": Answer(confirm_word, lambda number: _("%(number)s: the approval by word is backfilled.", number=number)),
    "refuse": Answer(
        refuse_word,
        lambda number: _("%(number)s: refused. The order is not closed before the director has settled it.", number=number),
        reason=True,
    ),
    "settle": Answer(settle_word, lambda number: _("%(number)s: settled.", number=number), reason=True),
}


@pages.post("/approvals/words/<int:word_id>/<any(confirm, refuse, settle):name>")
@may("order.decide")
def answer_word(word_id: int, name: str) -> Response | tuple[str, int]:
    """Confirm or refuse what one is said to have approved; settle what was refused."""
    answer = ANSWERS[name]
    given: dict[str, Any] = {"reason": request.form.get("reason", "").strip()[:2000]} if answer.reason else {}
    number = _number(word_id)
    try:
        with transaction() as db:
            answer.carry_out(db, word_id, **given, by=current(), at=now())
    except Refusal as refusal:
        refused = Refused(name, sentence_of(refusal), Form.sent())
        return approvals_page(refused=refused, refused_word=word_id, refused_number=number), refusal.status
    flash(answer.told(number), "success")
    return redirect(url_for("orders.approvals"))


def _number(word_id: int) -> str:
    with transaction() as db:
        number = word_number(db, word_id, current())
    if number is None:
        raise NotFound
    return number
