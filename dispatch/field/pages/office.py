"""How the office corrects what was entered wrongly on site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.corrections import CORRECTIONS, Correction, asked_item
from dispatch.orders.queries import order_id_of
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr

Answer = str | AnyResponse | tuple[str, int]


@pages.get("/orders/<number>/corrections/<action>/<int:key>")
@may("fact.correct", "fee.refund", "fee.take")
def correction(number: str, action: str, key: int) -> Answer:
    """The form of one correction: the inside of a dialog, or a page of its own."""
    return _form(number, action, key, None)


@pages.post("/orders/<number>/corrections/<action>/<int:key>")
@may("fact.correct", "fee.refund", "fee.take")
def correct(number: str, action: str, key: int) -> Answer:
    """Carry out one correction."""
    form, chosen = Form.sent(), _chosen(action)
    try:
        with transaction() as db:
            told = chosen.carry_out(db, order_id_of(db, number, current()), key, form)
    except NotFound:
        raise
    except Refusal as refusal:
        return _form(number, action, key, form.refused(refusal))
    flash(tr(told or chosen.done), "success")
    return _back(number)


def _chosen(action: str) -> Correction:
    """The correction by its name. Raises NotFound when there is none, or it is not this person's."""
    found = CORRECTIONS.get(action)
    if found is None or not allowed(found.permission):
        raise NotFound
    return found


def _form(number: str, action: str, key: int, form: Form | None) -> Answer:
    chosen = _chosen(action)
    with transaction() as db:
        subject = chosen.subject(db, order_id_of(db, number, current()), key)
        whole = "field/correction.html" if "HX-Request" not in request.headers else "field/correction_form.html"
        shown = {"chosen": chosen, "subject": subject, "item": asked_item(), "form": form, "channels": CHANNEL_WORDS}
        text = render_template(whole, number=number, url=request.path, **shown)
    return (text, 422) if form is not None and form.errors else text


def _back(number: str) -> AnyResponse:
    """To the order: a dialog on its page has that loaded anew where it stands, the form's own page goes there."""
    order = url_for("orders.show", number=number)
    if "HX-Request" not in request.headers:
        return redirect(order, 303)
    own_page = urlsplit(request.headers.get("HX-Current-URL", "")).path == request.path
    return Response(status=204, headers={"HX-Redirect": order} if own_page else {"HX-Refresh": "true"})
