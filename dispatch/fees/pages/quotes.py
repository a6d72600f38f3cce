"""Quotations of an order: its card, one of them with its history, what can be done with it, and its paper."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.audit.queries import entries_of
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.discount_queries import depth_of, discount_of
from dispatch.fees.models import Quotation
from dispatch.fees.operations import agree_quotation, decline_quotation, offer_quotation, withdraw_quotation
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.fees.pages.quote_paper import quotation_pdf
from dispatch.fees.quote_forms import read_agreement
from dispatch.fees.quote_queries import quotation_seen, quotations_of, quoted_prices
from dispatch.fees.quote_rules import STATE_WORDS, STEPS, WAYS, stands_as, steps_from
from dispatch.orders.order_queries import order_numbered
from dispatch.orders.pages.history import told_entries
from dispatch.orders.presenting.looks import LOOKS
from dispatch.staff.models import Branch
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say, text_from_json

ACTS = {name for name in LOOKS if name.startswith(("quote.", "quotation."))}
TITLE = say("Quotations")


def _stands(one: Quotation) -> str:
    """How it stands today for the reader."""
    return stands_as(one.state, one.valid_until, _today())


def _today() -> date:
    return local_day(now(), current().zone)


WORDS: dict[str, Any] = {"states": STATE_WORDS, "ways": WAYS, "stands": _stands, "told": text_from_json}


@pages.get("/orders/<number>/quotations")
@may("order.see")
def quotations(number: str) -> str:
    """Those of an order: a section of its page, or a page of its own without scripts."""
    with transaction() as db:
        order = order_numbered(db, number, current())
        shown = {"order": order, "rows": quotations_of(db, order.id), "title": tr(TITLE)}
        whole = "fees/quotes.html" if "HX-Request" not in request.headers else "fees/quote_card.html"
        return render_template(whole, **shown, **WORDS)


@pages.get("/quotations/<int:quotation_id>")
@may("order.see")
def quotation(quotation_id: int) -> Answer:
    """One quotation."""
    return _page(quotation_id, None)


def _page(quotation_id: int, form: Form | None, refusal: Refusal | None = None, acting: str = "") -> Answer:
    with transaction() as db:
        made = quotation_seen(db, quotation_id, current())
        can = _can(made)
        own = discount_of(db, current(), _today()) if "offer" in can else None
        shown = {
            "one": made,
            "own": own,
            "depth": depth_of(made),
            "order": made.order,
            "left": _left(db, made),
            "entries": _entries(db, made),
        }
        labels: dict[str, Text] = {"agreed_by": say("Who has agreed"), "agreed_how": say("How"), "agreed_on": say("On which day")}
        labels |= {"reason": say("Reason")}
        told = {"form": form, "refusal": refusal, "acting": acting, "can": can, "today": _today()}
        named = {name: tr(text) for name, text in labels.items()}
        page = render_template("fees/quote.html", **shown, **told, labels=named, **WORDS)
    return (page, refusal.status) if refusal else page


def _can(made: Quotation) -> list[str]:
    """What the reader can do with it now."""
    return steps_from(_stands(made)) if allowed("quote.make") else []


def _left(db: Session, made: Quotation) -> dict[str, int]:
    """Of an agreed one: code -> how many are not charged yet."""
    return {code: one.left for code, one in quoted_prices(db, made.order_id).items()} if made.state == "agreed" else {}


def _entries(db: Session, made: Quotation) -> Any:
    """What the order's history tells of this one."""
    found = entries_of(db, ("order", made.order_id), ACTS)
    return told_entries(db, [one for one in found if one.detail.get("quotation") == made.id or _about(one.detail, made.number)])


def _about(detail: dict[str, Any], number: str) -> bool:
    """Whether a request's entry is about the quotation of a number."""
    return bool(detail.get("about", {}).get("params", {}).get("number") == number)


def _agree(db: Session, quotation_id: int, form: Form, **who: Any) -> Quotation:
    return agree_quotation(db, quotation_id, read_agreement(form.values), **who)


def _decline(db: Session, quotation_id: int, form: Form, **who: Any) -> Quotation:
    return decline_quotation(db, quotation_id, reason=form.line("reason"), **who)


def _withdraw(db: Session, quotation_id: int, form: Form, **who: Any) -> Quotation:
    return withdraw_quotation(db, quotation_id, reason=form.line("reason"), **who)


def _offer(db: Session, quotation_id: int, form: Form, **who: Any) -> Quotation:
    return offer_quotation(db, quotation_id, **who)


DEEDS: dict[str, Callable[..., Quotation]] = {"offer": _offer, "agree": _agree, "decline": _decline, "withdraw": _withdraw}


@pages.post("/quotations/<int:quotation_id>/<any(offer, agree, decline, withdraw):act>")
@may("quote.make")
def do_quotation(quotation_id: int, act: str) -> Answer:
    """Carry out one form of the page and say so, or show it again with what was wrong."""
    form = Form.sent()
    try:
        with transaction() as db:
            made = DEEDS[act](db, quotation_id, form, by=current(), at=now())
            done = STEPS["ask" if made.state == "waiting" else act].done
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(quotation_id, form.refused(refusal), refusal, act)
    flash(tr(done or say("Saved.")), "success")
    return redirect(url_for("fees.quotation", quotation_id=quotation_id))


@pages.get("/quotations/<int:quotation_id>/paper")
@may("order.see")
def quotation_paper(quotation_id: int) -> Response:
    """The paper for the customer, sealed; only of what was offered."""
    with transaction() as db:
        made = quotation_seen(db, quotation_id, current())
        if made.state in ("draft", "waiting"):
            raise NotFound
        content = quotation_pdf(made, db.get_one(Branch, made.order.branch_id), at=now())
        name = f"{made.number}.pdf"
    return send_file(io.BytesIO(content), mimetype="application/pdf", download_name=name)
