"""A link for the phone: made by whoever decides, opened without signing in, decided with one deliberate press."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from dispatch.approvals.queries import deciders
from dispatch.approvals.rules import level_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.facts import facts_read
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.link_rules import UNKNOWN, makes_links, why_not_use
from dispatch.orders.models import Order
from dispatch.orders.operations.linking import (
    facts_of_link,
    link_behind,
    make_link,
    revoke_link,
    unrevoked,
    use_link,
    why_not_make,
)
from dispatch.orders.operations.standing_in import who_cannot
from dispatch.orders.order_queries import order_standing
from dispatch.orders.pages.barring import is_barred, told_wrong
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.queries import approval_order
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS, URGENCY_WORDS
from dispatch.web.access import current, may, public
from dispatch.web.forms import Form
from dispatch.web.login import settings

# --- making one


@pages.get("/approvals/<int:approval_id>/link")
@may("order.decide")
def approvals_link(approval_id: int) -> str:
    """For whom a link can be made, and which there are."""
    return _making(approval_id)


def _making(approval_id: int, form: Form | None = None, **made: Any) -> str:
    at = now()
    with transaction() as db:
        _id, number = approval_order(db, approval_id, current())
        order, standing = order_standing(db, number, current())
        step = next(step for step in order.approvals if step.id == approval_id)
        facts = facts_read(db, order, standing, current())
        people = [] if step.decision else deciders(db, step.permission, order.branch_id)
        shut = who_cannot(facts)
        shown = {
            "order": order,
            "step": step,
            "not_made": why_not_make(facts, current()),
            "takes_back": makes_links(current(), step.permission),
            "people": [(one.id, one.name) for one in people if one.id not in shut],
            "links": _links(db, approval_id),
            "hours": settings().approval_link_hours,
        }
        return render_template("orders/link_making.html", **shown, form=form, at=at, level_word=level_word, **made)


def _links(db: Session, approval_id: int) -> list[ApprovalLink]:
    query = sa.select(ApprovalLink).where(ApprovalLink.approval_id == approval_id, ApprovalLink.used_at.is_(None), unrevoked())
    people = (joinedload(ApprovalLink.approver), joinedload(ApprovalLink.made_by))
    return list(db.scalars(query.options(*people).order_by(ApprovalLink.id)))


@pages.post("/approvals/<int:approval_id>/link")
@may("order.decide")
def approvals_make_link(approval_id: int) -> str | tuple[str, int]:
    """Make one and show it, this once: only its hash is kept."""
    form = Form.sent()
    try:
        with transaction() as db:
            order_id, _number = approval_order(db, approval_id, current())
            lasts, whom = timedelta(hours=settings().approval_link_hours), form.number("approver", 0)
            link, token = make_link(db, order_id, approval_id, whom, lasts=lasts, by=current(), at=now())
            name = link.approver.name
    except NotFound:
        raise
    except Refusal as refusal:
        return _making(approval_id, form.refused(refusal)), refusal.status
    return _making(approval_id, made=settings().base_url + url_for("orders.approve_by_link", token=token), made_for=name)


@pages.post("/approvals/links/<int:link_id>/revoke")
@may("order.decide")
def approvals_revoke_link(link_id: int) -> Response:
    """Take one back."""
    with transaction() as db:
        approval_id = db.scalar(sa.select(ApprovalLink.approval_id).where(ApprovalLink.id == link_id))
        approval_order(db, approval_id or 0, current())
    try:
        with transaction() as db:
            revoke_link(db, link_id, by=current(), at=now())
        flash(_("The link is taken back: it opens nothing any more."), "success")
    except NotFound:
        raise
    except Refusal as refusal:
        flash(str(refusal.text), "warning")
    return redirect(url_for("orders.approvals_link", approval_id=approval_id))


# --- using it


@pages.get("/a/<token>")
@public
def approve_by_link(token: str) -> tuple[str, int]:
    """What is to be decided, to whoever holds the link, as long as it is good. Looking decides nothing."""
    return _opened(token)


def _opened(token: str, refused: Refusal | None = None, form: Form | None = None) -> tuple[str, int]:
    at = now()
    with transaction() as db:
        link = None if is_barred(db) else link_behind(db, token)
        if link is not None:
            facts = facts_of_link(link, current().id)
            no = why_not_use(facts, at)
            shown = {
                "link": link,
                "order": None if no else db.get_one(Order, link.order_id),
                "thanks": facts.used and facts.reader in (None, facts.approver_id),
                "refused": refused and sentence_of(refused),
                "form": form,
            }
            words = {"kind_words": KIND_WORDS, "urgency_words": URGENCY_WORDS, "symptoms": SYMPTOMS, "level_word": level_word}
            page = render_template("orders/link.html", **shown, **words, no=no)
            return page, refused.status if refused else 200
    return _nowhere()


def _nowhere() -> tuple[str, int]:
    """An unknown link: counted, and after too many of them nothing is looked up any more."""
    sentence, status = told_wrong(UNKNOWN)
    return render_template("orders/link.html", link=None, order=None, thanks=False, no=sentence, refused=None, form=None), status


@pages.post("/a/<token>")
@public
def decide_by_link(token: str) -> Response | tuple[str, int]:
    """Approve or reject, as the person the link was made for."""
    form = Form.sent()
    yes = form.text("decision") == "approve"
    try:
        with transaction() as db:
            if is_barred(db) or form.text("decision") not in ("approve", "reject"):
                raise NotFound
            use_link(db, token, yes=yes, reason=form.text("reason")[:2000], reader=current().id, at=now())
    except NotFound:
        return _nowhere()
    except Refusal as refusal:
        return _opened(token, refusal, form.refused(refusal))
    return redirect(url_for("orders.approve_by_link", token=token))
