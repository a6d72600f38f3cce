"""Asking for an invoice over one order, or over several of a customer: the form, with the buyer of last time in it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.invoices.forms import read_request
from dispatch.invoices.list_queries import orders_by_number
from dispatch.invoices.models import InvoiceBuyer
from dispatch.invoices.operations import ask
from dispatch.invoices.operations.asking import MOST_ORDERS
from dispatch.invoices.pages.blueprint import Answer, pages
from dispatch.invoices.queries import buyers_of, rests_of
from dispatch.invoices.rules import KIND_WORDS, MEDIUM_WORDS, totals, whole_lines
from dispatch.orders.models import Order
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import say

BUYER_FIELDS = ("title", "uscc", "kind", "medium", "address", "phone", "bank", "account", "send_to")


@pages.get("/invoices/new")
@may("invoice.ask")
def new() -> Answer:
    """The form, over the orders that the address names; `?buyer=` is one of those the customer had before."""
    return _form(None)


@pages.post("/invoices/new")
@may("invoice.ask")
def ask_for() -> Answer:
    """Ask for it."""
    form = Form.sent()
    try:
        typed = read_request({name: form.text(name) for name in form.values})
        with transaction() as db:
            ids = _orders(db, form.texts("order"))
            chosen = form.texts("line") if form.text("choosing") else None
            made = ask(db, ids, typed.buyer, remark=typed.remark, key=typed.key, chosen=chosen, by=current(), at=now())
            made_id, number = made.id, made.request_number
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _form(form.refused(refusal), refusal)
    flash(_("Asked for as %(number)s. Finance issues it.", number=number), "success")
    return redirect(url_for("invoices.show", invoice_id=made_id))


def _orders(db: Session, numbers: Sequence[str]) -> list[int]:
    """The ids of the orders that are named. Raises NotFound for one that is not this person's to see."""
    wanted = dict.fromkeys(numbers)
    if not wanted or len(wanted) > MOST_ORDERS:
        raise Invalid({"order": say("Between 1 and %(most)s orders, please.", most=MOST_ORDERS)})
    found = orders_by_number(db, list(wanted), current())
    if len(found) != len(wanted):
        raise NotFound
    return [found[number] for number in wanted]


def _form(form: Form | None, refusal: Refusal | None = None) -> Answer:
    numbers = list(dict.fromkeys(form.texts("order") if form else request.args.getlist("order")))
    with transaction() as db:
        try:
            ids = _orders(db, numbers)
        except Invalid:
            raise NotFound from None
        first = db.get_one(Order, ids[0])
        known = buyers_of(db, first.customer_id)
        lines = whole_lines(rests_of(db, ids))
        orders = dict(zip(ids, numbers, strict=True))
        customer = db.get_one(Customer, first.customer_id).name
    chosen = number_in(request.args.get("buyer", ""))
    last = next((one for one in known if one.id == chosen), known[0] if known else None)
    ticked = set(form.texts("line")) if form and form.text("choosing") else {one.item.key for one in lines}
    shown = {"numbers": numbers, "customer": customer, "known": known, "chosen": last, "lines": lines, "ticked": ticked}
    page = render_template(
        "invoices/new.html",
        **shown,
        orders=orders,
        sums=totals(one for one in lines if one.item.key in ticked),
        form=form or Form.of(_begin(last, customer)),
        refusal=refusal,
        kinds=KIND_WORDS.items(),
        mediums=MEDIUM_WORDS.items(),
        labels={"title": _("Title"), "uscc": _("Credit code"), "address": _("Address"), "phone": _("Phone")}
        | {"bank": pgettext("invoice", "Bank"), "account": _("Account number"), "send_to": _("Send it to")}
        | {"remark": _("Remark"), "line": _("What it is over")},
    )
    return (page, refusal.status) if refusal else page


def _begin(last: InvoiceBuyer | None, customer: str) -> dict[str, Any]:
    """What the form begins with: the buyer of last time, else the customer himself."""
    usual = {"title": customer, "kind": "ordinary", "medium": "electronic"}
    held = {name: getattr(last, name) for name in BUYER_FIELDS} if last else usual
    return {**held, "request_key": str(uuid.uuid4())}
