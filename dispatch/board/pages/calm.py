"""A running day: what has happened, what is proposed about it, and a form for what the system cannot know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.calm_day import events_of, last_proposal
from dispatch.board.calm_forms import read_event
from dispatch.board.calm_models import CalmProposal, DayEvent
from dispatch.board.calm_rules import Happened, Move, happened_from, move_from_json, told
from dispatch.board.operations import calm as operations
from dispatch.board.pages.blueprint import back_to, chosen_day, pages
from dispatch.board.queries import districts_on, team
from dispatch.board.work import DayOfBranch
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

NAMED_ON_PAGE, NAMED_ON_BOARD = 200, 5
FIGURES = ("late_jobs", "late_s", "shifted", "unserved", "overtime_s", "travel_s")


@dataclass(frozen=True)
class ProposalView:
    """The newest proposal of the day as the page tells of it."""

    id: int
    state: str
    made_at: datetime
    decided_at: datetime | None
    reasons: tuple[Text, ...]
    moves: tuple[Move, ...]
    figures: dict[str, tuple[int, int]]

    @property
    def others(self) -> int:
        """How many vehicles get somebody else than they were told."""
        return sum(move.kind == "person" for move in self.moves)


def _view(found: CalmProposal | None) -> ProposalView | None:
    if found is None or found.state not in ("open", "none", "accepted"):
        return None
    moves = tuple(move for move in map(move_from_json, found.moves) if move.noticed)
    nothing, then = found.figures["nothing"], found.figures["then"]
    figures = {name: (nothing[name], then[name]) for name in FIGURES}
    reasons = tuple(told(happened_from(found.reasons)))
    return ProposalView(found.id, found.state, found.made_at, found.decided_at, reasons, moves, figures)


@dataclass(frozen=True)
class EventView:
    """Something that was entered, in words."""

    id: int
    text: Text
    at: datetime


def _event(event: DayEvent, names: dict[int, str]) -> EventView:
    name = event.area or "" if event.kind == "traffic" else names.get(event.technician_id or 0, "")
    what = Happened(event.kind, event.id, name, event.percent or 0).text
    late = say("%(name)s is %(n)s min behind", name=name, n=event.minutes)
    return EventView(event.id, late if event.kind == "late" else what, event.at)


@pages.get("/plan/happened")
@may("order.plan")
def happened() -> str:
    """What has happened today and what is proposed; for htmx the card alone, as the plan shows it."""
    of = chosen_day()
    with transaction() as db:
        proposal = _view(last_proposal(db, of))
        if "HX-Request" in request.headers:
            return render_template("board/calm.html", proposal=proposal, of=of, most=NAMED_ON_BOARD)
        return _page(db, of, proposal, Form())


def _page(db: Session, of: DayOfBranch, proposal: ProposalView | None, form: Form) -> str:
    people: dict[int, str] = {person.id: person.name for person in team(db, of.branch_id)}
    events = [_event(event, people) for event in events_of(db, of)]
    choices: dict[str, Any] = {
        "people": [("", _("Choose…")), *people.items()],
        "areas": [("", _("Everywhere")), *((area, area) for area in districts_on(db, of.branch_id, *of.bounds))],
    }
    return render_template(
        "board/happened.html", of=of, proposal=proposal, form=form, events=events, most=NAMED_ON_PAGE, **choices
    )


@pages.post("/plan/happened")
@may("order.plan")
def enter() -> AnyResponse | tuple[str, int]:
    """Enter what has happened."""
    of, form = chosen_day(), Form.sent()
    try:
        with transaction() as db:
            new = read_event(form.values, [person.id for person in team(db, of.branch_id)])
            operations.enter_event(db, of, new, by=current())
    except NotFound:
        raise
    except Refusal as refusal:
        with transaction() as db:
            return _page(db, of, _view(last_proposal(db, of)), form.refused(refusal)), 422
    flash(_("Noted. A proposal comes in a moment."), "success")
    return redirect(url_for("board.happened", day=of.day.isoformat()), 303)


@pages.post("/plan/happened/<int:event_id>/over")
@may("order.plan")
def over(event_id: int) -> AnyResponse:
    """It is over, or was entered by mistake."""
    of = chosen_day()
    with transaction() as db:
        event = operations.end_event(db, event_id, by=current(), at=of.at)
        day = event.day
    return redirect(url_for("board.happened", day=day.isoformat()), 303)


@pages.post("/plan/happened/<int:proposal_id>/<any(accept, decline):answer>")
@may("order.plan")
def answer_calm(proposal_id: int, answer: str) -> AnyResponse:
    """Accept what is proposed, or leave the day as it is."""
    of = chosen_day()
    try:
        with transaction() as db:
            done = _accepted(db, proposal_id, of) if answer == "accept" else _declined(db, proposal_id, of)
    except NotFound:
        raise
    except Refusal as refusal:
        done = (tr(refusal.text), "warning")
    flash(*done)
    return back_to(of.day)


def _accepted(db: Session, proposal_id: int, of: DayOfBranch) -> tuple[str, str]:
    if not operations.accept(db, proposal_id, by=current(), at=of.at):
        return _(
            "Something has changed since this was proposed. Nothing was written; a new proposal comes in a moment."
        ), "warning"
    view = _view(db.get_one(CalmProposal, proposal_id))
    count = len(view.moves) if view else 0
    return ngettext("The day was changed: %(num)d visit.", "The day was changed: %(num)d visits.", count), "success"


def _declined(db: Session, proposal_id: int, of: DayOfBranch) -> tuple[str, str]:
    operations.decline(db, proposal_id, by=current(), at=of.at)
    return _("The day stays as it is. The same is not proposed again today."), "info"
