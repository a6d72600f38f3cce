"""The office says which of a vehicle's terminals an order is about."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.operations.pointing import point_line
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.queries import order_id_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr


@pages.post("/orders/<number>/lines/<int:position>/terminal")
@may("order.take")
def point(number: str, position: int) -> Response:
    """Keep the chosen one; what is refused is told on the order's page."""
    role = Form.sent().text("role")
    try:
        with transaction() as db:
            point_line(db, order_id_of(db, number, current()), position, role, by=current(), at=now())
        flash(_("Saved."), "success")
    except NotFound:
        raise
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    return redirect(url_for("orders.show", number=number), 303)
