"""What became of approvals by word, person by person (P13, Q14)."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template, request, url_for
from flask_babel import ngettext

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.verbal_queries import word_figures
from dispatch.web.access import current, may

SPANS = (30, 90, 365)


@pages.get("/approvals/by-word")
@may("figures.see")
def approvals_by_word() -> str:
    """How many somebody gave, and how many he backfilled in time, late, or refused; of the last days that the address names."""
    days = next((span for span in SPANS if str(span) == request.args.get("days")), SPANS[1])
    at = now()
    with transaction() as db:
        rows = word_figures(db, current(), since=at - timedelta(days=days), at=at)
        return render_template("orders/word_figures.html", rows=rows, chips=[_chip(span, days) for span in SPANS])


def _chip(span: int, chosen: int) -> dict[str, object]:
    label = ngettext("The last %(num)d day", "The last %(num)d days", span)
    return {"label": label, "url": url_for("orders.approvals_by_word", days=span), "active": span == chosen}
