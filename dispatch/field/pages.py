"""The technician's phone: today's visits in order, and the steps of the one he is at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.board.rules import day_bounds
from dispatch.clock import local_day, now
from dispatch.customers.models import Site
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.field.driving import drive
from dispatch.field.operations import SentFact
from dispatch.field.queries import visits_today
from dispatch.orders.models import OrderLine, Visit
from dispatch.orders.rules import SYMPTOMS
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr
from dispatch.words import Text, say

pages = Blueprint("field", __name__)

NEXT_STEP = {"dispatched": "depart", "on_the_way": "arrive", "on_site": "finish"}
STEP_WORDS = {"depart": say("Depart"), "arrive": say("Arrived"), "finish": say("Finish")}
TOLD = {"depart": say("Drive carefully."), "arrive": say("You have arrived."), "finish": say("The visit is finished.")}
ACTIVE_FIRST = ("on_site", "on_the_way", "dispatched")


@dataclass(frozen=True)
class StopCard:
    """A visit as the phone shows it; `fact` is the UUID under which its next step will be sent."""

    visit: Visit
    number: int
    fact: uuid.UUID

    @property
    def lines(self) -> list[OrderLine]:
        """Its vehicles in the order's sequence."""
        return sorted((row.line for row in self.visit.visit_lines), key=lambda line: line.position)

    @property
    def site(self) -> Site:
        """Where it is."""
        first = next(iter(self.lines), None)
        return first.own_site if first and first.own_site else self.visit.order.site

    @property
    def symptom(self) -> Text | None:
        """What a repair is about."""
        code = self.visit.order.symptom
        return SYMPTOMS[code].words if code else None

    @property
    def step(self) -> str | None:
        """The next step, None when it is over."""
        return NEXT_STEP.get(self.visit.status)

    @property
    def step_word(self) -> Text | None:
        """The word on its button."""
        return STEP_WORDS[self.step] if self.step else None


def cards(visits: Sequence[Visit]) -> tuple[list[StopCard], StopCard | None]:
    """All stops in order, and the one to be at: where he is or drives to, else the first still to come."""
    shown = [StopCard(visit, number, uuid.uuid4()) for number, visit in enumerate(visits, start=1)]
    waiting = [card for card in shown if card.visit.status in ACTIVE_FIRST]
    return shown, min(waiting, key=lambda card: (ACTIVE_FIRST.index(card.visit.status), card.number), default=None)


@pages.get("/my-day")
@may("visit.drive")
def today() -> str:
    """Today's dispatched visits in order."""
    at, who = now(), current()
    with transaction() as db:
        stops, here = cards(visits_today(db, who.id or 0, *_bounds(at, who.zone)))
        return render_template("field/today.html", stops=stops, here=here, day=local_day(at, who.zone))


def _bounds(at: datetime, zone: str) -> tuple[datetime, datetime]:
    return day_bounds(local_day(at, zone), zone)


@pages.post("/my-day/visits/<int:visit_id>/<any(depart, arrive, finish):step>")
@may("visit.drive")
def take_step(visit_id: int, step: str) -> Response:
    """One step of a visit. Pressed twice it counts once; what no rule allows is kept for the dispatcher."""
    sent = _sent(visit_id, step)
    with transaction() as db:
        fact = drive(db, sent, by=current(), at=now())
        disputed = fact.state == "disputed"
    if disputed:
        flash(_("This does not fit what the office knows. It was kept, and the dispatcher will sort it out."), "warning")
    else:
        flash(tr(TOLD[step]), "success")
    return redirect(url_for("field.today"), 303)


def _sent(visit_id: int, step: str) -> SentFact:
    at = now()
    key = key_in(request.form.get("fact", ""))
    if key is None:
        raise NotFound
    seq = int(at.timestamp() * 1_000_000)
    return SentFact(key, f"visit.{step}", _device(), seq, {"visit": visit_id}, at, 0, visit_id=visit_id)


def _device() -> str:
    """This browser's own name, kept in its cookie."""
    if "device" not in session:
        session["device"] = f"web-{uuid.uuid4()}"
    return str(session["device"])
