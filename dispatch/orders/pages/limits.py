"""The table of limits and the working hours they are reckoned in: read by all, changed by those who answer for them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.clock_forms import read_branch_hours, read_limit
from dispatch.orders.clock_queries import all_limits, own_hours, usual_hours, usual_limits
from dispatch.orders.clock_rules import ANY_KIND, ANY_URGENCY, RECKONED, STAGES
from dispatch.orders.operations.limits import end_limit, set_hours, set_limit
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.clocks import limit_words
from dispatch.staff.calendar_rules import not_published
from dispatch.staff.queries import branch, branches
from dispatch.staff.roster_queries import calendar_of
from dispatch.typed import key_in
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.words import Text

LOOKED_AHEAD = timedelta(days=30)


@pages.get("/orders/limits")
@may("order.see")
def clock_limits() -> str:
    """How long what may take."""
    return _page(None)


def _page(form: Form | None, refused: Text | None = None, hours_form: Form | None = None, hours_of: int | None = None) -> str:
    with transaction() as db:
        own = [one for one in branches(db) if current().sees_branch(one.id)]
        limits, ended = all_limits(db, [one.id for one in own])
        shown: dict[str, Any] = {"limits": limits, "ended": ended, "usual": usual_limits(), "own_branches": own}
        shown |= {"unpublished": _unpublished(db)}
        shown |= {"hours": own_hours(db), "usual_hours": usual_hours(), "everywhere": allowed("branches.all")}
        words = {"stages": STAGES, "kinds": ANY_KIND, "urgencies": ANY_URGENCY, "reckoned": RECKONED, "limit_words": limit_words}
        forms = {"form": form, "hours_form": hours_form, "hours_of": hours_of, "refused": refused, "new_key": uuid.uuid4()}
        return render_template("orders/limits.html", **shown, **words, **forms)


def _unpublished(db: Session) -> Text | None:
    """What is said when limits that run now may reach into a year without a calendar."""
    today = local_day(now(), current().zone)
    later = today + LOOKED_AHEAD
    year = calendar_of(db, None, today, later).unpublished(today, later)
    return not_published(year) if year else None


@pages.post("/orders/limits")
@may("clock.limits")
def clock_limits_set() -> Response | tuple[str, int]:
    """Set a limit; orders that were taken before keep theirs."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    try:
        limit = read_limit(form.values)
        with transaction() as db:
            set_limit(db, limit, key=key, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("The limit holds for every order that is taken from now on."), "success")
    return redirect(url_for("orders.clock_limits"))


@pages.post("/orders/limits/<int:limit_id>/end")
@may("clock.limits")
def clock_limits_end(limit_id: int) -> Response | tuple[str, int]:
    """Take a limit away; what is said more widely holds again."""
    try:
        with transaction() as db:
            end_limit(db, limit_id, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(None, refusal.text), refusal.status
    flash(_("The limit is taken away. Orders that were taken before keep it."), "success")
    return redirect(url_for("orders.clock_limits"))


@pages.post("/orders/limits/hours/<int:branch_id>")
@may("clock.limits")
def clock_limits_hours(branch_id: int) -> Response | tuple[str, int]:
    """Set a branch's working hours; its clocks are reckoned anew."""
    form = Form.sent()
    try:
        hours = read_branch_hours(form.values)
        with transaction() as db:
            set_hours(db, branch(db, branch_id, current()).id, hours, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(None, hours_form=form.refused(refusal), hours_of=branch_id), refusal.status
    flash(_("The hours are set; what is due is reckoned anew in a moment."), "success")
    return redirect(url_for("orders.clock_limits"))
