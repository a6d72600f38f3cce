"""The page that gives the vehicles that did not come an order of their own."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.operations.leftover import LeftOver, carry_over
from dispatch.orders.order_queries import LINE_SORTS, LineFilter, lines_part, order_standing
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.queries import order_id_of
from dispatch.tabular.cells import read_date
from dispatch.typed import Typed, key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

LIST = "orders.left_over"


@pages.get("/orders/<number>/left-over")
@may("order.take")
def left_over(number: str) -> str | Response:
    """The vehicles that did not come, and by when they shall."""
    return _page(number, Form.of({"request_key": uuid.uuid4()}))


@pages.post("/orders/<number>/left-over")
@may("order.take")
def leave_over(number: str) -> Response | tuple[str, int] | str:
    """Make the order, once."""
    form, at, zone = Form.sent(), now(), current().zone
    try:
        with transaction() as db:
            wanted = _read(form)
            order_id = order_id_of(db, number, current())
            order = carry_over(db, order_id, wanted, by=current(), at=at, zone=zone, today=local_day(at, zone))
            made = order.number
    except NotFound:
        raise
    except Refusal as refusal:
        answer = _page(number, form.refused(refusal))
        return (answer, refusal.status) if isinstance(answer, str) else redirect(url_for("orders.show", number=number))
    flash(_("%(number)s waits for approval with the vehicles that did not come.", number=made), "success")
    return redirect(url_for("orders.show", number=made))


def _read(form: Form) -> LeftOver:
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    typed = Typed(form.values)
    wanted = LeftOver(typed.maybe("wanted_on", read_date), form.text("note")[:2000] or None, form.number("version", -1), key)
    typed.check()
    return wanted


def _page(number: str, form: Form) -> str | Response:
    with transaction() as db:
        order, standing = order_standing(db, number, current())
        if not standing.by_status.get("residual"):
            flash(_("No vehicle of this order is left over."), "warning")
            return redirect(url_for("orders.show", number=number))
        cut = cut_asked(LINE_SORTS, "position")
        part = lines_part(db, order, LineFilter(status="residual"), cut)
        list_ = {"lines": [line for line, _visit in part.rows], "page": Leaf.of(part, LIST), "sort": Heads(cut.sort, LIST)}
        return render_template("orders/left_over.html", order=order, **list_, form=form)
