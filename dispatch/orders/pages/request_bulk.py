"""Approving several requests at once: first what would be done and what not and why, then each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from dispatch.approvals.forms import read_levels
from dispatch.approvals.models import Request
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.queries import request_seen, requests_chosen
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.orders.pages.approvals import MOST_AT_ONCE
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.requests import DECIDE
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.presenting.requests import choice_of
from dispatch.orders.queries import orders_named
from dispatch.web.access import current, may
from dispatch.web.locale import tr
from dispatch.words import Text


@pages.get("/approvals/requests/many")
@may("order.decide")
def approvals_many_requests() -> str | Response:
    """What a yes to all that were checked would come to; nothing is decided yet."""
    return _with_chosen(request.args.getlist("ids"), done=False)


@pages.post("/approvals/requests/many")
@may("order.decide")
def approvals_approve_requests() -> str | Response:
    """Approve them, and say what came of each. Pressed twice it says the same again."""
    return _with_chosen(request.form.getlist("ids"), done=True)


def _with_chosen(texts: Sequence[str], *, done: bool) -> str | Response:
    try:
        chosen = read_levels(texts, most=MOST_AT_ONCE)
    except Invalid as refusal:
        flash(tr(sentence_of(refusal)), "warning")
        return redirect(url_for("orders.approvals", what="requests"), 303)
    refused = {request_id: _try(request_id, step_id) for request_id, step_id in chosen.items()} if done else {}
    return _page(chosen, refused, done=done)


def _try(request_id: int, step_id: int) -> Text | None:
    """Why a request was not approved; None when it was."""
    try:
        with transaction() as db:
            asked: Request = request_seen(db, request_id, current())
            DECIDE[asked.kind](db, request_id, Answer(True, step_id=step_id), by=current(), at=now())
    except Refusal as refusal:
        return sentence_of(refusal)
    return None


def _page(chosen: Mapping[int, int], refused: Mapping[int, Text | None], *, done: bool) -> str:
    with transaction() as db:
        found = requests_chosen(db, chosen, current())
        if not found:
            raise NotFound
        choices = [choice_of(one, chosen[one.id], current(), refused.get(one.id)) for one in found]
        agreed = [one for one in choices if (one.given if done else one.open)]
        return render_template(
            "orders/request_many.html",
            choices=choices,
            agreed=agreed,
            total=sum(one.request.amount or 0 for one in agreed),
            orders=orders_named(db, [one.order_id for one in found if one.order_id]),
            done=done,
        )
