"""Making a quotation, and changing its draft: a line is a thing of the price list, how many, and the price for one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.discount_queries import discount_of
from dispatch.fees.models import Quotation
from dispatch.fees.operations import change_quotation, draft_quotation
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.fees.price_queries import prices_on, whom_of
from dispatch.fees.quote_forms import compacted, count_of, read_offer
from dispatch.fees.quote_queries import quotation_seen
from dispatch.fees.quote_rules import MOST_LINES, check_step
from dispatch.fees.rules import yuan
from dispatch.orders.models import Order
from dispatch.orders.order_queries import order_numbered
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form

USUAL_DAYS = 30
LEAST_ROWS, SPARE_ROWS = 4, 2


@pages.route("/orders/<number>/quotations/new", methods=["GET", "POST"])
@may("quote.make")
def new_quotation(number: str) -> Answer:
    """A new one for an order."""
    if request.method == "GET":
        until = local_day(now(), current().zone) + timedelta(days=USUAL_DAYS)
        return _form(number, Form.of({"valid_until": until, "request_key": str(uuid.uuid4())}))
    form = _sent()
    try:
        offer = read_offer(form.values)
        with transaction() as db:
            order = order_numbered(db, number, current())
            key = key_in(form.text("request_key")) or uuid.uuid4()
            made_id = draft_quotation(db, order.id, offer, key=key, by=current(), at=now()).id
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _form(number, form.refused(refusal), refusal)
    flash(_("Saved. It is a draft until you offer it."), "success")
    return redirect(url_for("fees.quotation", quotation_id=made_id))


@pages.route("/quotations/<int:quotation_id>/change", methods=["GET", "POST"])
@may("quote.make")
def edit_quotation(quotation_id: int) -> Answer:
    """Another draft in its place."""
    form = _sent() if request.method == "POST" else None
    with transaction() as db:
        made = quotation_seen(db, quotation_id, current())
        number, kept = made.order.number, _as_is(made)
        if form is None:
            check_step("change", made.state)
    if form is None:
        return _form(number, Form.of(kept), quotation_id=quotation_id)
    try:
        offer = read_offer(form.values)
        with transaction() as db:
            change_quotation(db, quotation_id, offer, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _form(number, form.refused(refusal), refusal, quotation_id)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.quotation", quotation_id=quotation_id))


def _sent() -> Form:
    form = Form.sent()
    form.values = compacted(form.values)
    return form


def _as_is(made: Quotation) -> dict[str, Any]:
    """The form of a change, filled with the draft as it is."""
    values: dict[str, Any] = {"valid_until": made.valid_until, "reason": made.reason, "note": made.note}
    for n, line in enumerate(made.lines):
        price = None if line.unit_price == line.listed_price else line.unit_price
        values |= {f"code-{n}": line.code, f"quantity-{n}": line.quantity, f"unit_price-{n}": price}
    return values


def _form(number: str, form: Form, refusal: Refusal | None = None, quotation_id: int | None = None) -> Answer:
    with transaction() as db:
        order = order_numbered(db, number, current())
        rows = min(MOST_LINES, max(LEAST_ROWS, count_of(form.values) + SPARE_ROWS))
        shown = {"order": order, "rows": rows, "prices": _prices(db, order), "quotation_id": quotation_id, "form": form}
        own = discount_of(db, current(), local_day(now(), current().zone))
        page = render_template("fees/quote_form.html", **shown, refusal=refusal, labels=_labels(rows), own=own)
    return (page, refusal.status) if refusal else page


def _prices(db: Session, order: Order) -> list[tuple[str, str]]:
    """What can be chosen: everything that has a price for this customer today."""
    listed = prices_on(db, local_day(now(), current().zone), whom_of(order))
    return [("", "—")] + [(price.code, f"{price.code} {price.name} · {yuan(price.amount)}") for price in listed]


def _labels(rows: int) -> dict[str, str]:
    """The names of the fields, for the summary of what is wrong."""
    names = {"code": _("Part or service"), "quantity": _("How many"), "unit_price": _("Price for one")}
    lines = {f"{field}-{n}": f"{word} ({n + 1})" for field, word in names.items() for n in range(rows)}
    return {**lines, "valid_until": _("Valid until"), "reason": _("Why below the list"), "note": _("Note for the customer")}
