"""Goodwill for one vehicle of a repair: the desk asks on a page; the technician asks from the price."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Goodwill
from dispatch.fees.operations import ask_goodwill
from dispatch.fees.queries import charges_of, warranty_of_line
from dispatch.field.forgiving import read_goodwill
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.money import price_page
from dispatch.field.pages.sending import Acts, taken
from dispatch.field.summary import standing
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.order_queries import line_at, order_numbered
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import say, text_from_json

Answer = str | Response | tuple[str, int]


@pages.get("/orders/<number>/vehicles/<int:position>/goodwill")
@may("goodwill.ask")
def goodwill(number: str, position: int) -> Answer:
    """Whether the warranty holds, what the parts cost, what was asked and decided."""
    return _page(number, position)


def _page(number: str, position: int, form: Form | None = None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        order, line = _vehicle(db, number, position)
        today = local_day(now(), order.branch.zone)
        page = render_template(
            "field/goodwill.html",
            order=order,
            line=line,
            warranty=warranty_of_line(db, order, line, day=today),
            goodwill=goodwill_of(db, order.id).get(line.id),
            charges=[charge for charge in standing(charges_of(db, order.id)) if charge.line_id == line.id],
            told=text_from_json,
            today=today,
            form=form,
            key=uuid.uuid4(),
        )
    return (page, refusal.status) if refusal else page


def _vehicle(db: Session, number: str, position: int) -> tuple[Order, OrderLine]:
    """A repair that the reader may see, and one of its vehicles. Raises NotFound."""
    order = order_numbered(db, number, current())
    if order.kind != "repair":
        raise NotFound
    return order, line_at(db, order, position)


@pages.post("/orders/<number>/vehicles/<int:position>/goodwill")
@may("goodwill.ask")
def ask_for_goodwill(number: str, position: int) -> Answer:
    """The desk asks for it."""
    form = Form.sent()
    key = key_in(form.text("key"))
    if key is None:
        raise NotFound

    def asked(db: Session, order: Order, line: OrderLine) -> Goodwill:
        return ask_goodwill(db, order.id, line.id, reason=form.text("reason"), key=key, by=current(), at=now())

    return _changed(number, position, form, asked, _("Asked. Whoever decides sees it among his approvals."))


def _changed(number: str, position: int, form: Form, change: Any, told: str) -> Answer:
    try:
        with transaction() as db:
            change(db, *_vehicle(db, number, position))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, position, form.refused(refusal), refusal)
    flash(told, "success")
    return redirect(url_for("orders.show", number=number), 303)


@pages.post("/my-day/visits/<int:visit_id>/goodwill")
@may("visit.drive")
def ask_on_site(visit_id: int) -> Answer:
    """The technician asks for it; until it is approved, the price stays."""
    return taken(
        visit_id,
        "goodwill.ask",
        _asked,
        told=say("Asked. The price stays until it is approved."),
        to=url_for("field.price", visit_id=visit_id),
        again=lambda refused: price_page(visit_id, refused),
    )


def _asked(form: Form) -> Acts:
    reason, line_id = read_goodwill(form.values)
    return [("goodwill.ask", {"line": line_id, "reason": tr(reason)})]
