"""What waits for a decision: orders, or purchases and favours; decided one by one or many at once (P3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.queries import REQUEST_SORTS, requests_total, requests_waiting
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
from dispatch.orders.queries import DECISION_SORTS, approval_order, orders_named, waiting_count, waiting_for
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
from dispatch.web.locale import tr
from dispatch.words import Text, say

MOST_AT_ONCE = 200
LIST = "orders.approvals"
SORT_WORDS: dict[str, Text] = {
    "urgent": say("Most urgent first"),
    "oldest": say("Oldest first"),
    "wanted": say("Wanted soonest first"),
}
REQUEST_WORDS: dict[str, Text] = {
    "oldest": say("Oldest first"),
    "-amount": say("Largest amount first"),
    "kind": say("By kind"),
}
VIEWS: dict[str, Text] = {"orders": say("Orders"), "requests": say("Purchases and favours")}
WORDS = {
    "kind_words": KIND_WORDS,
    "urgency_words": URGENCY_WORDS,
    "symptoms": SYMPTOMS,
    "channels": VERBAL_CHANNELS,
    "level_word": level_word,
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
    return approvals_page(request.args.get("what"))


def approvals_page(what: str | None = "orders", **extra: Any) -> str:
    """The page, with what was refused or could not be taken on top. Unless it is said what is looked at, it is what there is."""
    with transaction() as db:
        owed = [_word_card(word) for word in waiting_words(db, current(), at=now(), limit=MOST_AT_ONCE)]
        counts = {"orders": waiting_count(db, current()), "requests": requests_total(db, current())}
        if what not in VIEWS:
            what = "requests" if counts["requests"] and not counts["orders"] and not owed else "orders"
        standing_in = deputies_at(db, now(), deputy_id=current().id) if current().places else []
        asked = {"leave": leaves_asked(db, current(), at=now()), "outside": undecided_count(db, current())}
        nothing: dict[str, Any] = {"refused": None, "not_taken": [], "taken": 0, "cards": [], "asked_for": [], **asked}
        return render_template(
            "orders/approvals.html",
            **(nothing | (_requests(db) if what == "requests" else _orders(db)) | extra),
            what=what,
            waiting=sum(counts.values()) + len(owed),
            chips=_chips(what, counts, len(owed)),
            owed=owed if what == "orders" else [],
            most_owed=MOST_AT_ONCE,
            standing_in=standing_in,
            **WORDS,
        )


def _orders(db: Session) -> dict[str, Any]:
    cut = cut_asked(DECISION_SORTS, "urgent")
    found = waiting_for(db, current(), cut=cut)
    cards = [_card(approval) for approval in found.rows]
    return {"cards": cards, "page": Leaf.of(found, LIST), "sort": Heads(cut.sort, LIST), "sorts": SORT_WORDS}


def _requests(db: Session) -> dict[str, Any]:
    cut = cut_asked(REQUEST_SORTS, "oldest")
    found = requests_waiting(db, current(), cut=cut)
    about = orders_named(db, [one.order_id for one in found.rows if one.order_id])
    shown = {"asked_for": [asked_card(one, current(), address) for one in found.rows], "asked_orders": about}
    return {**shown, "page": Leaf.of(found, LIST, what="requests"), "sort": Heads(cut.sort, LIST), "sorts": REQUEST_WORDS}


def _chips(chosen: str, counts: Mapping[str, int], owed: int) -> list[dict[str, Any]]:
    """What there is to look at; nothing where only orders are."""
    if not counts["requests"] and chosen == "orders":
        return []
    seen = {**counts, "orders": counts["orders"] + owed}
    return [
        {"label": tr(word), "count": seen[what], "active": what == chosen, "url": url_for(LIST, what=what)}
        for what, word in VIEWS.items()
    ]


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
