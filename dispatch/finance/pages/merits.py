"""Rewards and deductions for the appraisal, and the rates of what people give away and miss."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.finance.forms import read_merit
from dispatch.finance.merit_queries import MERIT_SORTS, merits, rates
from dispatch.finance.merit_rules import KINDS, WAYS, Rate
from dispatch.finance.merits import give, take_back_merit
from dispatch.finance.pages.blueprint import Answer, asked_span, chosen_branch, pages
from dispatch.staff.models import Person
from dispatch.tabular.writing import Table
from dispatch.typed import key_in, number_in
from dispatch.web.access import allowed, current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

MONEY = 3


@pages.get("/finance/merits")
@may("merit.see")
def merit_list() -> Answer:
    """The records, the newest first, and the form for another."""
    return _page(None)


@pages.post("/finance/merits")
@may("merit.give")
def give_merit() -> Answer:
    """Record a reward or deduction."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    try:
        new = read_merit({name: form.text(name) for name in form.values})
        with transaction() as db:
            give(db, new, key=key, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(form.refused(refusal), refusal)
    flash(_("Recorded."), "success")
    return redirect(url_for("finance.merit_list"))


@pages.post("/finance/merits/<int:merit_id>/take-back")
@may("merit.give")
def undo_merit(merit_id: int) -> Answer:
    """Take a record back by a counter-record."""
    form = Form.sent()
    try:
        with transaction() as db:
            take_back_merit(db, merit_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(form.refused(refusal), refusal, acting=f"merit-{merit_id}")
    flash(_("Taken back."), "success")
    return redirect(url_for("finance.merit_list"))


def _page(form: Form | None, refusal: Refusal | None = None, *, acting: str = "give") -> Answer:
    cut, asked = cut_asked(MERIT_SORTS, "-at"), number_in(request.args.get("person"))
    with transaction() as db:
        found = merits(db, branch_id=chosen_branch(), person_id=asked, cut=cut)
        people = _people(db) if allowed("merit.give") else []
    page = render_template(
        "finance/merits.html",
        rows=found.rows,
        page=Leaf.of(found),
        sort=Heads(cut.sort),
        people=people,
        every=chosen_branch() is None,
        form=form,
        fresh=Form.of({"person": asked or "", "request_key": str(uuid.uuid4())}),
        refusal=refusal,
        acting=acting if refusal else "",
        labels=_labels(),
        KINDS=KINDS,
        WAYS=WAYS,
    )
    return (page, refusal.status) if refusal else page


def _people(db: Session) -> list[tuple[str, str]]:
    """Whom it can be about: everybody of the reader's branch but himself."""
    mine = sa.select(Person.id, Person.name).where(Person.branch_id == current().branch_id, Person.active, ~Person.outside)
    rows = db.execute(mine.where(Person.id != current().id).order_by(Person.staff_no))
    return [("", _("Choose…")), *((str(id_), name) for id_, name in rows)]


def _labels() -> dict[str, str]:
    """What the fields are called, for the list of what is wrong."""
    said = {"person": _("Person"), "kind": pgettext("merit", "What for"), "amount": _("Amount"), "points": _("Points")}
    return {**said, "reason": _("Reason"), "evidence": _("Order or hand-in")}


# --- rates


@pages.get("/finance/rates")
@may("merit.see")
def rate_list() -> str:
    """What people gave away and missed over a span, and which share of their receipts that is."""
    first, last = asked_span()
    with transaction() as db:
        rows = _rates(db, first, last)
    top = max(
        (share for row in rows for share in (row.given_share, row.discounted_share, row.missed_share) if share), default=None
    )
    every = chosen_branch() is None
    return render_template("finance/rates.html", rows=rows, first=first, last=last, top=top, every=every)


@pages.get("/finance/rates.xlsx")
@may("merit.see")
def rate_export() -> Response:
    """The same as a spreadsheet: four lines for each person."""
    first, last = asked_span()
    with transaction() as db:
        rows = _rates(db, first, last)
    heads = [_("Person"), _("Branch"), _("What"), _("Sum"), _("How often"), _("Share of receipts in per cent")]
    table = Table(f"{first} {last}", heads, _lines(rows), MONEY, summed=False, counts=(4,))
    return spreadsheet(f"rates-{first}-{last}.xlsx", table)


def _lines(rows: list[Rate]) -> Iterator[list[Any]]:
    for row in rows:
        shares = (row.given_share, row.discounted_share, row.missed_share)
        given, discounted, missed = ("" if share is None else share for share in shares)
        yield [row.name, row.branch, _("Receipts"), row.received, row.receipts, ""]
        yield [row.name, row.branch, _("Given away"), row.given_away, row.favours, given]
        yield [row.name, row.branch, _("Discounts"), row.discounted, row.discounts, discounted]
        yield [row.name, row.branch, _("Differences"), row.missed, row.differences, missed]


def _rates(db: Session, first: date, last: date) -> list[Rate]:
    since, until = (_midnight(day) for day in (first, last + timedelta(days=1)))
    return rates(db, branch_id=chosen_branch(), since=since, until=until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(current().zone))
