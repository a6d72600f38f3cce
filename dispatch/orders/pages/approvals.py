"""What waits for a decision, urgent first; decided one by one or many at once (P3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.approvals.queries import requests_waiting
from dispatch.approvals.rules import level_word
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.forms import read_number
from dispatch.orders.models import Approval, Order
from dispatch.orders.operations.approving import approve as approve_step
from dispatch.orders.operations.approving import reject as reject_step
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.requests import address
from dispatch.orders.pages.showing import Refused, sentence_of
from dispatch.orders.presenting.actions import Action, decisions_of
from dispatch.orders.presenting.lines import models_wanted
from dispatch.orders.presenting.requests import asked_card
from dispatch.orders.presenting.verbal import WordCard, card_of
from dispatch.orders.queries import DECISION_SORTS, approval_order, orders_named, waiting_for
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS, URGENCY_WORDS, lateness
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_queries import waiting_words
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.outside.queries import undecided_count
from dispatch.staff.deputies import deputies_at
from dispatch.staff.roster_queries import leaves_asked
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import Text, say

MOST_AT_ONCE = 200
LIST = "orders.approvals"
SORT_WORDS: dict[str, Text] = {
    "urgent": say("Most urgent first"),
    "oldest": say("Oldest first"),
    "wanted": say("Wanted soonest first"),
}
WORDS = {
    "kind_words": KIND_WORDS,
    "urgency_words": URGENCY_WORDS,
    "symptoms": SYMPTOMS,
    "channels": VERBAL_CHANNELS,
}


@dataclass(frozen=True)
class Waiting:
    """One card: the approval, its buttons, and what the order asks for."""

    approval: Approval
    actions: list[Action]
    models: list[tuple[str, int]]
    edge: str | None
    own_branch: bool
    """False where the reader only stands in: he sees what waits, not the order."""

    @property
    def can_decide(self) -> bool:
        """This reader may decide it."""
        return self.actions[0].allowed


@dataclass(frozen=True)
class NotTaken:
    """One order that could not be decided with the others, and why."""

    subject: str
    text: Text


@pages.get("/approvals")
@may("order.decide")
def approvals() -> str:
    """What waits for the reader's decision."""
    return approvals_page()


def approvals_page(**extra: Any) -> str:
    """The page, with what was refused or could not be taken on top."""
    with transaction() as db:
        cut = cut_asked(DECISION_SORTS, "urgent")
        found = waiting_for(db, current(), cut=cut)
        asked_for = [asked_card(one, current(), address) for one in requests_waiting(db, current(), limit=MOST_AT_ONCE)]
        owed = [_word_card(word) for word in waiting_words(db, current(), at=now(), limit=MOST_AT_ONCE)]
        standing_in = deputies_at(db, now(), deputy_id=current().id) if current().places else []
        asked = {"leave": leaves_asked(db, current(), at=now()), "outside": undecided_count(db, current())}
        nothing: dict[str, Any] = {"refused": None, "not_taken": [], "taken": 0, **asked}
        return render_template(
            "orders/approvals.html",
            cards=[_card(approval) for approval in found.rows],
            page=Leaf.of(found, LIST),
            sort=Heads(cut.sort, LIST),
            sorts=SORT_WORDS,
            owed=owed,
            asked_for=asked_for,
            asked_orders=orders_named(db, [one.request.order_id for one in asked_for if one.request.order_id]),
            level_word=level_word,
            standing_in=standing_in,
            **WORDS,
            **(nothing | extra),
        )


def _card(approval: Approval) -> Waiting:
    actions = decisions_of(approval, current(), lambda name: url_for(f"orders.{name}", approval_id=approval.id))
    today = local_day(now(), current().zone)
    order = approval.order
    own_branch = current().sees_branch(order.branch_id)
    return Waiting(approval, actions, models_wanted(order), lateness(order.status, order.wanted_on, today), own_branch)


def _word_card(word: VerbalApproval) -> WordCard:
    return card_of(word, current().id, now(), lambda name: url_for("orders.answer_word", word_id=word.id, name=name))


@pages.post("/approvals/<int:approval_id>/approve")
@may("order.decide")
def approve(approval_id: int) -> Response | tuple[str, int]:
    """Approve one."""
    try:
        order = _approve(approval_id)
    except NotFound:
        raise
    except Refusal as refusal:
        return _refused(approval_id, "approve", refusal)
    return _decided(order)


@pages.post("/approvals/<int:approval_id>/reject")
@may("order.decide")
def reject(approval_id: int) -> Response | tuple[str, int]:
    """Reject one with a reason."""
    reason = request.form.get("reason", "").strip()[:2000]
    try:
        with transaction() as db:
            order_id, _number = approval_order(db, approval_id, current())
            order = reject_step(db, order_id, approval_id=approval_id, reason=reason, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _refused(approval_id, "reject", refusal)
    return _decided(order)


def _approve(approval_id: int) -> Order:
    with transaction() as db:
        order_id, _number = approval_order(db, approval_id, current())
        return approve_step(db, order_id, approval_id=approval_id, by=current(), at=now())


def _decided(order: Order) -> Response:
    if order.status == "approved":
        flash(_("%(number)s is approved.", number=order.number), "success")
    elif order.status == "rejected":
        flash(_("%(number)s is rejected.", number=order.number), "success")
    else:
        flash(_("%(number)s is approved at your level; the next level decides.", number=order.number), "success")
    return redirect(url_for("orders.approvals"))


def _refused(approval_id: int, name: str, refusal: Refusal) -> tuple[str, int]:
    refused = Refused(name, sentence_of(refusal), Form.sent())
    return approvals_page(refused=refused, refused_id=approval_id, refused_number=_number_of(approval_id)), refusal.status


def _number_of(approval_id: int) -> str:
    with transaction() as db:
        return approval_order(db, approval_id, current())[1]


@pages.post("/approvals/approve")
@may("order.decide")
def approve_many() -> str:
    """Approve all that were checked, each in a transaction of its own; says which were not possible and why."""
    ids = [read_number(typed, 0) for typed in request.form.getlist("ids")[:MOST_AT_ONCE]]
    not_taken = [problem for approval_id in ids if (problem := _try(approval_id))]
    return approvals_page(not_taken=not_taken, taken=len(ids) - len(not_taken))


def _try(approval_id: int) -> NotTaken | None:
    try:
        _approve(approval_id)
    except NotFound as refusal:
        return NotTaken("", refusal.text)
    except Refusal as refusal:
        return NotTaken(_number_of(approval_id), sentence_of(refusal))
    return None
