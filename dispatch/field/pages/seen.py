"""What the office sees of the work on site: sections of an order's page, or pages of their own without scripts."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from dispatch.approvals.rules import STATE_LOOKS, state_word
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.operations import LATE_KINDS
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.disputes import KIND_WORDS
from dispatch.field.presenting.on_site import on_site as seen_of
from dispatch.field.presenting.papers import papers as papers_of
from dispatch.field.rules import DEPARTURE, PHOTOS, RESULTS, TESTS
from dispatch.invoices.lifecycle import STATE_WORDS
from dispatch.lists import LEAF, Sorts
from dispatch.orders.order_queries import LineFilter, order_and_total
from dispatch.sheets.presenting import order_sheets
from dispatch.web.access import current, signed_in
from dispatch.web.listing import Leaf, cut_asked
from dispatch.words import text_from_json

WORDS = {
    "departure": DEPARTURE,
    "tests": TESTS,
    "results": RESULTS,
    "photo_words": PHOTOS,
    "channel_words": CHANNEL_WORDS,
    "INVOICE_STATES": STATE_WORDS,
    "kinds": KIND_WORDS,
    "state_word": state_word,
    "state_looks": STATE_LOOKS,
    "late_kinds": LATE_KINDS,
    "told": text_from_json,
}

AS_WRITTEN: Sorts = {}
"""Both have one order: vehicles as the order names them, charges as they were written."""


@pages.get("/orders/<number>/on-site")
@signed_in
def on_site(number: str) -> str:
    """What was done at the vehicles: a section of the order's page, or a page of its own without scripts."""
    with transaction() as db:
        order, total = order_and_total(db, number, current())
        chosen = LineFilter(request.args.get("q", "")[:60])
        seen = seen_of(db, order, total, chosen, cut_asked(AS_WRITTEN, ""))
        shown = {"order": order, "seen": seen, "page": Leaf.of(seen.part), "find": total > LEAF}
        return _section("field/on_site_seen.html", _("Work on site"), **shown)


@pages.get("/orders/<number>/papers")
@signed_in
def papers(number: str) -> str:
    """Money, signatures and sheets: the same."""
    with transaction() as db:
        order, total = order_and_total(db, number, current())
        money, sheets = papers_of(db, order, total, cut_asked(AS_WRITTEN, "")), order_sheets(db, order, now())
        shown = {"order": order, "papers": money, "page": Leaf.of(money.charges), "sheets": sheets}
        return _section("field/papers_seen.html", _("Money and papers"), **shown)


def _section(fragment: str, title: str, **shown: Any) -> str:
    whole = "field/on_site.html" if "HX-Request" not in request.headers else fragment
    return render_template(whole, fragment=fragment, title=title, **shown, **WORDS)
