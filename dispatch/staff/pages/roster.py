"""The duty roster: a branch's month, and writing it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, moment_of, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.ties import visits_within
from dispatch.staff.calendar_rules import not_published
from dispatch.staff.month import Row, heads, rows
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.roster_forms import WHAT, RosterFacts, read_month, read_roster
from dispatch.staff.roster_queries import leaves_asked, roster_of, rostered_people
from dispatch.staff.roster_rules import KINDS, SHORT
from dispatch.staff.rostering import set_duty
from dispatch.tabular.cells import read_date
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/roster")
@may("roster.see")
def roster() -> Answer:
    """Who works when at the branch, a month at a time."""
    return _page(None)


@pages.post("/roster")
@may("roster.change")
def roster_set() -> Answer:
    """Write the days of some people."""
    form = Form.sent()
    try:
        facts = read_roster({name: form.text(name) for name in form.values}, form.texts("people"))
        with transaction() as db:
            today = local_day(now(), current().zone)
            changed = set_duty(db, facts.person_ids, facts.days, facts.duty, today=today, by=current(), at=now())
            struck = _visits_struck(db, facts)
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    if struck:
        flash(
            ngettext(
                "%(num)d visit lies on these days. Give it to somebody else.",
                "%(num)d visits lie on these days. Give them to somebody else.",
                struck,
            ),
            "warning",
        )
    if changed:
        flash(
            ngettext("%(num)d day was written into the roster.", "%(num)d days were written into the roster.", changed), "success"
        )
    else:
        flash(_("It stands like that in the roster already."), "info")
    return redirect(url_for("staff.roster", month=facts.days[0].strftime("%Y-%m")), 303)


def _visits_struck(db: Session, facts: RosterFacts) -> int:
    """How many visits still to be made lie on days that were made free."""
    if facts.duty is None or facts.duty.span is not None:
        return 0
    start, end = moment_of(0, facts.days[0], current().zone), moment_of(0, facts.days[-1] + timedelta(days=1), current().zone)
    return len(visits_within(db, facts.person_ids, start, end))


def _page(form: Form | None) -> str:
    who = current()
    today = local_day(now(), who.zone)
    first = read_month(request.values.get("month"), today)
    following = (first + timedelta(days=31)).replace(day=1)
    with transaction() as db:
        people = rostered_people(db, who.branch_id or 0)
        ids = [one.id for one in people]
        found = roster_of(db, who.branch_id or 0, ids, first, following - timedelta(days=1), who.zone)
        shown = rows(people, first, who.zone, found)
        waiting = leaves_asked(db, who, at=now())
        year = found.calendar.unpublished(first) if following > today else None
        return render_template(
            "staff/roster.html",
            first=first,
            title=format_skeleton("yMMMM", first, locale=get_locale()),
            before=first - timedelta(days=1),
            after=following,
            heads=heads(first, found.calendar, today),
            rows=shown,
            today=today,
            form=form or _begun(shown, today),
            writing=form is not None or bool(request.args.get("day")),
            waiting=waiting,
            unpublished=not_published(year) if year else None,
            people=[(one.id, one.name) for one in people],
            what=list(WHAT.items()),
            legend=[(SHORT[kind], KINDS[kind]) for kind in KINDS],
        )


def _begun(shown: list[Row], today: date) -> Form:
    """The form as the month's link fills it: a person and a day with what the roster says of it."""
    person_id, day = number_in(request.args.get("person")), read_date(request.args.get("day", ""))
    values: dict[str, Any] = {"first": day if isinstance(day, date) else today, "what": "hours"}
    if person_id:
        values["people"] = [str(person_id)]
    cell = next((c for row in shown for c in row.cells if row.person.id == person_id and c.day == day), None)
    if cell and cell.hours and cell.duty and cell.duty.starts and cell.duty.ends:
        values |= {"starts": f"{cell.duty.starts:%H:%M}", "ends": f"{cell.duty.ends:%H:%M}"}
    return Form.of(values)
