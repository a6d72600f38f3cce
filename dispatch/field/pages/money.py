"""Money on site: what it costs and why, and what is paid."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.price_queries import prices_on, whom_of
from dispatch.fees.quote_queries import quoted_prices
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.forgiving import WHY
from dispatch.field.forms import read_charge, read_payment, read_reason
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.sending import Answer, Refused, taken
from dispatch.field.pages.stop import shown
from dispatch.orders.order_queries import lines_named
from dispatch.paycodes.gateway import offered
from dispatch.paycodes.queries import alive_code
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import say, text_from_json


@pages.get("/my-day/visits/<int:visit_id>/price")
@may("visit.drive")
def price(visit_id: int) -> str:
    """What is charged, by which rule, and the total."""
    return price_page(visit_id)


def price_page(visit_id: int, refused: Refused | None = None) -> str:
    """The price, with a refused form on it."""
    with transaction() as db:
        seen = shown(db, visit_id, refused)
        order = seen["stop"].order
        listed = prices_on(db, local_day(now(), current().zone), whom_of(order))
        services = [price for price in listed if price.category == "service"]
        quoted = {code: one for code, one in quoted_prices(db, order.id).items() if one.left > 0}
        asked = {"quoted": quoted, "goodwill": goodwill_of(db, order.id) if order.kind == "repair" else {}, "why": WHY}
        lines = {line.id: line for line in order.lines}
        lines |= lines_named(db, {one.line_id for one in seen["stop"].charges if one.line_id} - lines.keys())
        return render_template("field/price.html", **seen, **asked, services=services, lines=lines, told=text_from_json)


@pages.post("/my-day/visits/<int:visit_id>/price/add")
@may("visit.drive")
def add_charge(visit_id: int) -> Answer:
    """Charge something of the price list."""
    told = say("Added to the price.")
    return _change_price(visit_id, "charge.add", lambda form: read_charge(form.values), told)


@pages.post("/my-day/visits/<int:visit_id>/price/take-back")
@may("visit.drive")
def take_back(visit_id: int) -> Answer:
    """Take a charge back."""
    return _change_price(visit_id, "charge.take_back", _taken_back, say("Taken back."))


def _taken_back(form: Form) -> dict[str, Any]:
    charge = number_in(form.text("charge"))
    if charge is None:
        raise NotFound
    return {"charge": charge, "reason": read_reason(form.values)}


def _change_price(visit_id: int, step: str, read: Any, told: Any) -> Answer:
    return taken(
        visit_id,
        step,
        lambda form: [(step, read(form))],
        told=told,
        to=url_for("field.price", visit_id=visit_id),
        again=lambda refused: price_page(visit_id, refused),
    )


@pages.get("/my-day/visits/<int:visit_id>/payment")
@may("visit.drive")
def payment(visit_id: int) -> str:
    """What is due, and the receipts that were written."""
    return payment_page(visit_id)


def payment_page(visit_id: int, refused: Refused | None = None) -> str:
    """The payment, with a refused form on it."""
    with transaction() as db:
        seen = shown(db, visit_id, refused)
        alive = alive_code(db, seen["stop"].order.id) if offered() else None
        codes = {"offered": offered(), "code": alive if alive and alive.expires_at > now() else None}
        return render_template("field/payment.html", **seen, **codes, channels=CHANNEL_WORDS, told=text_from_json)


@pages.post("/my-day/visits/<int:visit_id>/payment")
@may("visit.drive")
def take_payment(visit_id: int) -> Answer:
    """Take money: all that is due, or part of it."""
    return taken(
        visit_id,
        "payment.take",
        lambda form: [("payment.take", read_payment(form.values))],
        told=None,
        to=url_for("field.payment", visit_id=visit_id),
        again=lambda refused: payment_page(visit_id, refused),
    )
