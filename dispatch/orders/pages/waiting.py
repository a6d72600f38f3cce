"""Letting an order wait: why, and until which day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.facts import facts_read
from dispatch.orders.forms import read_press
from dispatch.orders.operations.putting_off import put_off
from dispatch.orders.order_queries import order_standing
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.waiting import IDLE, may_wait, what_pauses
from dispatch.orders.queries import order_id_of
from dispatch.orders.waiting_forms import read_wait
from dispatch.orders.waiting_rules import FARTHEST_DAYS, WHYS
from dispatch.staff.calendar_rules import next_workday
from dispatch.staff.roster_queries import calendar_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/orders/<number>/wait")
@may("order.plan")
def wait(number: str) -> str | Response:
    """The form; an order that cannot wait now is only shown, and says why."""
    return _page(number, None) or _back(number)


def _back(number: str) -> Response:
    flash(_("The order cannot wait as it stands now."), "warning")
    return redirect(url_for("orders.show", number=number))


def _page(number: str, form: Form | None) -> str | None:
    with transaction() as db:
        order, standing = order_standing(db, number, current())
        if not may_wait(order, facts_read(db, order, standing, current())):
            return None
        today = local_day(now(), order.branch.zone)
        proposed = next_workday(calendar_of(db, order.branch_id, today, today + timedelta(days=40)), today)
        shown: dict[str, Any] = {"order": order, "whys": list(WHYS.items()), "stops": what_pauses()}
        days = {"tomorrow": today + timedelta(days=1), "proposed": proposed, "last": today + timedelta(days=FARTHEST_DAYS)}
        return render_template("orders/wait.html", **shown, **days, form=form, to_be_taken_off=standing.visits_that_are(*IDLE))


@pages.post("/orders/<number>/wait")
@may("order.plan")
def let_wait(number: str) -> Response | tuple[str, int]:
    """Put the order off; it wakes by itself."""
    form = Form.sent()
    try:
        wanted = read_wait(form.values)
        with transaction() as db:
            order_id = order_id_of(db, number, current())
            order = put_off(db, order_id, wanted, version=read_press(form.values).version, by=current(), at=now())
            day = order.wakes_on
    except NotFound:
        raise
    except Refusal as refusal:
        page = _page(number, form.refused(refusal))
        return (page, refusal.status) if page else _back(number)
    flash(_("The order waits until %(day)s and is taken up again then by itself.", day=day), "success")
    return redirect(url_for("orders.show", number=number))
