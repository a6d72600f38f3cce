"""Making a link for the phone, and taking it back: of an order's open level, or of a request's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.link_models import Link, RequestLink
from dispatch.approvals.link_rules import makes_links
from dispatch.approvals.models import Request, RequestStep, Step
from dispatch.approvals.operations import request_links
from dispatch.approvals.operations.linking import why_not_make
from dispatch.approvals.queries import deciders, request_seen, turn_of
from dispatch.approvals.rules import Turn, level_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.facts import facts_read
from dispatch.orders.link_models import ApprovalLink
from dispatch.orders.models import Order
from dispatch.orders.operations import linking
from dispatch.orders.order_queries import order_standing
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.queries import approval_order
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.login import settings

Issued = tuple[Link, str]


@dataclass(frozen=True)
class Level:
    """What a link is made for: the level, who is before it, what it is a level of, and the links that are out."""

    step: Step
    branch_id: int
    turn: Turn
    links: Sequence[Link]
    order: Order | None = None
    request: Request | None = None


def _of_order(db: Session, approval_id: int) -> Level:
    order, standing = order_standing(db, approval_order(db, approval_id, current())[1], current())
    step = next(step for step in order.approvals if step.id == approval_id)
    turn = facts_read(db, order, standing, current()).turn
    return Level(step, order.branch_id, turn, linking.links_out(db, approval_id), order)


def _of_request(db: Session, request_id: int, step_id: int) -> Level:
    """Of a request of the reader's own branches. Raises NotFound."""
    asked = request_seen(db, request_id, current())
    step = next((step for step in asked.steps if step.id == step_id), None)
    if step is None or not current().sees_branch(asked.branch_id):
        raise NotFound
    order = db.get(Order, asked.order_id) if asked.order_id else None
    return Level(step, asked.branch_id, turn_of(asked, current()), request_links.links_out(db, step_id), order, asked)


def _page(level_of: Callable[[Session], Level], form: Form | None = None, **made: Any) -> str:
    with transaction() as db:
        level = level_of(db)
        people = [] if level.step.decision else deciders(db, level.step.permission, level.branch_id)
        shown = {
            "not_made": why_not_make(level.turn, current()),
            "takes_back": makes_links(current(), level.step.permission),
            "people": [(one.id, one.name) for one in people if one.id not in level.turn.barred],
            "revoke": "orders.approvals_revoke_request_link" if level.request else "orders.approvals_revoke_link",
            "hours": settings().approval_link_hours,
        }
        return render_template("orders/link_making.html", of=level, **shown, form=form, at=now(), level_word=level_word, **made)


def _made(level_of: Callable[[Session], Level], make: Callable[[Session, int, timedelta], Issued]) -> str | tuple[str, int]:
    """Make one and show it, this once: only its hash is kept."""
    form = Form.sent()
    try:
        with transaction() as db:
            level_of(db)
            link, token = make(db, form.number("approver", 0), timedelta(hours=settings().approval_link_hours))
            name = link.approver.name
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(level_of, form.refused(refusal)), refusal.status
    return _page(level_of, made=settings().base_url + url_for("orders.approve_by_link", token=token), made_for=name)


def _taken_back(revoke: Callable[[Session], Any], to: str) -> Response:
    try:
        with transaction() as db:
            revoke(db)
        flash(_("The link is taken back: it opens nothing any more."), "success")
    except NotFound:
        raise
    except Refusal as refusal:
        flash(str(refusal.text), "warning")
    return redirect(to)


# --- of an order


@pages.get("/approvals/<int:approval_id>/link")
@may("order.decide")
def approvals_link(approval_id: int) -> str:
    """For whom a link can be made, and which there are."""
    return _page(lambda db: _of_order(db, approval_id))


@pages.post("/approvals/<int:approval_id>/link")
@may("order.decide")
def approvals_make_link(approval_id: int) -> str | tuple[str, int]:
    """Make one."""

    def make(db: Session, whom: int, lasts: timedelta) -> Issued:
        order_id, _number = approval_order(db, approval_id, current())
        return linking.make_link(db, order_id, approval_id, whom, lasts=lasts, by=current(), at=now())

    return _made(lambda db: _of_order(db, approval_id), make)


@pages.post("/approvals/links/<int:link_id>/revoke")
@may("order.decide")
def approvals_revoke_link(link_id: int) -> Response:
    """Take one back."""
    with transaction() as db:
        approval_id = db.scalar(sa.select(ApprovalLink.approval_id).where(ApprovalLink.id == link_id))
        approval_order(db, approval_id or 0, current())
    to = url_for("orders.approvals_link", approval_id=approval_id)
    return _taken_back(lambda db: linking.revoke_link(db, link_id, by=current(), at=now()), to)


# --- of a request


@pages.get("/approvals/requests/<int:request_id>/<int:step_id>/link")
@may("order.decide")
def approvals_link_request(request_id: int, step_id: int) -> str:
    """For whom a link to a level of a request can be made, and which there are."""
    return _page(lambda db: _of_request(db, request_id, step_id))


@pages.post("/approvals/requests/<int:request_id>/<int:step_id>/link")
@may("order.decide")
def approvals_make_request_link(request_id: int, step_id: int) -> str | tuple[str, int]:
    """Make one."""

    def make(db: Session, whom: int, lasts: timedelta) -> Issued:
        return request_links.make_request_link(db, step_id, whom, lasts=lasts, by=current(), at=now())

    return _made(lambda db: _of_request(db, request_id, step_id), make)


@pages.post("/approvals/requests/links/<int:link_id>/revoke")
@may("order.decide")
def approvals_revoke_request_link(link_id: int) -> Response:
    """Take one back."""
    with transaction() as db:
        level = sa.select(RequestStep.request_id, RequestStep.id).join(RequestLink, RequestLink.step_id == RequestStep.id)
        found = db.execute(level.where(RequestLink.id == link_id)).one_or_none()
        if found is None:
            raise NotFound
        request_seen(db, found[0], current())
    to = url_for("orders.approvals_link_request", request_id=found[0], step_id=found[1])
    return _taken_back(lambda db: request_links.revoke_request_link(db, link_id, by=current(), at=now()), to)
