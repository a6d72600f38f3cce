"""The order list's filters kept under a name, and its rows as a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal, RuleBroken
from dispatch.orders.bulk_forms import read_chosen
from dispatch.orders.forms import read_filter
from dispatch.orders.list_queries import MOST_ROWS, rows_to_export
from dispatch.orders.operations.filters import forget_filter
from dispatch.orders.operations.filters import keep_filter as keep
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.listing import list_page, query_held
from dispatch.orders.queries import Filter
from dispatch.orders.rules import KIND_WORDS, URGENCY_WORDS
from dispatch.orders.status_words import ORDER_WORDS
from dispatch.tabular.writing import Table
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.filters import when
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import say

Row = sa.Row[Any]
COLUMNS: tuple[tuple[Callable[[], str], Callable[[Row], object]], ...] = (
    (lambda: _("Order"), lambda row: row.number),
    (lambda: _("Status"), lambda row: tr(ORDER_WORDS[row.status])),
    (lambda: _("To be backfilled"), lambda row: _("yes") if row.backfill else ""),
    (lambda: _("Kind"), lambda row: tr(KIND_WORDS[row.kind])),
    (lambda: _("Urgency"), lambda row: tr(URGENCY_WORDS[row.urgency])),
    (lambda: _("Customer"), lambda row: row.customer),
    (lambda: _("Vehicles"), lambda row: row.vehicles or ""),
    (lambda: _("Address"), lambda row: row.address),
    (lambda: _("Wanted"), lambda row: row.wanted_on or ""),
    (lambda: _("Owner"), lambda row: row.owner),
    (lambda: _("Branch"), lambda row: row.branch),
    (lambda: _("Received"), lambda row: when(row.received_at)),
    (lambda: _("Due"), lambda row: when(row.due_at)),
)
"""Heads and what stands under them."""


@pages.get("/orders/export.xlsx")
@may("order.see")
def export() -> Response:
    """The rows of the list that the address asks for, or those chosen of it, as a spreadsheet. Raises RuleBroken for too many."""
    with transaction() as db:
        found = rows_to_export(db, _asked(), current(), at=now())
    if len(found) > MOST_ROWS:
        raise RuleBroken(say("More than %(n)s orders match. Narrow the filters first.", n=MOST_ROWS))
    heads = [head() for head, _cell in COLUMNS]
    table = Table(_("Orders"), heads, [[cell(row) for _head, cell in COLUMNS] for row in found])
    return spreadsheet(f"{_('Orders')}-{local_day(now(), current().zone)}.xlsx", table)


def _asked() -> Filter:
    """The filter of the address; of rows that were chosen in the list, those alone."""
    chosen, ids = read_filter(request.args, current().id), request.args.getlist("ids")
    return replace(chosen, ids=frozenset(read_chosen(ids, most=MOST_ROWS))) if ids else chosen


@pages.post("/orders/filters")
@may("order.see")
def keep_filter() -> Response | tuple[str, int]:
    """Keep the filters that stand in the address under the typed name."""
    form, query = Form.sent(), query_held()
    name = " ".join(form.text("name").split())
    try:
        with transaction() as db:
            keep(db, name, query, by=current(), at=now())
    except Refusal as refusal:
        return list_page(form.refused(refusal)), refusal.status
    flash(_("Kept as “%(name)s”.", name=name), "success")
    return redirect(f"{url_for('orders.index')}?{query}")


@pages.post("/orders/filters/<int:filter_id>/forget")
@may("order.see")
def drop_filter(filter_id: int) -> Response:
    """Forget one of one's own."""
    try:
        with transaction() as db:
            name = forget_filter(db, filter_id, by=current())
    except NotFound:
        # A second press: it is gone already, as he wished.
        return redirect(url_for("orders.index"))
    flash(_("“%(name)s” is forgotten.", name=name), "success")
    return redirect(url_for("orders.index"))
