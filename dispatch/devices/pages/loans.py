"""Loaners at customers: who has one, by when his own should be back, and the sale of one that stays."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.loan_queries import LOAN_SORTS, loans
from dispatch.devices.operations import describe
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.errors import NotFound, Refusal
from dispatch.field.lending import sell_loan
from dispatch.orders.ties import order_numbers
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.words import Text, say

LIST = "devices.loans"
WHICH: dict[str, Text] = {"out": say("On loan"), "overdue": say("Overdue"), "ended": say("Ended")}


@pages.get("/stock/loans", endpoint="loans")
@may("customer.see")
def loan_list() -> Answer:
    """Loans that are out, the first due first."""
    return _page()


def _page(form: Form | None = None, asked: int | None = None, refusal: Refusal | None = None) -> Answer:
    """The list; `asked` is the loan whose sale was refused."""
    chosen = request.args.get("which", "out")
    which = chosen if chosen in WHICH else "out"
    today = local_day(now(), current().zone)
    cut = cut_asked(LOAN_SORTS, "-ended" if which == "ended" else "due")
    with transaction() as db:
        found = loans(db, current(), today=today, which=which, cut=cut)
        counts = {"out": found.out, "overdue": found.overdue}
        page = render_template(
            "devices/loans.html",
            rows=found.part.rows,
            page=Leaf.of(found.part, LIST),
            sort=Heads(cut.sort, LIST),
            which=which,
            word=WHICH[which],
            chips=[_chip(code, counts.get(code), code == which) for code in WHICH],
            numbers=order_numbers(db, {loan.order_id for loan in found.part.rows}, current()),
            describe=describe,
            today=today,
            form=form,
            asked=asked,
        )
    return (page, refusal.status) if refusal else page


def _chip(code: str, count: int | None, active: bool) -> dict[str, object]:
    return {"label": tr(WHICH[code]), "url": url_for("devices.loans", which=code), "count": count, "active": active}


@pages.post("/stock/loans/<int:loan_id>/sell")
@may("fact.correct")
def sell_loaner(loan_id: int) -> Answer:
    """The customer keeps it."""
    form = Form.sent()
    try:
        with transaction() as db:
            sell_loan(db, loan_id, reason=form.text("reason"), by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal), loan_id, refusal)
    flash(_("Sold. What it costs is on its order."), "success")
    return redirect(url_for("devices.loans"))
