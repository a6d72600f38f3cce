"""One outage: its terminals, whom it concerns, what they were told, and that it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.customers.nearby import nearby
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.intake.operations.handling_outages import end_outage, tell_customers
from dispatch.intake.outage_queries import customers_of
from dispatch.intake.outage_queries import outage as outage_of
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.pages.silent import acting
from dispatch.intake.silent_queries import silent_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form

PAGE_SIZE = 100
MOST_PAGES = 10_000


@dataclass(frozen=True)
class Pager:
    """Where in the list of its terminals we are."""

    number: int
    total: int
    outage_id: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))

    def url(self, number: int) -> str:
        """The address of another page."""
        return url_for("intake.outage", outage_id=self.outage_id, page=number)


@pages.get("/silent/outages/<int:outage_id>")
@may("silence.see")
def outage(outage_id: int) -> str:
    """One incident instead of many orders."""
    return _page(outage_id, Form())


def _page(outage_id: int, form: Form) -> str:
    at, number = now(), min(max(1, request.args.get("page", 1, type=int)), MOST_PAGES)
    with transaction() as db:
        found = outage_of(db, outage_id, current())
        return render_template(
            "intake/outage.html",
            incident=found,
            rows=silent_of(db, outage_id, page=number, size=PAGE_SIZE),
            customers=customers_of(db, outage_id),
            pager=Pager(number, found.terminals, outage_id),
            near=nearby(db, current()).site,
            **acting(at),
            form=form,
            asked=(),
        )


@pages.post("/silent/outages/<int:outage_id>/told")
@may("silence.act")
def told(outage_id: int) -> Answer:
    """The customers were told."""
    form = Form.sent()
    return _do(outage_id, form, lambda db: tell_customers(db, outage_id, words=form.text("words"), by=current(), at=now()))


@pages.post("/silent/outages/<int:outage_id>/over")
@may("silence.act")
def over(outage_id: int) -> Answer:
    """It is over; what is silent still is proposed by itself."""
    form = Form.sent()
    return _do(outage_id, form, lambda db: end_outage(db, outage_id, reason=form.text("reason"), by=current(), at=now()))


def _do(outage_id: int, form: Form, act: Callable[[Session], object]) -> Answer:
    try:
        with transaction() as db:
            act(db)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(outage_id, form.refused(refusal)), refusal.status
    flash(_("Saved."), "success")
    return redirect(url_for("intake.outage", outage_id=outage_id), 303)
