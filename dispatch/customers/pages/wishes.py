"""The technicians on a customer's page: whom he prefers, whom he does not let in."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.customers.forms import read_wish
from dispatch.customers.pages.blueprint import pages
from dispatch.customers.pages.showing import customer_page
from dispatch.customers.wishes import drop_wish, keep_wish
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/customers/<int:customer_id>/technicians")
@may("customer.change")
def add_wish(customer_id: int) -> Response | tuple[str, int]:
    """He prefers somebody, or does not let him in."""
    form = Form.sent()
    try:
        with transaction() as db:
            keep_wish(db, customer_id, read_wish(form.values), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return customer_page(customer_id, wish_form=form.refused(refusal)), refusal.status
    flash(_("The planner keeps to it from now on."), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))


@pages.post("/customers/<int:customer_id>/technicians/<int:wish_id>/away")
@may("customer.change")
def take_wish_away(customer_id: int, wish_id: int) -> Response:
    """It does not hold any more."""
    with transaction() as db:
        drop_wish(db, customer_id, wish_id, by=current(), at=now())
    flash(_("Nothing is on record about this technician any more."), "success")
    return redirect(url_for("customers.show", customer_id=customer_id))
