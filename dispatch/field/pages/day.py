"""The technician's day: today's stops in order, and the one to be at."""

from __future__ import annotations

from datetime import timedelta

from flask import render_template

from dispatch.board.rules import day_bounds
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.hand_overs import waiting_for
from dispatch.fees.cash_queries import held_by
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.disputes import KIND_WORDS
from dispatch.field.presenting.day import cards
from dispatch.field.presenting.disputed import lately_settled
from dispatch.field.queries import came_out, visits_ahead, visits_today
from dispatch.web.access import current, may

TOLD_FOR = timedelta(days=2)
"""So long a day's page tells what the office has decided on something that fitted nothing."""

AHEAD = timedelta(days=7)
"""So far his day's page tells what comes after today."""


@pages.get("/my-day")
@may("visit.drive")
def today() -> str:
    """Today's dispatched visits in order."""
    at, who = now(), current()
    day = local_day(at, who.zone)
    midnight, tomorrow = day_bounds(day, who.zone)
    with transaction() as db:
        stops, here = cards(visits_today(db, who.id or 0, midnight, tomorrow), day, who.zone)
        ahead, _ = cards(visits_ahead(db, who.id or 0, tomorrow, tomorrow + AHEAD), day, who.zone)
        offered = waiting_for(db, who.id or 0)
        old = len(came_out(db, who.id or 0))
        decided = lately_settled(db, who.id or 0, at - TOLD_FOR)
        cash = held_by(db, who.id or 0, at=at)
        told = {"cash": cash, "offered": offered, "old": old, "decided": decided, "fact_words": KIND_WORDS}
        return render_template("field/today.html", stops=stops, ahead=ahead, here=here, day=day, **told)
