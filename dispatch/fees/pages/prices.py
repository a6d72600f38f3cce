"""The price list: what things cost whom today, what they cost before and will cost."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.customers.models import Customer
from dispatch.customers.queries import customer
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.errors import NotFound, Refusal
from dispatch.fees.models import Price
from dispatch.fees.operations import NewPrice, change_price, end_price, withdraw_price
from dispatch.fees.page_forms import CATEGORIES, read_last_day, read_price
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.fees.parts import without_price
from dispatch.fees.price_queries import PRICE_SORTS, PriceFilter, customer_called, price_on, prices_by_code, prices_of
from dispatch.fees.price_rules import SCOPES, STANDINGS, Whom, standing
from dispatch.staff.models import Branch
from dispatch.staff.queries import branches
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.words import listed


@pages.get("/prices")
@may("price.see")
def index() -> str:
    """Every code with today's price and the next one: everybody's, or those of branches and customers."""
    asked, cut = _filter(), cut_asked(PRICE_SORTS, "category")
    with transaction() as db:
        whose, choices = _whose_asked(db, asked), _branches(db)
        found = prices_by_code(db, _today(), asked, current(), cut=cut)
        models_named = [model.name for model in models(db)] if found.rows else []
        lacking = without_price(db, models_named, _today(), Whom(current().branch_id)) if models_named else []
    around = {"page": Leaf.of(found), "sort": Heads(cut.sort), "lacking": listed(lacking), "whose": whose, "branches": choices}
    return render_template("fees/index.html", rows=found.rows, asked=asked, **around, **_words())


def _today() -> date:
    return local_day(now(), current().zone)


def _words() -> dict[str, Any]:
    return {"CATEGORIES": CATEGORIES, "SCOPES": SCOPES, "STANDINGS": STANDINGS}


def _filter() -> PriceFilter:
    """What the address asks for: a scope, one branch or one customer."""
    scope, words = request.args.get("of", "everybody"), request.args.get("q", "").strip()[:60]
    branch_id, customer_id = (number_in(request.args.get(name)) for name in ("branch", "customer"))
    return PriceFilter(scope if scope in SCOPES else "", branch_id, customer_id, words)


def _whose_asked(db: Session, asked: PriceFilter) -> Branch | Customer | None:
    """The branch or customer that is asked for. Raises NotFound for another branch's."""
    if asked.customer_id is not None:
        return customer(db, asked.customer_id, current())
    if asked.branch_id is None:
        return None
    found = db.get(Branch, asked.branch_id) if current().sees_branch(asked.branch_id) else None
    if found is None:
        raise NotFound
    return found


@pages.get("/prices/<path:code>")
@may("price.see")
def show(code: str) -> Answer:
    """One code with all its prices, and the form for the next."""
    return _code_page(code, None)


def _code_page(code: str, form: Form | None, refusal: Refusal | None = None, acting: int | None = None) -> Answer:
    today = _today()
    with transaction() as db:
        prices = prices_of(db, code, current())
        if not prices:
            raise NotFound
        valid = price_on(db, code, today, Whom(current().branch_id))
        begin = Form.of(_as_now(prices, today) | _whose_begun(db))
        around = {"prices": _standing(prices, today), "shown": valid or prices[0], "branches": _branches(db)}
        page = render_template(
            "fees/show.html",
            code=code,
            valid=valid,
            form=form if acting is None and form else begin,
            ending=form if acting is not None else None,
            acting=acting,
            refusal=refusal,
            today=today,
            labels=_labels(),
            **around,
            **_words(),
        )
    return (page, refusal.status) if refusal else page


def _standing(prices: Any, today: date) -> list[tuple[Price, str]]:
    """Each price with how it stands; they come scope by scope, the latest first."""
    rows: list[tuple[Price, str]] = []
    after: Price | None = None
    for price in prices:
        same = after is not None and (after.branch_id, after.customer_id) == (price.branch_id, price.customer_id)
        next_from = after.valid_from if after is not None and same else None
        rows.append((price, standing(price.valid_from, price.valid_to, next_from=next_from, day=today)))
        after = price
    return rows


def _as_now(prices: Any, day: date) -> dict[str, object]:
    """The form of a change, filled with everybody's price as it is."""
    price = next((one for one in prices if one.valid_from <= day), prices[0])
    return _filled(price) | {"amount": price.amount, "valid_from": day}


def _filled(price: Any) -> dict[str, object]:
    return {"name": price.name, "category": price.category, "tax_rate": f"{float(price.tax_rate * 100):g}%"}


def _whose_begun(db: Session) -> dict[str, object]:
    """Whose price the form begins with: the customer or branch of the address."""
    found = _whose_asked(db, _filter())
    if isinstance(found, Customer):
        return {"customer": found.name, "customer_id": found.id, "amount": ""}
    return {"branch": str(found.id), "amount": ""} if found else {}


def _branches(db: Session) -> list[tuple[str, str]]:
    """Which branches a price can be for."""
    mine = [(str(one.id), one.name) for one in branches(db) if current().sees_branch(one.id)]
    return [("", _("All branches")), *mine]


def _labels() -> dict[str, str]:
    """What the fields are called, for the list of what is wrong."""
    what = {"code": _("Code"), "name": _("Name"), "category": _("Category"), "amount": _("Price with tax")}
    whose = {"branch": _("Branch"), "customer": _("Customer"), "contract": _("Contract")}
    return {**what, "tax_rate": _("Tax rate"), "valid_from": _("Valid from"), "valid_to": _("Last day"), **whose}


@pages.post("/prices/<path:code>")
@may("price.change")
def change(code: str) -> Answer:
    """A new price for a known code, from a day on."""
    form = Form.sent()
    form.values["code"] = code
    try:
        _set(form)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _code_page(code, form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.show", code=code))


@pages.route("/prices/new", methods=["GET", "POST"])
@may("price.change")
def new() -> Answer:
    """A code that was not in the list, or a first price for a branch or customer."""
    if request.method == "GET":
        with transaction() as db:
            begun = _whose_begun(db)
        return _new_page(Form.of({"valid_from": _today(), "category": "part"} | begun))
    form = Form.sent()
    try:
        price = _set(form, known=False)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _new_page(form.refused(refusal), refusal)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.show", code=price.code))


def _new_page(form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        around = {"branches": _branches(db), "whose": _whose_asked(db, _filter())}
    page = render_template("fees/new.html", form=form, labels=_labels(), **around, **_words())
    return (page, refusal.status) if refusal else page


def _set(form: Form, *, known: bool = True) -> NewPrice:
    with transaction() as db:
        _take_over(db, form)
        found = customer_called(db, form.text("customer"), number_in(form.text("customer_id")), current())
        price = read_price({name: form.text(name) for name in form.values}, customer=found)
        change_price(db, price, known=known, today=_today(), by=current(), at=now())
    return price


def _take_over(db: Session, form: Form) -> None:
    """What was left blank of a code that the list has is as the list says."""
    price = price_on(db, form.text("code").upper(), _today())
    for name, value in _filled(price).items() if price and (form.text("customer") or form.text("branch")) else ():
        form.values[name] = value


def _who() -> dict[str, Any]:
    return {"today": _today(), "by": current(), "at": now()}


@pages.post("/prices/<path:code>/<int:price_id>/<any(end, withdraw):act>")
@may("price.change")
def end(code: str, price_id: int, act: str) -> Answer:
    """Let a price end with a day, or take one that has not begun off the list."""
    form, who = Form.sent(), _who()
    try:
        with transaction() as db:
            if act == "end":
                end_price(db, price_id, read_last_day(form.values), **who)
            else:
                withdraw_price(db, price_id, **who)
            left = prices_of(db, code)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _code_page(code, form.refused(refusal), refusal, price_id)
    flash(_("Saved."), "success")
    return redirect(url_for("fees.show", code=code) if left else url_for("fees.index"))
