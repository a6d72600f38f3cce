"""Plans that wait for a decision: accept, decline; runs ended early; the last change taken back; locks."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.operations.accepting import Wrote, accept_plan, decline_plan
from dispatch.board.operations.locks import set_lock
from dispatch.board.operations.runs import cancel_run
from dispatch.board.operations.undoing import TakenBack, take_back
from dispatch.board.pages.blueprint import back_to, chosen_day, day_of, pages, ways
from dispatch.board.queries import proposal_of
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr

NAMED_AT_MOST = 5


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
