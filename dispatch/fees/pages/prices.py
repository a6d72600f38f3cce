"""The price list: what things cost today, what they cost before and will cost."""

from __future__ import annotations

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.errors import NotFound, Refusal
from dispatch.fees.models import Price
from dispatch.fees.operations import NewPrice, change_price
from dispatch.fees.page_forms import CATEGORIES, read_price
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.fees.parts import without_price
from dispatch.fees.queries import PRICE_SORTS, prices_by_code, prices_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import listed


@pages.get("/prices")
@may("price.see")
def index() -> str:
    """Every code with today's price and the next one."""
    words, cut = request.args.get("q", "").strip()[:60], cut_asked(PRICE_SORTS, "category")
    with transaction() as db:
        day = local_day(now(), current().zone)
        found = prices_by_code(db, day, words, cut=cut)
        lacking = without_price(db, [model.name for model in models(db)], day) if found.rows else []
    around = {"words": words, "page": Leaf.of(found), "sort": Heads(cut.sort), "lacking": listed(lacking)}
    return render_template("fees/index.html", rows=found.rows, CATEGORIES=CATEGORIES, **around)


@pages.get("/prices/<path:code>")
@may("price.see")
def show(code: str) -> Answer:
    """One code with all its prices, and the form for the next."""
    return _code_page(code, None)


def _code_page(code: str, form: Form | None, refusal: Refusal | None = None) -> Answer:
    today = local_day(now(), current().zone)
    with transaction() as db:
        prices = prices_of(db, code)
    if not prices:
        raise NotFound
    valid = next((price for price in prices if price.valid_from <= today), None)
    shown = valid or prices[0]
    form = form or Form.of(_as_now(shown, today))
    page = render_template(
        "fees/show.html", code=code, prices=prices, valid=valid, shown=shown, form=form, today=today, CATEGORIES=CATEGORIES
    )
    return (page, refusal.status) if refusal else page


def _as_now(price: Price, day: date) -> dict[str, object]:
    """The form of a change, filled with the price as it is."""
    rate = f"{float(price.tax_rate * 100):g}%"
    return {"name": price.name, "category": price.category, "amount": price.amount, "tax_rate": rate, "valid_from": day}


@pages.post("/prices/<path:code>")
@may("price.change")
def change(code: str) -> Answer:
    """A new price for a known code, from a day on."""
    form = Form.sent()
    form.values["code"] = code
    try:
        _set(form)
    except Refusal as refusal:
        return _code_page(code, form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.show", code=code))


@pages.route("/prices/new", methods=["GET", "POST"])
@may("price.change")
def new() -> Answer:
    """A code that was not in the list."""
    form = (
        Form.sent() if request.method == "POST" else Form.of({"valid_from": local_day(now(), current().zone), "category": "part"})
    )
    if request.method == "GET":
        return _new_page(form)
    try:
        price = _set(form, known=False)
    except Refusal as refusal:
        return _new_page(form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.show", code=price.code))


def _new_page(form: Form, refusal: Refusal | None = None) -> Answer:
    page = render_template("fees/new.html", form=form, CATEGORIES=CATEGORIES)
    return (page, refusal.status) if refusal else page


def _set(form: Form, *, known: bool = True) -> NewPrice:
    price = read_price({name: form.text(name) for name in form.values})
    with transaction() as db:
        change_price(db, price, known=known, today=local_day(now(), current().zone), by=current(), at=now())
    return price
