"""The list of orders. Its filters stand in its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.orders.bulk_queries import bulk_done
from dispatch.orders.filter_models import SavedFilter
from dispatch.orders.forms import read_filter, read_number, read_page
from dispatch.orders.list_queries import filters_of
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.bulk import Told, bulk_bar, told_of
from dispatch.orders.presenting.listing import Leaf, Sort, chips_of, rows_of
from dispatch.orders.queries import PAGE_SIZE, Counts, Filter, Page, counts_of, orders_page
from dispatch.orders.rules import KIND_WORDS, URGENCY_WORDS
from dispatch.orders.waiting_rules import WHYS
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text, say

MARKS: dict[str, tuple[str, str, Text]] = {
    "unplanned": ("unplanned", "1", say("Not planned yet")),
    "overdue": ("overdue", "1", say("Past its limit")),
    "part": ("why", "part", say("Waiting for a part")),
    "backfill": ("backfill", "1", say("To be backfilled")),
    "papers": ("papers", "1", say("A paper is missing")),
    "told": ("told", "1", say("Told to me")),
}
"""The standing lists, which go across the statuses: by the name of each its place and value in the address, and its word."""

MINE = say("Mine")
TYPED = ("q", "kind", "urgency", "why")
"""What the form above the list asks for itself."""
HELD = (
    *("q", "status", "kind", "urgency", "mine", "customer"),
    *("backfill", "overdue", "told", "why", "unplanned", "papers", "sort"),
)
"""What stands in the address, in the order in which filters are kept."""


@pages.get("/orders")
@may("order.see")
def index() -> str:
    """The orders that the reader may see, filtered, sorted, fifty a page."""
    return list_page(Form())


def list_page(saving: Form) -> str:
    """The list that the address asks for, with what was done to several of its orders just now.

    `saving` is the form that keeps its filters under a name.
    """
    actor = current()
    chosen, at = read_filter(request.args, actor.id), now()
    with transaction() as db:
        page = orders_page(db, chosen, actor, at=at, number=read_page(request.args))
        # Counting every status of a search would cost more than the search itself.
        counts = None if chosen.words else counts_of(db, actor, chosen, at=at)
        kept = [_kept(row) for row in filters_of(db, actor)]
        acting = {"bulk": bulk_bar(actor, way_back()), "told": _told(db), "back": way_back()}
        shown = _shown(page, chosen, counts) | acting | {"held_beside": [name for name in HELD if name not in TYPED]}
        return render_template("orders/index.html", **shown, kept=kept, held=held(), saving=saving)


def _told(db: Session) -> Told | None:
    """What became of what the reader did to several of them just now."""
    act_id = read_number(request.args.get("did", ""), 0)
    try:
        return told_of(bulk_done(db, act_id, current()), now(), _url, lasts=settings().bulk_undo_minutes) if act_id else None
    except NotFound:
        return None


def _url(number: str) -> str:
    return url_for("orders.show", number=number)


def _kept(row: SavedFilter) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "url": f"{url_for('orders.index')}?{row.query}", "active": row.query == query_held()}


def _shown(page: Page, chosen: Filter, counts: Counts | None) -> dict[str, Any]:
    chips = [chip | {"label": tr(chip["label"])} for chip in chips_of(chosen, counts.by_status if counts else None, address)]
    return {
        "rows": rows_of(page, local_day(now(), current().zone), now(), _url),
        "chips": [*chips, _mine(chosen)],
        "standing": _marked(chosen, counts),
        "whys": list(WHYS.items()),
        "chosen": chosen,
        "filtered": chosen != Filter(sort=chosen.sort),
        "sort": Sort(chosen.sort, address),
        "page": _leaf(page, chosen, counts),
        "kinds": list(KIND_WORDS.items()),
        "urgencies": list(URGENCY_WORDS.items()),
    }


def _mine(chosen: Filter) -> dict[str, Any]:
    on = chosen.owner_id is not None
    return {"label": tr(MINE), "active": on, "url": address(mine=None if on else "1"), "count": None}


def _marked(chosen: Filter, counts: Counts | None) -> list[dict[str, Any]]:
    """Each shown where there is something of it, or it was chosen; a status says less than it and is let go."""
    chips = []
    for name, (place, value, label) in MARKS.items():
        on, count = _is_on(chosen, name), counts.marks[name] if counts else None
        if on or count is None or count:
            wanted = {place: None} if on else {place: value, "status": None}
            chips.append({"label": tr(label), "active": on, "url": address(**wanted), "count": count})
    return chips


def _is_on(chosen: Filter, name: str) -> bool:
    return chosen.why == "part" if name == "part" else bool(getattr(chosen, name))


def _leaf(page: Page, chosen: Filter, counts: Counts | None) -> Leaf:
    """Every page where the orders were counted anyway; a search stops counting at its limit, and leafs no further."""
    if counts is None:
        return Leaf(page.number, page.pages, page.total, address)
    total = counts.by_status.get(chosen.status, 0) if chosen.status else sum(counts.by_status.values())
    return Leaf(page.number, max(1, -(-total // PAGE_SIZE)), total, address)


def held() -> dict[str, str]:
    """The filters that stand in the address, by name."""
    return {name: request.args[name] for name in HELD if request.args.get(name)}


def way_back() -> str:
    """The same and the page, to be led back to."""
    return urlencode(held() | {name: request.args[name] for name in ("page",) if request.args.get(name)})


def address_back(query: str, **more: object) -> str:
    """The list by the filters and the page that a form has brought, whatever else it has brought left out."""
    known = {name: value for name, value in parse_qsl(query) if name in (*HELD, "page")}
    return url_for("orders.index", **known | more)  # type: ignore[arg-type]


def query_held() -> str:
    """The same as text, always in one order."""
    return urlencode(held())


def address(**changed: object) -> str:
    """The address of this list with some of its filters changed; another filter starts at the first page."""
    return url_for("orders.index", **held() | changed)  # type: ignore[arg-type]
