"""A link on the phone: opened without signing in, decided with one deliberate press."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.link_models import Link, RequestLink
from dispatch.approvals.link_rules import UNKNOWN, why_not_use
from dispatch.approvals.operations.linking import behind, facts_of_link
from dispatch.approvals.operations.request_links import use_request_link
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.rules import level_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.models import Order
from dispatch.orders.operations.linking import use_link
from dispatch.orders.pages.barring import is_barred, told_wrong
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.requests import DECIDE
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS, URGENCY_WORDS
from dispatch.web.access import current, public
from dispatch.web.forms import Form

WORDS: dict[str, Any] = {
    "kind_words": KIND_WORDS,
    "urgency_words": URGENCY_WORDS,
    "symptoms": SYMPTOMS,
    "level_word": level_word,
}


@pages.get("/a/<token>")
@public
def approve_by_link(token: str) -> tuple[str, int]:
    """What is to be decided, to whoever holds the link, as long as it is good. Looking decides nothing."""
    return _opened(token)


def _link(db: Session, token: str) -> Link | None:
    """The link of a token, of an order or of a request; None for none, and after too many wrong ones."""
    if is_barred(db):
        return None
    return behind(db, ApprovalLink, token) or behind(db, RequestLink, token)


def _opened(token: str, refused: Refusal | None = None, form: Form | None = None) -> tuple[str, int]:
    with transaction() as db:
        link = _link(db, token)
        if link is not None:
            facts = facts_of_link(link, current().id)
            no = why_not_use(facts, now())
            about = {"order": None, "request": None} if no else _about(db, link)
            thanks = facts.used and facts.reader in (None, facts.approver_id)
            told = {"thanks": thanks, "refused": refused and sentence_of(refused), "form": form, "no": no}
            page = render_template("orders/link.html", link=link, **about, **told, **WORDS)
            return page, refused.status if refused else 200
    return _nowhere()


def _about(db: Session, link: Link) -> dict[str, Any]:
    """What is to be decided: an order, or a request and the order that it belongs to."""
    if isinstance(link, RequestLink):
        request = link.step.request
        return {"request": request, "order": db.get(Order, request.order_id) if request.order_id else None}
    return {"request": None, "order": link.step.order}


def _nowhere() -> tuple[str, int]:
    """An unknown link: counted, and after too many of them nothing is looked up any more."""
    sentence, status = told_wrong(UNKNOWN)
    nothing: dict[str, Any] = dict.fromkeys(("link", "order", "request", "refused", "form"))
    return render_template("orders/link.html", **nothing, thanks=False, no=sentence), status


@pages.post("/a/<token>")
@public
def decide_by_link(token: str) -> Response | tuple[str, int]:
    """Approve or reject, as the person the link was made for."""
    form = Form.sent()
    answer = Answer(form.text("decision") == "approve", form.text("reason")[:2000])
    try:
        with transaction() as db:
            link = _link(db, token) if form.text("decision") in ("approve", "reject") else None
            if link is None:
                raise NotFound
            _use(db, token, link, answer)
    except NotFound:
        return _nowhere()
    except Refusal as refusal:
        return _opened(token, refusal, form.refused(refusal))
    return redirect(url_for("orders.approve_by_link", token=token))


def _use(db: Session, token: str, link: Link, answer: Answer) -> None:
    reader, at = current().id, now()
    if isinstance(link, RequestLink):
        use_request_link(db, link, DECIDE[link.step.request.kind], answer, reader=reader, at=at)
    else:
        use_link(db, token, yes=answer.yes, reason=answer.reason, reader=reader, at=at)
