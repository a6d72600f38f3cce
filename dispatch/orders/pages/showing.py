"""One order: everything known of it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.operations.linking import why_not_make
from dispatch.approvals.queries import deciders_and_deputies
from dispatch.approvals.rules import level_word
from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import entries_of, history
from dispatch.clock import local_day, now
from dispatch.customers.operations import Pin, set_pin
from dispatch.customers.rules import read_phone
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.field.returning import units_not_waited_for
from dispatch.geo.forms import DATUMS
from dispatch.lists import LEAF
from dispatch.orders.facts import facts_read
from dispatch.orders.forms import read_pin, read_press
from dispatch.orders.lifecycle import OrderFacts
from dispatch.orders.models import Order
from dispatch.orders.operations.acting import act as take_action
from dispatch.orders.operations.acting import act_on_line, reveal_phone
from dispatch.orders.operations.standing_in import who_cannot
from dispatch.orders.order_queries import order_numbered, order_standing
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.fleet import actions_of_lines, held, vehicles_shown, visits_shown
from dispatch.orders.pages.history import told_entries
from dispatch.orders.presenting.actions import actions_of
from dispatch.orders.presenting.clocks import clock_rows
from dispatch.orders.presenting.goodwill import STATES, GoodwillTold, goodwill_told
from dispatch.orders.presenting.ladder import next_people
from dispatch.orders.presenting.verbal import mark_of_word, way_to_word
from dispatch.orders.presenting.waiting import may_wait, waits_for
from dispatch.orders.queries import order_id_of
from dispatch.orders.recall_rules import RECALL_STATES
from dispatch.orders.rules import (
    CHANNEL_WORDS,
    KIND_WORDS,
    MAY_BE_PROMISED,
    SYMPTOMS,
    URGENCY_WORDS,
    lateness,
    reason_words,
)
from dispatch.orders.standing import Standing
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.web.access import allowed, current, may, signed_in
from dispatch.web.forms import Form
from dispatch.web.frame import status_word
from dispatch.words import Text

MOST_ENTRIES = 500
"""So many entries of its history stand on the page of an order; of one with many vehicles a page of them."""

WORDS = {
    "kind_words": KIND_WORDS,
    "urgency_words": URGENCY_WORDS,
    "channel_words": CHANNEL_WORDS,
    "symptoms": SYMPTOMS,
    "verbal_channels": VERBAL_CHANNELS,
    "datums": DATUMS,
    "reason_words": reason_words,
    "recall_words": RECALL_STATES,
    "level_word": level_word,
    "word_mark": mark_of_word,
}


@dataclass(frozen=True)
class Refused:
    """An action that was not taken: which, why, and the reason that was typed for it."""

    name: str
    sentence: Text
    form: Form
    position: int | None = None
    """The vehicle, for an action of the line table."""


@pages.get("/orders/<number>")
@signed_in
def show(number: str) -> str:
    """One order, as far as the reader may see it."""
    return _page(number)


def _page(number: str, **extra: Any) -> str:
    with transaction() as db:
        # One moment for all of it: what came in while the page was read is news to it.
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        order, standing = order_standing(db, number, current())
        shown = {"refused": None, "pin_form": None, "phone": None} | extra
        return render_template("orders/show.html", **_facts(db, order, standing), **WORDS, **shown)


def _facts(db: Session, order: Order, standing: Standing) -> dict[str, Any]:
    actor, today = current(), local_day(now(), current().zone)
    entries = history(db, ("order", order.id), limit=MOST_ENTRIES if standing.total <= LEAF else LEAF)
    facts = facts_read(db, order, standing, actor, entries)
    fleet, visits = vehicles_shown(db, order, standing), visits_shown(db, order, standing)
    lines = [row.line for row in fleet["lines"]]
    return {
        "order": order,
        **fleet,
        **visits,
        "goodwill": _goodwill(db, order, entries),
        "goodwill_url": lambda position: _goodwill_url(order, position),
        "actions": actions_of(order, facts, lambda action: url_for("orders.act", number=order.number, action=action)),
        "missing": facts.missing if order.status == "done" else (),
        "reminders": units_not_waited_for(db, order),
        "history": told_entries(db, entries, lines, {one.visit.technician for one in visits["visits"]}),
        "older": entries[-1].seq - 1 if entries else 0,
        "seen": max((entry.seq for entry in entries), default=0),
        "clocks": clock_rows(order.clocks, now()),
        "waits_for": waits_for(order),
        "may_promise": allowed("order.plan") and order.branch_id == actor.branch_id and order.status in MAY_BE_PROMISED,
        "may_wait": allowed("order.plan") and may_wait(order, facts),
        "under_way": standing.under_way,
        "masked_phone": read_phone(order.contact_phone).masked,
        "line_actions": actions_of_lines(order, lines, facts),
        "edge": lateness(order.status, order.wanted_on, today),
        "today": today,
        "at": now(),
        **_next(db, order, facts),
        "may_word": way_to_word(order, facts) and allowed("order.take"),
        "may_pin": allowed("customer.change"),
    }


def _next(db: Session, order: Order, facts: OrderFacts) -> dict[str, Any]:
    """The open step, and the names of those who may decide it; None for the names where nothing is open."""
    step = next((step for step in order.approvals if step.decision is None), None)
    if step is None:
        return {"open_step": None, "next_people": None, "may_link": False}
    barred = who_cannot(facts)
    people = deciders_and_deputies(db, step.permission, order.branch_id, now())
    may_link = why_not_make(facts.turn, current()) is None
    return {"open_step": step, "next_people": next_people(people, step.permission, barred), "may_link": may_link}


def _goodwill(db: Session, order: Order, entries: Sequence[AuditEntry]) -> Mapping[int, GoodwillTold]:
    """How goodwill stands, out of the history that was read; where that was not all of it, it is asked for."""
    whole = not entries or entries[-1].seq == 1
    return goodwill_told(entries if whole or order.kind != "repair" else entries_of(db, ("order", order.id), STATES))


def _goodwill_url(order: Order, position: int) -> str | None:
    """Where goodwill for a vehicle is asked for, for those who may."""
    mine = allowed("goodwill.ask") and allowed("order.see")
    return url_for("field.goodwill", number=order.number, position=position) if mine and order.approved else None


@pages.post("/orders/<number>/<action>")
@signed_in
def act(number: str, action: str) -> Response | tuple[str, int]:
    """Take one action of the order table."""
    form = Form.sent()
    press = read_press(request.form)
    try:
        with transaction() as db:
            order_id = order_id_of(db, number, current())
            order = take_action(db, order_id, action, version=press.version, reason=press.reason, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, refused=Refused(action, sentence_of(refusal), form)), refusal.status
    flash(_("The order is now: %(status)s.", status=status_word("order", order.status)), "success")
    return redirect(url_for("orders.show", number=number))


@pages.post("/orders/<number>/lines/<int:position>/<action>")
@may("order.plan")
def act_line(number: str, position: int, action: str) -> Response | tuple[str, int]:
    """Take one action of the line table on a vehicle."""
    form, press = Form.sent(), read_press(request.form)
    try:
        with transaction() as db:
            order_id = order_id_of(db, number, current())
            line = act_on_line(db, order_id, position, action, version=press.version, reason=press.reason, by=current(), at=now())
            status = line.status
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, refused=Refused(action, sentence_of(refusal), form, position)), refusal.status
    told = _("Vehicle no. %(position)s is now: %(status)s.", position=position, status=status_word("line", status))
    flash(told, "success")
    return redirect(url_for("orders.show", number=number, **held(), _anchor="vehicles" if held() else None))


def sentence_of(refusal: Refusal) -> Text:
    """The sentence of a refusal; a form's refusal speaks through its field."""
    fields: dict[str, Text] = getattr(refusal, "fields", {})
    return next(iter(fields.values()), refusal.text)


@pages.post("/orders/<number>/phone")
@signed_in
def phone(number: str) -> str | Markup:
    """The contact's whole number; that it was asked for is written into the order's history."""
    with transaction() as db:
        shown = reveal_phone(db, order_id_of(db, number, current()), by=current(), at=now())
    if "HX-Request" in request.headers:
        return render_template("customers/phone_shown.html", phone=shown)
    return _page(number, phone=shown)


@pages.post("/orders/<number>/pin")
@may("customer.change")
def pin(number: str) -> Response | tuple[str, int]:
    """Put the order's place on the map."""
    form = Form.sent()
    try:
        place = read_pin(request.form)
    except Refusal as refusal:
        return _page(number, pin_form=form.refused(refusal)), refusal.status
    with transaction() as db:
        order = order_numbered(db, number, current())
        set_pin(db, site=order.site, pin=Pin(place.lat, place.lon, place.source, place.accuracy_m), by=current(), at=now())
    flash(_("The place is on the map now."), "success")
    return redirect(url_for("orders.show", number=number))
