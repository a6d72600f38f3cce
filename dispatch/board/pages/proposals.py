"""Plans that wait for a decision: side by side, accept, decline; runs ended early; the last change taken back; locks."""

from __future__ import annotations

from typing import Any

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.compare import Side, compared, proposed_side, standing_side
from dispatch.board.models import PlanRun, ProposedPlan
from dispatch.board.operations.accepting import Wrote, accept_plan, decline_plan
from dispatch.board.operations.locks import set_lock
from dispatch.board.operations.runs import cancel_run
from dispatch.board.operations.undoing import TakenBack, take_back
from dispatch.board.overview import overview
from dispatch.board.pages.blueprint import back_to, chosen_day, day_of, pages, ways
from dispatch.board.planning_view import about_words
from dispatch.board.queries import UNDER_WAY, day_state, open_lines, orders_named, proposal_of, team, versions_on, visits_on
from dispatch.board.views import Overview
from dispatch.board.work import DayOfBranch
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.staff.roster_queries import roster_of
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.filters import clock
from dispatch.web.locale import tr
from dispatch.web.login import settings

NAMED_AT_MOST = 5


@pages.get("/plan/proposals/<int:proposal_id>")
@may("order.plan")
def proposal(proposal_id: int) -> str:
    """A proposed plan beside the day as it stands, or beside another proposal (`beside`)."""
    who = current()
    with transaction() as db:
        right, run, asked_by = proposal_of(db, proposal_id, who)
        of = day_of(right.branch_id, right.day)
        other = number_in(request.args.get("beside"))
        left = proposal_of(db, other, who)[0] if other else None
        seen = _as_it_stands(db, of)
        side = proposed_side(left.routes, left.figures) if left else standing_side(seen)
        shown = _beside(db, seen, side, right)
        stale = None if right.state != "open" else _stale(db, of, right)
        asked: dict[str, Any] = {"asked_by": asked_by, "run": run, "under_way": run is not None and run.state in UNDER_WAY}
        asked |= {"past": _past(run, of), "seconds": settings().plan_seconds}
        shown["others"] = _others(db, of, right, left)
        return render_template("board/compare.html", of=of, left=left, right=right, stale=stale, **asked, **shown)


def _others(db: Session, of: DayOfBranch, right: ProposedPlan, left: ProposedPlan | None) -> list[dict[str, Any]]:
    """With what a proposal can be compared; nothing to choose while there is no other proposal."""
    found = [one for one in day_state(db, of).proposals if one.id != right.id]
    if not found:
        return []
    stands = {"label": _("As it stands"), "url": url_for("board.proposal", proposal_id=right.id), "active": left is None}
    chips = [stands]
    for one in found:
        url = url_for("board.proposal", proposal_id=right.id, beside=one.id)
        word = _("Proposed at %(time)s", time=clock(one.made_at))
        chips.append({"label": word, "url": url, "active": left is not None and left.id == one.id})
    return chips


def _past(run: PlanRun | None, of: DayOfBranch) -> int:
    if run is None or run.begun_at is None:
        return 0
    return int(min(max((of.at - run.begun_at).total_seconds(), 0), settings().plan_seconds))


def _as_it_stands(db: Session, of: DayOfBranch) -> Overview:
    """The day for comparing: without bags, and without the reasons of what waits."""
    people = team(db, of.branch_id)
    visits = visits_on(db, of.branch_id, *of.bounds, lent=True)
    who = {person.id for person in people} | {visit.technician_id for visit in visits}
    roster = roster_of(db, of.branch_id, who, of.day, of.day, of.zone, today=of.today)
    lines = open_lines(db, of.branch_id, of.day)
    return overview(of, ways(), team=people, visits=visits, bags={}, lines=lines, told=None, roster=roster)


def _beside(db: Session, seen: Overview, left: Side, right: ProposedPlan) -> dict[str, Any]:
    both = compared(left, proposed_side(right.routes, right.figures))
    orders = orders_named(db, {stop.order_id for side in (both.left, both.right) for stop in side.all})
    there = {route.person.id: route for route in seen.routes}
    names = {who: route.person.name for who, route in there.items()}
    return {"both": both, "orders": orders, "names": names, "there": there, "hours": seen.hours, "about": about_words(right)}


def _stale(db: Session, of: DayOfBranch, right: ProposedPlan) -> int:
    """How many visits came, went or were changed since the problem was gathered."""
    now_there = {str(visit_id): version for visit_id, version in versions_on(db, of.branch_id, *of.bounds)}
    return len({one for one, _version in now_there.items() ^ right.standing.items()})


@pages.post("/plan/proposals/<int:proposal_id>/<any(accept, decline):action>")
@may("order.plan")
def decide(proposal_id: int, action: str) -> AnyResponse:
    """Write a proposed plan, or put it aside."""
    who = current()
    with transaction() as db:
        found, _run, _name = proposal_of(db, proposal_id, who)
        of = day_of(found.branch_id, found.day)
    try:
        with transaction() as db:
            if action == "accept":
                _tell_written(accept_plan(db, of, ways(), proposal_id, by=who))
            else:
                decline_plan(db, of, proposal_id, by=who)
                flash(_("The proposed plan was put aside. Nothing was changed."), "info")
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    return back_to(of.day)


def _tell_written(wrote: Wrote | None) -> None:
    if wrote is None:
        flash(_("The search ends now; the best plan so far is being written."), "info")
        return
    flash(ngettext("The plan was written: %(num)d visit.", "The plan was written: %(num)d visits.", wrote.trips), "success")


@pages.post("/plan/run/<int:run_id>/cancel")
@may("order.plan")
def cancel(run_id: int) -> AnyResponse:
    """End a planning run without a plan."""
    of = chosen_day()
    try:
        with transaction() as db:
            cancel_run(db, of, run_id, by=current())
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        flash(_("Planning was cancelled. Nothing was changed."), "info")
    return back_to(of.day)


@pages.post("/plan/changes/<int:change_id>/undo")
@may("order.plan")
def undo(change_id: int) -> AnyResponse:
    """Take the last change of the day back."""
    of = chosen_day()
    try:
        with transaction() as db:
            done = take_back(db, of, change_id, by=current())
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        _tell_taken_back(done)
    return back_to(of.day)


def _tell_taken_back(done: TakenBack) -> None:
    flash(ngettext("%(num)d visit was taken back.", "%(num)d visits were taken back.", done.count), "success")
    for number, why in done.stays[:NAMED_AT_MOST]:
        flash(_("%(order)s stays as it is: %(why)s", order=number, why=tr(why)), "warning")
    more = len(done.stays) - NAMED_AT_MOST
    if more > 0:
        flash(ngettext("%(num)d more stays as it is.", "%(num)d more stay as they are.", more), "warning")


@pages.post("/plan/lock")
@may("order.plan")
def lock() -> AnyResponse:
    """Lock or unlock a visit, a technician's visits, or the day's: `lock` or `unlock` says whose, as "visit-12"."""
    of = chosen_day()
    locked = "lock" in request.form
    kind, _dash, number = str(request.form.get("lock" if locked else "unlock") or "").partition("-")
    whose: dict[str, Any] = {f"{kind}_id": number_in(number) or 0} if kind in ("visit", "technician") else {}
    try:
        with transaction() as db:
            count = set_lock(db, of, locked=locked, by=current(), **whose) if whose or kind == "day" else 0
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        flash(_locked(count) if locked else _unlocked(count), "info")
    return back_to(of.day)


def _locked(count: int) -> str:
    told = ngettext(
        "%(num)d visit is locked: no later plan moves it.", "%(num)d visits are locked: no later plan moves them.", count
    )
    return str(told)


def _unlocked(count: int) -> str:
    return str(ngettext("%(num)d visit may be planned anew.", "%(num)d visits may be planned anew.", count))
