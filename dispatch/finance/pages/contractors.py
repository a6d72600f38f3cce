"""A contractor's work over a span: the page, the sheet to print, the spreadsheet; what waits to be settled."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, send_file
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import day_bounds, local_day, now
from dispatch.db import transaction
from dispatch.devices.contractors import contractor
from dispatch.devices.models import Holder
from dispatch.errors import Refusal
from dispatch.finance.contractor_queries import Settlement, open_work, settlement
from dispatch.finance.month_rules import month_of
from dispatch.finance.pages.blueprint import Answer, asked_span, pages
from dispatch.finance.settlement_queries import sheets
from dispatch.finance.settlement_sheets import settlement_pdf
from dispatch.lists import Cut
from dispatch.staff.models import Branch
from dispatch.tabular.writing import Table
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form

MONEY = 3
NEWEST = Cut(sort="-number")


@dataclass(frozen=True)
class Shown:
    """What all three show."""

    holder: Holder
    branch: Branch
    made: Settlement
    first: date
    last: date

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return f"settlement-{self.holder.id}-{self.first}-{self.last}"


def _read(db: Session, holder_id: int) -> Shown:
    """The settlement of a contractor whom the reader may see. Raises NotFound."""
    found = contractor(db, holder_id, current())
    branch = db.get_one(Branch, found.branch_id)
    first, last = asked_span()
    since, until = day_bounds(first, branch.zone)[0], day_bounds(last + timedelta(days=1), branch.zone)[0]
    return Shown(found, branch, settlement(db, holder_id, since=since, until=until), first, last)


@pages.get("/finance/contractors/<int:holder_id>")
@may("money.see")
def contractor_settlement(holder_id: int) -> Answer:
    """Accepted work, deductions, what he collected for us, what is owed either way, what was paid; his settlements."""
    return contractor_page(holder_id, None)


def contractor_page(holder_id: int, form: Form | None, refusal: Refusal | None = None) -> Answer:
    """The page; `refusal` is about the form that draws a settlement up. Raises NotFound."""
    with transaction() as db:
        shown = _read(db, holder_id)
        work = open_work(db, holder_id, until=now())
        mine, _counts = sheets(db, shown.holder.branch_id, contractor_id=holder_id, cut=NEWEST)
    month = month_of(local_day(now(), shown.branch.zone))
    months = [month, month.before, month.before.before]
    page = render_template(
        "finance/contractor.html",
        **shown.__dict__,
        work=work,
        sheets=mine,
        month=month.before,
        months=[(str(each), str(each)) for each in months],
        ways=[("add", _("to be paid besides")), ("off", _("to be taken off"))],
        form=form,
        refusal=refusal,
        acting="draw_up" if refusal else "",
        request_key=uuid.uuid4(),
        labels={
            "month": pgettext("settlement", "Month"),
            "correction": _("Correction"),
            "correction_words": _("What it is"),
            "reason": _("Note"),
        },
    )
    return (page, refusal.status) if refusal else page


@pages.get("/finance/contractors/<int:holder_id>/sheet.pdf")
@may("money.see")
def contractor_sheet(holder_id: int) -> Response:
    """The settlement (结算单) to print."""
    with transaction() as db:
        shown = _read(db, holder_id)
    name, span = shown.holder.name or "", {"first": shown.first, "last": shown.last}
    pdf = settlement_pdf(name, shown.made, shown.branch, **span, at=now())
    return send_file(io.BytesIO(pdf), mimetype="application/pdf", download_name=f"{shown.name}.pdf")


@pages.get("/finance/contractors/<int:holder_id>/sheet.xlsx")
@may("money.see")
def contractor_export(holder_id: int) -> Response:
    """The same as a spreadsheet: a line for each figure of each order."""
    with transaction() as db:
        shown = _read(db, holder_id)
    heads = [_("Order"), _("Worker"), _("What"), _("Amount"), _("Note")]
    return spreadsheet(f"{shown.name}.xlsx", Table(f"{shown.first} {shown.last}", heads, _lines(shown.made), MONEY, summed=False))


def _lines(made: Settlement) -> Iterator[list[Any]]:
    words = {"price": _("Agreed"), "docked": _("Taken off"), "amount": _("Accepted work"), "collected": _("Collected for us")}
    words |= {"held": _("Our cash with him"), "owed": _("Still to be paid")}
    notes = {"docked": "note", "owed": "reference"}
    for job in made.jobs:
        for name, word in words.items():
            yield [job.order, job.worker, word, getattr(job, name), getattr(job, notes.get(name, ""), None) or ""]
