"""Leave: one's own month and asking for leave; deciding about the leave of others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from babel.dates import format_skeleton
from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import Piece, local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.models import Visit
from dispatch.orders.ties import visits_within
from dispatch.staff.calendar_rules import not_published, pieces_of, work_minutes_between
from dispatch.staff.models import Person
from dispatch.staff.month import heads, rows
from dispatch.staff.pages.blueprint import Answer, pages
from dispatch.staff.roster_forms import read_leave, read_month
from dispatch.staff.roster_models import LeaveRequest
from dispatch.staff.roster_queries import calendar_of, leaves_decided, leaves_of, leaves_waiting, roster_of
from dispatch.staff.roster_rules import KINDS, SHORT, STATES
from dispatch.staff.taking_leave import ask_leave, decide_leave, withdraw_leave
from dispatch.web.access import current, may, signed_in
from dispatch.web.forms import Form
from dispatch.web.locale import tr

SEEN_BACK = timedelta(days=31)
"""Decisions about days that were over for longer are not listed any more."""


# --- one's own


@pages.get("/my-month")
@signed_in
def my_month() -> Answer:
    """When I work, and my leave."""
    return _mine(None)


@pages.post("/my-month/leave")
@signed_in
def ask() -> Answer:
    """Ask for leave."""
    form, who = Form.sent(), current()
    try:
        wanted = read_leave({name: form.text(name) for name in form.values}, who.zone, now())
        with transaction() as db:
            ask_leave(db, wanted, by=who, at=now())
    except Refusal as refusal:
        return _mine(form.refused(refusal)), refusal.status
    flash(_("Asked for. You are told here what was decided."), "success")
    return redirect(url_for("staff.my_month", month=local_day(wanted.starts_at, who.zone).strftime("%Y-%m")), 303)


@pages.post("/my-month/leave/<int:leave_id>/withdraw")
@signed_in
def withdraw(leave_id: int) -> Answer:
    """Take it back."""
    try:
        with transaction() as db:
            back = withdraw_leave(db, leave_id, by=current(), at=now()).cut_short
    except NotFound:
        raise
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        flash(_("Welcome back. You can be sent again.") if back else _("The leave was withdrawn."), "success")
    return redirect(url_for("staff.my_month"), 303)


def _mine(form: Form | None) -> str:
    who, at = current(), now()
    today = local_day(at, who.zone)
    first = read_month(request.values.get("month"), today)
    following = (first + timedelta(days=31)).replace(day=1)
    with transaction() as db:
        me = db.get_one(Person, who.id)
        found = roster_of(db, me.branch_id, [me.id], first, following - timedelta(days=1), who.zone)
        year = found.calendar.unpublished(first) if following > today else None
        leaves = leaves_of(db, me.id)
        return render_template(
            "staff/my_month.html",
            phone=not who.may("roster.see"),
            first=first,
            month_words=format_skeleton("yMMMM", first, locale=get_locale()),
            before=first - timedelta(days=1),
            after=following,
            heads=heads(first, found.calendar, today),
            cells=rows([me], first, who.zone, found)[0].cells,
            today=today,
            at=at,
            leaves=leaves,
            hours=_working_hours(db, leaves),
            form=form or Form.of({"from": max(first, today), "key": uuid.uuid4()}),
            asking=form is not None or "ask" in request.args,
            unpublished=not_published(year) if year else None,
            KINDS=KINDS,
            SHORT=SHORT,
            STATES=STATES,
            kinds=list(KINDS.items()),
        )


# --- that of others


@dataclass(frozen=True)
class Asked:
    """Leave that waits for a decision, with the visits that lie in it."""

    leave: LeaveRequest
    visits: tuple[Visit, ...]


@pages.get("/roster/leave")
@may("leave.decide")
def roster_leave() -> Answer:
    """What waits for my decision, and what was decided."""
    return _decisions(None, 0)


@pages.post("/roster/leave/<int:leave_id>/<any(approve, refuse):answer>")
@may("leave.decide")
def roster_leave_decide(leave_id: int, answer: str) -> Answer:
    """Approve or refuse it."""
    form = Form.sent()
    try:
        with transaction() as db:
            reason = " ".join(form.text("answer").split())[:200]
            leave = decide_leave(db, leave_id, approve=answer == "approve", answer=reason, by=current(), at=now())
            name = db.get_one(Person, leave.person_id).name
    except NotFound:
        raise
    except Refusal as refusal:
        return _decisions(form.refused(refusal), leave_id), refusal.status
    told = (
        _("%(name)s's leave was approved.", name=name) if answer == "approve" else _("%(name)s's leave was refused.", name=name)
    )
    flash(told, "success")
    return redirect(url_for("staff.roster_leave"), 303)


def _decisions(form: Form | None, refused_id: int) -> str:
    who, at = current(), now()
    with transaction() as db:
        waiting = leaves_waiting(db, who, at=at)
        return render_template(
            "staff/leave.html",
            asked=_with_visits(db, waiting),
            hours=_working_hours(db, waiting),
            decided=leaves_decided(db, who.branch_id or 0, since=at - SEEN_BACK),
            form=form,
            refused_id=refused_id,
            KINDS=KINDS,
            STATES=STATES,
        )


def _with_visits(db: Session, leaves: Sequence[LeaveRequest]) -> list[Asked]:
    """One look at all visits within the whole time, then each leave has its own."""
    if not leaves:
        return []
    start, end = min(leave.starts_at for leave in leaves), max(leave.ends_at for leave in leaves)
    found = visits_within(db, {leave.person_id for leave in leaves}, start, end)
    return [Asked(leave, tuple(visit for visit in found if _lies_in(visit, leave))) for leave in leaves]


def _working_hours(db: Session, leaves: Sequence[LeaveRequest]) -> dict[int, float]:
    """Leave id -> the hours of work it takes, by the usual shift and the calendar (of several branches the company's)."""
    if not leaves:
        return {}
    zone, days = current().zone, [local_day(end, current().zone) for leave in leaves for end in (leave.starts_at, leave.ends_at)]
    branches = {leave.person.branch_id for leave in leaves}
    calendar = calendar_of(db, branches.pop() if len(branches) == 1 else None, min(days), max(days))

    def hours(leave: LeaveRequest) -> float:
        return work_minutes_between(calendar, _pieces(leave.person), zone, leave.starts_at, leave.ends_at) / 60

    return {leave.id: hours(leave) for leave in leaves}


def _pieces(person: Person) -> tuple[Piece, ...]:
    return pieces_of((person.shift_from, person.shift_to), person.lunch_from, person.lunch_minutes)


def _lies_in(visit: Visit, leave: LeaveRequest) -> bool:
    return visit.technician_id == leave.person_id and visit.starts_at < leave.ends_at and visit.ends_at > leave.starts_at
