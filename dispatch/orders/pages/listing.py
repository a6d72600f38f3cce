"""The list of orders. Its filters stand in its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.orders.filter_models import SavedFilter
from dispatch.orders.forms import read_filter, read_page
from dispatch.orders.list_queries import filters_of
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.listing import Leaf, Sort, chips_of, rows_of
from dispatch.orders.queries import Counts, Filter, Page, counts_of, orders_page
from dispatch.orders.rules import KIND_WORDS, URGENCY_WORDS
from dispatch.orders.waiting_rules import WHYS
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import say

HELD = ("q", "status", "kind", "urgency", "mine", "customer", "backfill", "overdue", "told", "why", "sort")
MINE, BACKFILL, OVERDUE, TOLD = say("Mine"), say("To be backfilled"), say("Past its limit"), say("Told to me")


@pages.get("/orders")
@may("order.see")
def index() -> str:
    """The orders that the reader may see, filtered, sorted, fifty a page."""
    return list_page(Form())


def list_page(saving: Form) -> str:
    """The list that the address asks for; `saving` is the form that keeps its filters under a name."""
    actor = current()
    chosen, at = read_filter(request.args, actor.id), now()
    with transaction() as db:
        page = orders_page(db, chosen, actor, at=at, number=read_page(request.args))
        # Counting every status of a search would cost more than the search itself.
        counts = None if chosen.words else counts_of(db, actor, chosen, at=at)
        kept = [_kept(row) for row in filters_of(db, actor)]
        return render_template("orders/index.html", **_shown(page, chosen, counts), kept=kept, held=held(), saving=saving)


def _kept(row: SavedFilter) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "url": f"{url_for('orders.index')}?{row.query}", "active": row.query == query_held()}


def _shown(page: Page, chosen: Filter, counts: Counts | None) -> dict[str, Any]:
    chips = [chip | {"label": tr(chip["label"])} for chip in chips_of(chosen, counts.by_status if counts else None, address)]
    return {
        "rows": rows_of(page, local_day(now(), current().zone), now(), lambda number: url_for("orders.show", number=number)),
        "chips": [*chips, *_marked(chosen, counts), _mine(chosen)],
        "whys": list(WHYS.items()),
        "chosen": chosen,
        "filtered": chosen != Filter(sort=chosen.sort),
        "sort": Sort(chosen.sort, address),
        "page": Leaf(page.number, page.pages, _total(page, chosen, counts), address),
        "kinds": list(KIND_WORDS.items()),
        "urgencies": list(URGENCY_WORDS.items()),
    }


def _mine(chosen: Filter) -> dict[str, Any]:
    on = chosen.owner_id is not None
    return {"label": tr(MINE), "active": on, "url": address(mine=None if on else "1"), "count": None}


MARKS = {"overdue": OVERDUE, "told": TOLD, "backfill": BACKFILL}
"""Filters that stand across the statuses, by the names of their fields in filter, counts and address."""


def _marked(chosen: Filter, counts: Counts | None) -> list[dict[str, Any]]:
    """Each shown where there is something of it, or it was chosen."""
    chips = []
    for name, label in MARKS.items():
        on, count = getattr(chosen, name), getattr(counts, name) if counts else None
        if on or count is None or count:
            url = address(**{name: None if on else "1"})
            chips.append({"label": tr(label), "active": on, "url": url, "count": count})
    return chips


def _total(page: Page, chosen: Filter, counts: Counts | None) -> int:
    """The exact number where it was counted anyway; a search stops counting at its limit."""
    if counts is None:
        return page.total
    return counts.by_status.get(chosen.status, 0) if chosen.status else sum(counts.by_status.values())


def held() -> dict[str, str]:
    """The filters that stand in the address, by name."""
    return {name: request.args[name] for name in HELD if request.args.get(name)}


def query_held() -> str:
    """The same as text, always in one order."""
    return urlencode(held())


def address(**changed: object) -> str:
    """The address of this list with some of its filters changed; another filter starts at the first page."""
    return url_for("orders.index", **held() | changed)  # type: ignore[arg-type]
