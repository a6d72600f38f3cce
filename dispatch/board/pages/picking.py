"""The picking list of a day: what bags lack for its visits, and issuing it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import flash, render_template, request, url_for
from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from dispatch.board.forms import read_day
from dispatch.board.operations.picking import Issued, issue_picks
from dispatch.board.pages.blueprint import chosen_day, pages, ways
from dispatch.board.picked import day_list
from dispatch.board.queries import next_visit_from, team
from dispatch.board.rules import day_bounds
from dispatch.board.work import DayOfBranch
from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.devices.models import Holder
from dispatch.devices.queries import stores
from dispatch.errors import NotFound, Refusal
from dispatch.staff.calendar_rules import Calendar, next_workday
from dispatch.staff.roster_queries import AHEAD, calendar_of
from dispatch.typed import key_in, number_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr


@pages.get("/plan/picking", endpoint="plan_picking")
@may("stock.change")
def picking() -> str:
    """What everybody needs on a day, the next one with visits unless the address names another."""
    with transaction() as db:
        of, rooms = _asked_day(db), _branch_stores(db)
        store = next((room for room in rooms if room.id == number_in(request.args.get("store"))), rooms[0] if rooms else None)
        return render_template(
            "board/picking.html",
            of=of,
            list=day_list(db, of, ways(), store),
            store=store,
            stores=rooms,
            key=uuid.uuid4(),
            weekday=format_date(of.day, "EEEE"),
            before=of.day - timedelta(days=1),
            after=of.day + timedelta(days=1),
            workday=next_workday(_calendar(db, of), of.today),
            technicians=bool(team(db, of.branch_id)),
        )


@pages.post("/plan/picking", endpoint="plan_pick")
@may("stock.change")
def pick() -> Response:
    """Issue what one technician lacks, or all of them."""
    of = chosen_day()
    try:
        with transaction() as db:
            store = next((room for room in _branch_stores(db) if room.id == number_in(request.form.get("store"))), None)
            if store is None:
                raise NotFound
            person_id, key = number_in(request.form.get("technician")), key_in(request.form.get("key", "")) or uuid.uuid4()
            done = issue_picks(db, of, ways(), store=store, person_id=person_id, key=key, by=current())
    except NotFound:
        raise
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        flash(_told(done), "success" if done.units else "info")
        if done.units:
            flash(_("Each technician says yes on his phone, or signs at the counter."), "info")
    return redirect(url_for("board.plan_picking", day=of.day.isoformat(), store=request.form.get("store")), 303)


def _asked_day(db: Session) -> DayOfBranch:
    """The day in the address; else the first one after today on which somebody goes anywhere, else the next workday."""
    of = chosen_day()
    _start, tomorrow = day_bounds(of.today, of.zone)
    first = next_visit_from(db, of.branch_id, tomorrow)
    usual = local_day(first, of.zone) if first else next_workday(_calendar(db, of), of.today)
    return DayOfBranch(of.branch_id, read_day(request.args.get("day"), usual), of.zone, of.at)


def _calendar(db: Session, of: DayOfBranch) -> Calendar:
    return calendar_of(db, of.branch_id, of.today, of.today + AHEAD)


def _branch_stores(db: Session) -> list[Holder]:
    return [room for room in stores(db, current()) if room.branch_id == current().branch_id]


def _told(done: Issued) -> str:
    if not done.units:
        return str(_("Nothing was moved: what can be issued is in the bags already."))
    units = ngettext("%(num)d unit issued", "%(num)d units issued", done.units)
    bags = ngettext("into %(num)d bag.", "into %(num)d bags.", done.bags)
    return str(_("%(units)s %(bags)s", units=units, bags=bags))
