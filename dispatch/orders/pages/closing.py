"""What is done and not closed yet, by who owes what; all that is complete closed at once (P8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.orders.forms import read_page
from dispatch.orders.operations.closing import close_complete as close_one
from dispatch.orders.outstanding import COMPLETE, OWERS, Wanted, complete_orders, groups, outstanding, owing_orders
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import sentence_of
from dispatch.orders.presenting.closing import chips_of, sections, total_of
from dispatch.orders.presenting.listing import Leaf
from dispatch.orders.queries import PAGE_SIZE
from dispatch.web.access import current, may
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text

MOST_AT_ONCE = 100


@dataclass(frozen=True)
class NotClosed:
    """One order that was not closed with the others, and why."""

    subject: str
    text: Text
    url: str


@pages.get("/closing")
@may("closing.see")
def closing() -> str:
    """Orders that are done, by who owes what, the oldest first."""
    return _page()


@pages.post("/closing/close")
@may("order.close")
def close_complete() -> str:
    """Close all that is complete, each in a transaction of its own; says which were closed, and which not and why."""
    with transaction() as db:
        complete = complete_orders(db, current(), limit=MOST_AT_ONCE)
    tried = {number: _try(order_id, number) for order_id, number in complete}
    closed = [number for number, problem in tried.items() if problem is None]
    return _page(closed=closed, not_closed=[problem for problem in tried.values() if problem])


def _try(order_id: int, number: str) -> NotClosed | None:
    try:
        with transaction() as db:
            why = close_one(db, order_id, by=current(), at=now())
    except Refusal as refusal:
        why = sentence_of(refusal)
    return NotClosed(number, why, url_for("orders.show", number=number)) if why else None


def _page(**summary: Any) -> str:
    wanted, number = _wanted(), read_page(request.args)
    with transaction() as db:
        found = groups(db, current())
        owed = outstanding(db, current(), wanted, number=number)
        total = total_of(found, wanted)
        return render_template(
            "orders/closing.html",
            **({"closed": [], "not_closed": []} | summary),
            sections=sections(owed, found, url_for),
            chips=[chip | {"label": tr(chip["label"])} for chip in chips_of(found, owing_orders(db, current()), wanted, url_for)],
            complete=sum(group.orders for group in found if group.owes == COMPLETE),
            at_once=MOST_AT_ONCE,
            wanted=wanted,
            hours=settings().auto_close_hours,
            page=Leaf(number, max(1, -(-total // PAGE_SIZE)), total, _address),
        )


def _wanted() -> Wanted:
    owes = request.args.get("owes")
    who = request.args.get("who", "")[:100] or None
    return Wanted(owes, who if owes == "technician" else None) if owes in OWERS else Wanted()


def _address(**changed: object) -> str:
    held = {name: request.args[name] for name in ("owes", "who") if request.args.get(name)}
    return url_for("orders.closing", **held | changed)  # type: ignore[arg-type]
