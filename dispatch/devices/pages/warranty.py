"""The terms of warranties: the company's own, and those of one customer's contracts."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import local_day, now
from dispatch.customers.queries import customer
from dispatch.db import transaction
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import models
from dispatch.devices.rules import UNKNOWN_MODEL_MONTHS
from dispatch.devices.warranting import read_term, set_term, withdraw_term
from dispatch.devices.warranty_queries import warranty_terms
from dispatch.devices.warranty_rules import STARTS
from dispatch.errors import NotFound, Refusal
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/stock/warranty")
@may("price.see")
def warranty_terms_page() -> Answer:
    """The company's own terms: for all models, and for single ones."""
    return _page(None)


@pages.get("/customers/<int:customer_id>/contracts")
@may("price.see")
def contracts(customer_id: int) -> Answer:
    """What a customer's contracts say about warranty."""
    return _page(customer_id)


def _page(customer_id: int | None, form: Form | None = None, refusal: Refusal | None = None, asked: int | None = None) -> Answer:
    """The terms with the form for the next; `asked` is the term whose withdrawal was refused."""
    today = local_day(now(), current().zone)
    with transaction() as db:
        page = render_template(
            "devices/warranty.html",
            customer=customer(db, customer_id, current()) if customer_id is not None else None,
            terms=warranty_terms(db, customer_id),
            models=[(model.name, model.name) for model in models(db)],
            usual=UNKNOWN_MODEL_MONTHS,
            starts=STARTS,
            today=today,
            form=form or Form.of({"starts_with": "installation", "valid_from": today}),
            asked=asked,
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


@pages.post("/stock/warranty")
@may("price.change")
def add_term() -> Answer:
    """A term of the company."""
    return _add(None)


@pages.post("/customers/<int:customer_id>/contracts")
@may("price.change")
def add_contract(customer_id: int) -> Answer:
    """What a contract says."""
    return _add(customer_id)


def _add(customer_id: int | None) -> Answer:
    form = Form.sent()
    key = key_in(form.text("key"))
    if key is None:
        raise NotFound
    try:
        term = read_term({name: form.text(name) for name in form.values}, contract=customer_id is not None)
        with transaction() as db:
            set_term(db, term, customer_id=customer_id, key=key, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(customer_id, form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(_address(customer_id))


def _address(customer_id: int | None) -> str:
    if customer_id is None:
        return url_for("devices.warranty_terms_page")
    return url_for("devices.contracts", customer_id=customer_id)


@pages.post("/stock/warranty/<int:term_id>/withdraw")
@may("price.change")
def withdraw_warranty_term(term_id: int) -> Answer:
    """A term was entered wrongly."""
    form, customer_id = Form.sent(), request.form.get("customer", type=int)
    try:
        with transaction() as db:
            customer_id = withdraw_term(db, term_id, reason=form.text("reason"), by=current(), at=now()).customer_id
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(customer_id, form.refused(refusal), refusal, term_id)
    flash(_("Withdrawn. It stays on record."), "success")
    return redirect(_address(customer_id))
