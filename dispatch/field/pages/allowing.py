"""The exception of something that was allowed by word: written down on site, confirmed later by whoever allowed it (P13)."""

from __future__ import annotations

from flask import render_template

from dispatch.db import transaction
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.sending import Acts, Answer, Refused, taken
from dispatch.field.pages.stop import shown, stop_url
from dispatch.orders.presenting.verbal import options
from dispatch.orders.verbal_forms import read_word
from dispatch.orders.verbal_queries import approvers
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import say


@pages.get("/my-day/visits/<int:visit_id>/by-word")
@may("visit.drive")
def by_word(visit_id: int) -> str:
    """Who allowed what, and how."""
    return by_word_page(visit_id)


def by_word_page(visit_id: int, refused: Refused | None = None) -> str:
    """The form, with what was refused of it."""
    with transaction() as db:
        seen = shown(db, visit_id, refused)
        people = options(approvers(db, seen["stop"].order.branch_id, besides=current()))
        return render_template("field/by_word.html", **seen, people=people, channels=VERBAL_CHANNELS)


@pages.post("/my-day/visits/<int:visit_id>/by-word")
@may("visit.drive")
def record_word(visit_id: int) -> Answer:
    """Write it down; whoever is named is asked to confirm it."""
    return taken(
        visit_id,
        "word.record",
        _allowed,
        told=say("Recorded. Go on; whoever allowed it confirms it later."),
        to=stop_url(visit_id),
        again=lambda refused: by_word_page(visit_id, refused),
    )


def _allowed(form: Form) -> Acts:
    word = read_word(form.values, zone=current().zone)
    said_at = word.said_at.isoformat() if word.said_at else None
    told = {"approver": word.approver_id, "channel": word.channel, "said_at": said_at, "what_for": word.what_for}
    return [("word.record", told)]
