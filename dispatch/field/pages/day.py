"""The technician's phone: today's visits in order, and the steps of the one he is at."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.board.rules import day_bounds
from dispatch.clock import local_day, now
from dispatch.customers.models import Site
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound
from dispatch.field.driving import LINE_TO_DO, drive
from dispatch.field.forms import LEFT, REASONS, read_abandon, read_finish
from dispatch.field.operations import SentFact
from dispatch.field.pages.blueprint import pages
from dispatch.field.queries import visits_today
from dispatch.orders.models import OrderLine, Visit
from dispatch.orders.rules import SYMPTOMS
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

NEXT_STEP = {"dispatched": "depart", "on_the_way": "arrive", "on_site": "finish"}
STEP_WORDS = {"depart": say("Depart"), "arrive": say("Arrived"), "finish": say("Finish")}
TOLD = {
    "depart": say("Drive carefully."),
    "arrive": say("You have arrived."),
    "finish": say("The visit is finished."),
    "abandon": say("The visit is broken off. The office knows."),
}
ACTIVE_FIRST = ("on_site", "on_the_way", "dispatched")


@dataclass(frozen=True)
class Typed:
    """A form that was refused: of which visit and step, with what was typed and what is wrong."""

    visit_id: int
    step: str
    form: Form


@dataclass(frozen=True)
class StopCard:
    """A visit as the phone shows it; `fact` is the UUID under which its next step will be sent.

    `earlier` is the day it was planned for when that day is over.
    """

    visit: Visit
    number: int
    fact: uuid.UUID
    earlier: date | None = None
    typed: Typed | None = None

    @property
    def lines(self) -> list[OrderLine]:
        """Its vehicles in the order's sequence."""
        return sorted((row.line for row in self.visit.visit_lines), key=lambda line: line.position)

    @property
    def to_do(self) -> list[OrderLine]:
        """Those of its vehicles that are still to be settled."""
        return [line for line in self.lines if line.status in LINE_TO_DO]

    @property
    def asks_lines(self) -> bool:
        """Whether finishing asks which vehicles were done."""
        return self.step == "finish" and len(self.to_do) > 1

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

    def form(self, step: str) -> Form | None:
        """What was typed for a step and refused."""
        return self.typed.form if self.typed and self.typed.step == step else None


def cards(visits: Sequence[Visit], today: date, zone: str, typed: Typed | None = None) -> tuple[list[StopCard], StopCard | None]:
    """All stops in order, and the one to be at: where he is or drives to, else the first still to come."""
    shown = [_card(visit, number, today, zone, typed) for number, visit in enumerate(visits, start=1)]
    waiting = [card for card in shown if card.visit.status in ACTIVE_FIRST]
    return shown, min(waiting, key=lambda card: (ACTIVE_FIRST.index(card.visit.status), card.number), default=None)


def _card(visit: Visit, number: int, today: date, zone: str, typed: Typed | None) -> StopCard:
    planned = local_day(visit.starts_at, zone)
    mine = typed if typed and typed.visit_id == visit.id else None
    return StopCard(visit, number, uuid.uuid4(), planned if planned < today else None, mine)


@pages.get("/my-day")
@may("visit.drive")
def today() -> str:
    """Today's dispatched visits in order."""
    return _page()


def _page(typed: Typed | None = None) -> str:
    at, who = now(), current()
    day = local_day(at, who.zone)
    with transaction() as db:
        visits = visits_today(db, who.id or 0, *day_bounds(day, who.zone))
        stops, here = cards(visits, day, who.zone, typed)
        return render_template("field/today.html", stops=stops, here=here, day=day, reasons=REASONS, left=LEFT)


@pages.post("/my-day/visits/<int:visit_id>/<any(depart, arrive, finish, abandon):step>")
@may("visit.drive")
def take_step(visit_id: int, step: str) -> Response | tuple[str, int]:
    """One step of a visit. Pressed twice it counts once; what no rule allows is kept for the dispatcher."""
    form, key = Form.sent(), _fact_key()
    try:
        told = _told(step, form)
    except Invalid as refusal:
        return _page(Typed(visit_id, step, form.refused(refusal))), refusal.status
    at = now()
    sent = SentFact(key, f"visit.{step}", _device(), _seq(at), {"visit": visit_id, **told}, at, 0, visit_id=visit_id)
    with transaction() as db:
        fact = drive(db, sent, by=current(), at=at)
        disputed = fact.state == "disputed"
    if disputed:
        flash(_("This does not fit what the office knows. It was kept, and the dispatcher will sort it out."), "warning")
    else:
        flash(tr(TOLD[step]), "success")
    return redirect(url_for("field.today"), 303)


def _told(step: str, form: Form) -> dict[str, Any]:
    """What a step says beside that it was taken. Raises Invalid."""
    if step == "finish":
        return read_finish(form.texts("shown"), form.texts("done"), form.values).content
    return {"reason": tr(read_abandon(form.values))} if step == "abandon" else {}


def _fact_key() -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get("fact", ""))
    except ValueError:
        raise NotFound from None


def _seq(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _device() -> str:
    """This browser's own name, kept in its cookie."""
    if "device" not in session:
        session["device"] = f"web-{uuid.uuid4()}"
    return str(session["device"])
