"""My open contacts (Q2): what one owns until the customer has confirmed, what one is asked to take over, what lies idle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.audit.queries import history
from dispatch.clock import now
from dispatch.customers.rules import read_phone
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.contact_queries import (
    SHOWN,
    SORTS,
    Chosen,
    calls_of,
    contact,
    contacts_page,
    link_alive,
    next_visits,
    takers,
)
from dispatch.orders.contact_rules import HOW, why_not_confirm, why_not_unsolved
from dispatch.orders.forms import read_page
from dispatch.orders.operations import confirming, owning
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.history import Naming, naming_of, told
from dispatch.orders.presenting.listing import Leaf
from dispatch.orders.rules import CHANNEL_WORDS, SYMPTOMS, URGENCY_WORDS
from dispatch.typed import LONGEST_TEXT, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text, say

SHOWN_WORDS: dict[str, Text] = {
    "mine": say("Mine"),
    "told": say("To be told the customer"),
    "offered": say("Offered to me"),
    "idle": say("Idle"),
    "branch": say("Everybody's"),
}
SORT_WORDS: dict[str, Text] = {
    "oldest": say("Oldest first"),
    "newest": say("Newest first"),
    "quiet": say("Longest without an act first"),
}
FOR_SUPERVISORS = ("idle", "branch")


@pages.get("/contacts")
@may("order.take")
def contacts() -> str:
    """A list of open contacts, fifty a page, sorted by the database."""
    chosen, actor = _chosen(request.args), current()
    with transaction() as db:
        page = contacts_page(db, chosen, actor, number=read_page(request.args))
        shown = [name for name in SHOWN if name not in FOR_SUPERVISORS or actor.may("contact.reassign")]
        chips = [
            {
                "label": tr(SHOWN_WORDS[name]),
                "url": _address(show=name, page=None),
                "active": name == chosen.show,
                "count": page.counts[name],
            }
            for name in shown
        ]
        leaf = Leaf(page.number, page.pages, page.total, _address)
        words = {"sorts": SORT_WORDS, "symptoms": SYMPTOMS}
        return render_template(
            "orders/contacts.html", rows=page.contacts, visits=page.visits, chips=chips, page=leaf, chosen=chosen, **words
        )


def _chosen(args: Mapping[str, str]) -> Chosen:
    show, sort = args.get("show", ""), args.get("sort", "")
    allowed = show in SHOWN and (show not in FOR_SUPERVISORS or current().may("contact.reassign"))
    return Chosen(show if allowed else "mine", sort if sort in SORTS else "oldest")


def _address(**changed: object) -> str:
    held = {name: request.args[name] for name in ("show", "sort") if request.args.get(name)}
    return url_for("orders.contacts", **held | changed)  # type: ignore[arg-type]


# --- one of them


@pages.get("/contacts/<int:contact_id>", endpoint="contact")
@may("order.take")
def show_contact(contact_id: int) -> str:
    """Who owns it, what became of it, and what the owner can do."""
    return _page(contact_id)


def _page(contact_id: int, *, form: Form | None = None, act: str = "", **more: Any) -> str:
    with transaction() as db:
        found = contact(db, contact_id, current())
        shown = _facts(db, found) | {"form": form, "act": act, "made": None} | more
        words = {
            "channels": CHANNEL_WORDS,
            "urgencies": URGENCY_WORDS,
            "symptoms": SYMPTOMS,
            "how": HOW,
            "hours": settings().contact_link_hours,
        }
        return render_template("orders/contact.html", contact=found, **shown, **words)


def _facts(db: Session, found: OwnedContact) -> dict[str, Any]:
    order, me = found.order, current()
    subject = ("order", order.id) if order else ("contact", found.id)
    naming = naming_of(order.lines, {}, me.zone) if order else Naming({}, {}, me.zone)
    entries = [entry for entry in history(db, subject) if entry.action.split(".")[0] in ("contact", "call", "help")]
    hands_over = found.owner_id == me.id or me.may("contact.reassign")
    return {
        "calls": calls_of(db, order.id) if order else (),
        "visit": next_visits(db, [order.id]).get(order.id) if order else None,
        "history": told(entries, naming),
        "not_confirmed": why_not_confirm(found.facts),
        "not_unsolved": why_not_unsolved(found.facts),
        "signer": owning.signed_by(db, order.id) if order and found.has_result else None,
        "link": link_alive(db, found.id),
        "people": [(p.id, p.name) for p in takers(db, found.branch_id, besides=found.owner_id)] if hands_over else [],
        "hands_over": hands_over,
        "mask": lambda phone: read_phone(phone).masked,
    }


@dataclass(frozen=True)
class Act:
    """Something that is done with a contact: the operation, what it is given of the form, and what is said afterwards."""

    carry_out: Callable[..., OwnedContact]
    given: Callable[[Form], dict[str, Any]]
    told: Callable[[OwnedContact], str]


def _reason(form: Form) -> dict[str, Any]:
    return {"reason": form.text("reason")[:LONGEST_TEXT]}


def _chosen_vehicles(form: Form) -> dict[str, Any]:
    return _reason(form) | {"positions": [number for text in form.texts("vehicles") if (number := number_in(text))]}


ACTS = {
    "note": Act(
        lambda db, key, note, **who: owning.note_contact(db, key, note, **who),
        lambda form: {"note": form.text("note")[:LONGEST_TEXT]},
        lambda _contact: _("Noted."),
    ),
    "offer": Act(
        lambda db, key, to, **more: owning.offer_contact(db, key, to, **more),
        lambda form: _reason(form) | {"to": form.number("to", 0)},
        lambda one: _(
            "%(name)s is asked. Until the answer it stays with its owner.", name=one.offered_to.name if one.offered_to else "—"
        ),
    ),
    "accept": Act(owning.accept_contact, lambda _form: {}, lambda _contact: _("It is yours now.")),
    "decline": Act(owning.decline_contact, _reason, lambda one: _("It stays with %(name)s.", name=one.owner.name)),
    "withdraw": Act(owning.withdraw_offer, lambda _form: {}, lambda one: _("It stays with %(name)s.", name=one.owner.name)),
    "confirm": Act(
        confirming.confirm_by_phone,
        lambda form: {"name": form.text("name"), "said": form.text("said")[:LONGEST_TEXT]},
        lambda _contact: _("Confirmed: this contact is settled."),
    ),
    "signed": Act(confirming.confirm_by_signature, lambda _form: {}, lambda _contact: _("Confirmed: this contact is settled.")),
    "not-solved": Act(confirming.say_not_solved, _chosen_vehicles, lambda _contact: _("Not solved: the work goes on.")),
}


@pages.post("/contacts/<int:contact_id>/<any(note, offer, accept, decline, withdraw, confirm, signed, 'not-solved'):act>")
@may("order.take")
def act_on_contact(contact_id: int, act: str) -> Response | tuple[str, int]:
    """One act of the owner, of whoever is asked to take over, or of a supervisor."""
    form, chosen = Form.sent(), ACTS[act]
    try:
        with transaction() as db:
            said = chosen.told(chosen.carry_out(db, contact_id, **chosen.given(form), by=current(), at=now()))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(contact_id, form=form.refused(refusal), act=act), refusal.status
    flash(said, "success")
    return redirect(url_for("orders.contact", contact_id=contact_id))


@pages.post("/contacts/<int:contact_id>/link")
@may("order.take")
def contact_make_link(contact_id: int) -> str | tuple[str, int]:
    """Make a link for the customer and show it, this once: only its hash is kept."""
    try:
        with transaction() as db:
            lasts = timedelta(hours=settings().contact_link_hours)
            _link, token = confirming.make_contact_link(db, contact_id, lasts=lasts, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(contact_id, form=Form.sent().refused(refusal), act="link"), refusal.status
    return _page(contact_id, made=settings().base_url + url_for("orders.confirm_by_link", token=token))
