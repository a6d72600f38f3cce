"""The page that changes a draft."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.errors import NotFound, Refusal
from dispatch.orders.models import Order
from dispatch.orders.operations.rewriting import rewrite as rewrite_order
from dispatch.orders.order_queries import order_numbered
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.queries import order_id_of
from dispatch.orders.rules import SYMPTOMS, URGENCY_WORDS
from dispatch.orders.word_forms import read_words, typed_words
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr


@pages.get("/orders/<number>/words")
@may("order.take")
def words(number: str) -> str | Response:
    """The words of a draft, to be changed; any other order is only shown, and says why."""
    with transaction() as db:
        status = db.get_one(Order, order_id_of(db, number, current())).status
    if status != "draft":
        flash(_("Only a draft can be changed. Reject it, or take it back to rework first."), "warning")
        return redirect(url_for("orders.show", number=number))
    return _page(number, None)


@pages.post("/orders/<number>/words")
@may("order.take")
def rewrite(number: str) -> Response | tuple[str, int]:
    """Save the words of a draft."""
    form = Form.sent()
    try:
        with transaction() as db:
            order = db.get_one(Order, order_id_of(db, number, current()))
            wanted = read_words(order.kind, form.values)
            rewrite_order(db, order.id, wanted, version=form.number("version", -1), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, form.refused(refusal)), refusal.status
    flash(_("The draft is changed. Send it for approval when it is right."), "success")
    return redirect(url_for("orders.show", number=number))


def _page(number: str, form: Form | None) -> str:
    with transaction() as db:
        order = order_numbered(db, number, current())
        known = [model.name for model in models(db)]
        return render_template(
            "orders/words.html",
            order=order,
            form=form or Form.of(typed_words(order)),
            symptoms=[(code, tr(symptom.words)) for code, symptom in SYMPTOMS.items()],
            urgencies=[(code, tr(word)) for code, word in URGENCY_WORDS.items()],
            models=known,
        )
