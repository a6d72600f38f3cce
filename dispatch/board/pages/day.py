"""The day: look at it, have it planned, send it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, jsonify, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.compare import proposed_side
from dispatch.board.operations.runs import ask_plan
from dispatch.board.operations.sending import Sent, dispatch_day
from dispatch.board.overview import overview
from dispatch.board.pages.blueprint import back_to, chosen_day, pages, ways
from dispatch.board.pages.drawing import map_json
from dispatch.board.planning_view import Planning, planning_view
from dispatch.board.problem import bags_of_morning
from dispatch.board.queries import day_state, leftovers, open_lines, team, team_and_cash, visits_on
from dispatch.board.views import FIRST_HOUR, LAST_HOUR, Overview
from dispatch.board.work import DayOfBranch
from dispatch.db import transaction
from dispatch.devices.issuing import count_field
from dispatch.errors import Refusal
from dispatch.field.queries import dispute_count
from dispatch.staff.calendar_rules import Calendar, next_workday, not_published
from dispatch.staff.roster_queries import roster_of
from dispatch.staff.roster_rules import KINDS
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.words import Text

NAMED_AT_MOST = 5
WORKING_HOURS = range(FIRST_HOUR, LAST_HOUR)


def planning(db: Session, of: DayOfBranch) -> Planning:
    """How planning of the day stands."""
    return planning_view(day_state(db, of), settings().plan_seconds)


def read_overview(db: Session, of: DayOfBranch) -> tuple[Overview, Planning, Calendar]:
    """The day, its last planning run, its calendar: seven queries, or nine where visits of days before take out of the bags.

    The run is read first: should it end while the rest is read, the page still says that it is under way, and looks again.
    """
    state = planning(db, of)
    people, held = team_and_cash(db, of.branch_id, of.at)
    visits = visits_on(db, of.branch_id, *of.bounds, lent=True)
    who = {person.id for person in people} | {visit.technician_id for visit in visits}
    roster = roster_of(db, of.branch_id, who, of.day, of.day, of.zone, today=of.today)
    bags = bags_of_morning(db, [person.id for person in people], of, ways())
    lines = open_lines(db, of.branch_id, of.day)
    told = state.run.outcome if state.run else None
    seen = overview(of, ways(), team=people, visits=visits, bags=bags, lines=lines, told=told, roster=roster)
    return replace(seen, held=held), state, roster.calendar


@pages.get("/plan")
@may("order.plan")
def plan() -> str:
    """One day of the branch: what waits, who goes where, how it was planned."""
    of = chosen_day()
    with transaction() as db:
        seen, state, calendar = read_overview(db, of)
        names = {route.person.id: route.person.name for route in seen.routes}
        shown = {
            "seen": seen,
            "of": of,
            "names": names,
            "hours": seen.hours,
            **run_shown(state, of),
            "steps": _steps(of, calendar),
            "weekday": format_date(of.day, "EEEE"),
        }
        shown |= {"named": calendar.days.get(of.day), "unpublished": unpublished(calendar, of)}
        shown["issue_url"] = issue_url
        left = leftovers(db, of.branch_id, of.midnight) if of.day == of.today else ()
        return render_template("board/plan.html", LEAVE_KINDS=KINDS, left=left, disputes=dispute_count(db, current()), **shown)


def issue_url(lacking: Mapping[str, int], technician_id: int | None) -> str:
    """The page on which what a bag lacks is issued to it, filled in."""
    fields: dict[str, Any] = {}
    for part, count in lacking.items():
        kind, _colon, model = part.partition(":")
        if model or kind == "sim":
            fields[count_field(model or None)] = count
    return url_for("devices.issue", technician=technician_id, **fields)


def unpublished(calendar: Calendar, of: DayOfBranch) -> Text | None:
    """What is said on a page that looks ahead into a year without a calendar."""
    year = calendar.unpublished(of.day, next_workday(calendar, of.today)) if of.day >= of.today else None
    return not_published(year) if year else None


def _steps(of: DayOfBranch, calendar: Calendar) -> dict[str, date]:
    return {
        "before": of.day - timedelta(days=1),
        "after": of.day + timedelta(days=1),
        "today": of.today,
        "workday": next_workday(calendar, of.today),
    }


@pages.post("/plan/run")
@may("order.plan")
def run() -> AnyResponse:
    """Ask for the day to be planned in the background."""
    of = chosen_day()
    try:
        with transaction() as db:
            writes = request.form.get("how") != "propose"
            ask_plan(db, branch_id=of.branch_id, day=of.day, by=current(), at=of.at, writes=writes)
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    return back_to(of.day)


@pages.get("/plan/progress")
@may("order.plan")
def progress() -> Response | str:
    """How the run is getting on, with the best plan so far; once it has ended the page is loaded anew."""
    of = chosen_day()
    with transaction() as db:
        state = planning(db, of)
        names = {person.id: person.name for person in team(db, of.branch_id)}
    if state.run is None or not state.run.under_way:
        return Response(status=200, headers={"HX-Refresh": "true"})
    return render_template("board/run.html", of=of, names=names, hours=WORKING_HOURS, **run_shown(state, of))


def run_shown(state: Planning, of: DayOfBranch) -> dict[str, Any]:
    """What is told of the run; the plan it has found so far as bars."""
    found = state.run.proposal if state.run else None
    so_far = proposed_side(found.routes, found.figures) if found else None
    return {"run": state.run, "planning": state, "so_far": so_far, "past": state.run.past(of.at) if state.run else 0}


@pages.get("/plan/map.json")
@may("order.plan")
def map_data() -> Response:
    """The day for the map."""
    of = chosen_day()
    with transaction() as db:
        seen, _state, _calendar = read_overview(db, of)
        return jsonify(map_json(seen, settings()))


@pages.post("/plan/dispatch")
@may("order.plan")
def dispatch() -> AnyResponse:
    """Send out the whole day, or one technician's route."""
    of = chosen_day()
    try:
        with transaction() as db:
            sent = dispatch_day(db, of, technician_id=number_in(request.form.get("technician")), by=current())
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        _tell(sent)
    return back_to(of.day)


def _tell(sent: Sent) -> None:
    if sent.count:
        flash(ngettext("%(num)d visit was dispatched.", "%(num)d visits were dispatched.", sent.count), "success")
    elif not sent.kept_back:
        flash(_("There was nothing to dispatch."), "info")
    for number, why in sent.kept_back[:NAMED_AT_MOST]:
        flash(_("%(order)s was not dispatched: %(why)s", order=number, why=tr(why)), "warning")
    more = len(sent.kept_back) - NAMED_AT_MOST
    if more > 0:
        flash(ngettext("%(num)d more visit was not dispatched.", "%(num)d more visits were not dispatched.", more), "warning")
