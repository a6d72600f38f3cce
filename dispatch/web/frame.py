"""What every desk page shows around its content: the rail by role, the branch, what waits for me, whom I am."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask, g, request, session, url_for
from sqlalchemy.orm import Session

from dispatch import paths
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.fees.quote_queries import untold_count
from dispatch.finance.owed_queries import answered_count
from dispatch.orders.contact_queries import urgent_count
from dispatch.orders.models import Order
from dispatch.orders.presenting.verbal import Mark, mark_of
from dispatch.orders.queries import decisions_for
from dispatch.orders.status_words import WORDS
from dispatch.permissions import OUTSIDE, ROLES
from dispatch.staff.queries import branches
from dispatch.staff.rules import Actor
from dispatch.web.access import allowed, current
from dispatch.web.locale import short_locale, tr
from dispatch.words import Text, say


@dataclass(frozen=True)
class Entry:
    """One entry of the rail: where it leads, its icon and word, and who sees it."""

    endpoint: str
    icon: str
    label: Text
    permission: str


RAIL = (
    Entry("intake.call", "telephone-plus", say("Take a call"), "order.take"),
    Entry("intake.request_upload", "clipboard-plus", say("Installation request"), "order.take"),
    Entry("intake.silent", "broadcast-pin", say("Silent terminals"), "silence.see"),
    Entry("orders.index", "card-list", say("Orders"), "order.see"),
    Entry("orders.contacts", "people", say("Open contacts"), "order.take"),
    Entry("fees.quotation_list", "file-earmark-text", say("Quotations"), "quote.make"),
    Entry("orders.approvals", "clipboard-check", say("Approvals"), "order.decide"),
    Entry("board.plan", "signpost-split", say("Plan the day"), "order.plan"),
    Entry("field.today", "calendar-check", say("My day"), "visit.drive"),
    Entry("outside.index", "people", say("Outside help"), "outside.see"),
    Entry("orders.closing", "archive", say("Closing"), "closing.see"),
    Entry("reports.figures", "layout-three-columns", say("Figures of the day"), "figures.see"),
    Entry("finance.my_money", "wallet2", say("My money"), "visit.drive"),
    Entry("finance.index", "cash-coin", say("Finance"), "money.see"),
    Entry("invoices.index", "receipt", say("Invoices"), "invoice.issue"),
    Entry("customers.index", "people", say("Customers"), "customer.see"),
    Entry("devices.index", "box-seam", say("Stock"), "stock.see"),
    Entry("devices.bench", "wrench-adjustable", say("Bench"), "bench.see"),
    Entry("fees.index", "tag", say("Prices"), "price.see"),
    Entry("staff.roster", "calendar3", say("Roster"), "roster.see"),
    Entry("staff.index", "person-badge", say("People"), "staff.see"),
)
REACHED_FROM = {
    "devices.contracts": "customers.index",
    "devices.add_contract": "customers.index",
    "devices.warranty_terms_page": "fees.index",
    "devices.add_term": "fees.index",
    "fees.quotations": "orders.index",
    "fees.quotation": "fees.quotation_list",
    "fees.new_quotation": "fees.quotation_list",
    "fees.edit_quotation": "fees.quotation_list",
    "field.points": "devices.index",
    "orders.contact": "orders.contacts",
    "orders.contact_make_link": "orders.contacts",
    "orders.act_on_contact": "orders.contacts",
}
"""Pages that people find in another room of the house than the one whose feature they belong to."""
OWN = "finance.my_money"
ROLE_ORDER = ("director", "manager", "supervisor", "specialist", "finance", "qa", "technician", "administrator")


@dataclass(frozen=True)
class RailItem:
    """An entry as the template draws it. `current` is "page" on the entry's own page, "true" on others of its feature."""

    endpoint_url: str
    icon: str
    label: str
    current: str | None
    count: int | None


def rail(app: Flask, waiting: Mapping[str, int]) -> list[RailItem]:
    """The rail of this person. His own money stands there for who drives, and for whoever answers for a difference."""
    there = (entry for entry in RAIL if entry.endpoint in app.view_functions)
    shown = (entry for entry in there if allowed(entry.permission) or (entry.endpoint == OWN and waiting.get(OWN)))
    return [
        RailItem(
            url_for(entry.endpoint),
            entry.icon,
            tr(entry.label),
            _current(entry),
            waiting.get(entry.endpoint),
        )
        for entry in shown
    ]


def _current(entry: Entry) -> str | None:
    asked = request.endpoint or ""
    if asked == entry.endpoint:
        return "page"
    named = (each.endpoint for each in RAIL if asked == each.endpoint or asked.startswith(f"{each.endpoint}_"))
    room = REACHED_FROM.get(asked, f"{request.blueprint}.index")
    return "true" if entry.endpoint == next(named, room) else None


@dataclass(frozen=True)
class Me:
    """The signed-in person as the frame shows him."""

    id: int | None
    name: str
    role_word: str | None
    is_authenticated: bool


def me() -> Me:
    """The person behind this request."""
    actor = current()
    first = next((role for role in ROLE_ORDER if role in actor.roles), None)
    return Me(actor.id, actor.name, tr(ROLES[first]) if first else None, actor.id is not None)


def status_word(kind: str, code: str) -> str:
    """The word of a status in the reader's language."""
    return tr(WORDS[kind][code])


def backfill_mark(order: Order) -> Mark | None:
    """What an order carries beside its status while an approval by word is open."""
    return mark_of(order, now())


@cache
def _content_mark(path: str) -> str:
    return hashlib.sha256((paths.STATIC / path).read_bytes()).hexdigest()[:10]


def asset(path: str) -> str:
    """The address of a static file; it changes with the file, so browsers may keep it for ever."""
    return url_for("static", filename=path, v=_content_mark(path))


def _frame(app: Flask) -> dict[str, Any]:
    actor = current()
    common = {
        "locale": short_locale(),
        "theme": session.get("theme") or actor.theme,
        "csp_nonce": g.get("csp_nonce", ""),
        "person": me(),
        "guest": OUTSIDE in actor.roles,
    }
    if actor.id is None or OUTSIDE in actor.roles or "HX-Request" in request.headers:
        return common | {"rail": [], "branches": [], "branch": None, "waiting_count": 0}
    with transaction() as db:
        waiting = _waiting(db, actor)
        choice = branches(db) if actor.may("branches.all") else [g.branch]
    shown = {"rail": rail(app, waiting), "waiting_count": waiting.get("orders.approvals", 0)}
    return common | shown | {"branches": choice, "branch": g.branch}


def _waiting(db: Session, actor: Actor) -> dict[str, int]:
    """What waits for the reader, by the entry of the rail that leads there; in one statement."""
    wanted: dict[str, sa.ScalarSelect[int] | sa.ColumnElement[int]] = {}
    if actor.may("order.decide"):
        wanted["orders.approvals"] = decisions_for(actor, at=now())
    if actor.may("order.take"):
        wanted["orders.contacts"] = urgent_count(actor)
    if actor.may("fee.take") and not actor.may("visit.drive"):
        wanted[OWN] = answered_count(actor.id or 0)
    if actor.may("quote.make"):
        wanted["fees.quotation_list"] = untold_count(actor)
    row = db.execute(sa.select(*wanted.values())).one() if wanted else ()
    return dict(zip(wanted, row, strict=True))


def init(app: Flask) -> None:
    """Give the frame to every template."""
    app.jinja_env.globals.update(asset=asset, status_word=status_word, backfill_mark=backfill_mark, allowed=allowed)
    app.context_processor(lambda: _frame(app))
