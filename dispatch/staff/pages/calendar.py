"""The business calendar: a year's holidays and make-up workdays, entered one by one or as a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal, RuleBroken
from dispatch.staff.calendar_forms import Entry, doubles, read_entry, read_list, read_pasted, whole
from dispatch.staff.calendar_rules import KINDS, not_published
from dispatch.staff.models import Branch
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.queries import branch
from dispatch.staff.roster_queries import calendar_days
from dispatch.staff.rostering import set_days, take_day_out
from dispatch.tabular.imports import Import, RowProblem
from dispatch.tabular.tables import read
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.uploads import sent_file
from dispatch.words import say

FIRST_YEAR, LAST_YEAR = 2000, 2099
PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class Shown:
    """What was refused, and where."""

    one: Form
    many: Form
    problems: tuple[RowProblem, ...] = ()


NOTHING = Shown(Form(), Form())


@pages.get("/calendar")
@may("roster.see")
def roster_calendar() -> Answer:
    """A year: the company's days and those of the reader's branch."""
    return _page(NOTHING)


@pages.post("/calendar")
@may("calendar.change")
def roster_calendar_set() -> Answer:
    """Enter a day, or some days in a row."""
    form = Form.sent()
    try:
        entries = read_entry({name: form.text(name) for name in form.values})
        _write(entries)
    except Refusal as refusal:
        return _page(Shown(form.refused(refusal), Form())), refusal.status
    return _back(entries[0].day.year)


@pages.post("/calendar/list")
@may("calendar.change")
def roster_calendar_list() -> Answer:
    """Take in a list, all of it or nothing."""
    form = Form.sent()
    problems: tuple[RowProblem, ...] = ()
    try:
        found = _sent_list(form)
        problems = (*found.problems, *doubles(found))[:PROBLEMS_SHOWN]
        if problems:
            raise RuleBroken(say("Nothing was taken in. Mend these lines and send the list again."))
        entries = whole(found)
        _write(entries)
    except NotFound:
        raise
    except Refusal as refusal:
        refused = Form(form.values, refusal.fields if isinstance(refusal, Invalid) else {"list": refusal.text})
        return _page(Shown(Form(), refused, problems)), refusal.status
    return _back(entries[0].day.year)


def _sent_list(form: Form) -> Import[list[Entry]]:
    """The file goes before what was pasted."""
    file = sent_file() if request.files.get("file") and request.files["file"].filename else None
    return read_list(read(file.name, file.content)) if file else read_pasted(form.text("list"), number_in(form.text("year")))


def _write(entries: list[Entry]) -> None:
    whole_company = request.form.get("scope") == "company"
    with transaction() as db:
        changed = set_days(db, entries, branch_id=None if whole_company else _branch(db).id, by=current(), at=now())
    if changed:
        flash(
            ngettext("%(num)d day was written into the calendar.", "%(num)d days were written into the calendar.", changed),
            "success",
        )
    else:
        flash(_("All of this stands in the calendar already."), "info")


@pages.post("/calendar/<int:day_id>/remove")
@may("calendar.change")
def roster_calendar_remove(day_id: int) -> Answer:
    """Take a day out again."""
    with transaction() as db:
        gone = take_day_out(db, day_id, by=current(), at=now())
    flash(_("%(day)s is as its weekday says again.", day=gone.day.isoformat()), "success")
    return _back(gone.day.year)


def _back(year: int) -> Answer:
    return redirect(url_for("staff.roster_calendar", year=year), 303)


def _branch(db: Session) -> Branch:
    return branch(db, current().branch_id, current())


def _page(shown: Shown) -> str:
    who, today = current(), local_day(now(), current().zone)
    asked = number_in(request.values.get("year")) or today.year
    year = min(max(asked, FIRST_YEAR), LAST_YEAR)
    with transaction() as db:
        days = calendar_days(db, year, who.branch_id)
        of_all = who.may("branches.all")
        return render_template(
            "staff/calendar.html",
            year=year,
            days=days,
            unpublished=None if any(day.branch_id is None for day in days) else not_published(year),
            years=[today.year - 1, today.year, today.year + 1] if abs(year - today.year) < 2 else [year - 1, year, year + 1],
            branch_name=_branch(db).name,
            changeable=lambda day: who.may("calendar.change") and (of_all or day.branch_id is not None),
            scopes=[("company", say("The whole company"))] * of_all + [("branch", say("Only this branch"))],
            kinds=list(KINDS.items()),
            KINDS=KINDS,
            shown=shown,
            first=date(year, 1, 1),
        )
