"""Day close (日结): the days of a branch, one day with all that is known of it, closing it, opening it again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.ledger_rules import VOUCHER_WORDS
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.day_closing import close_day, reopen_day
from dispatch.finance.day_queries import (
    CLOSE_SORTS,
    Books,
    balances_before,
    books_of,
    closes,
    closes_until,
    late_vouchers,
    movements,
    open_days,
)
from dispatch.finance.day_rules import ledger_of
from dispatch.finance.differences import differences
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.queries import day_rows
from dispatch.typed import day_in, number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

MOST_DIFFERENCES = 50


@pages.get("/finance/days")
@may("money.see")
def days() -> str:
    """The days that are open, the next to be closed first, and those that are closed."""
    with transaction() as db:
        books = {id_: each for id_, each in books_of(db).items() if current().sees_branch(id_)}
        branch = books.get(number_in(request.args.get("branch")) or current().branch_id or 0)
        if branch is None:
            raise NotFound
        today, cut, until = local_day(now(), branch.zone), cut_asked(CLOSE_SORTS, "-day"), branch.closed_until
        closed = closes(db, branch.id, cut=cut)
        waiting = open_days(db, branch.id, until, today)
    return render_template(
        "finance/days.html",
        of=branch,
        branches=list(books.values()) if current().may("branches.all") else [],
        today=today,
        until=until,
        waiting=waiting,
        quiet=_quiet(until, today, [day for day, _n in waiting]),
        rows=closed.rows,
        page=Leaf.of(closed),
        sort=Heads(cut.sort),
    )


def _quiet(until: date | None, today: date, booked: list[date]) -> date | None:
    """Yesterday, where days without anything can be closed up to it."""
    yesterday = today - timedelta(days=1)
    return yesterday if until and until < yesterday and not any(day <= yesterday for day in booked) else None


@pages.get("/finance/days/<int:branch_id>/<day>")
@may("money.see")
def show_day(branch_id: int, day: str) -> Answer:
    """One day: what stands in the way of closing it, its figures, what came late."""
    return _page(branch_id, _day(day))


@pages.post("/finance/days/<int:branch_id>/<day>/close")
@may("day.close")
def close(branch_id: int, day: str) -> Answer:
    """Close the day."""
    on = _day(day)
    try:
        with transaction() as db:
            made = close_day(db, branch_id, on, by=current(), at=now())
    except Refusal as refusal:
        return _refused(branch_id, on, refusal)
    quiet = len(made) - 1
    flash(_("%(day)s is closed.", day=on), "success")
    if quiet:
        flash(_("%(n)s days without anything before it were closed along.", n=quiet), "info")
    return _to_day(branch_id, on)


@pages.post("/finance/days/<int:branch_id>/<day>/reopen")
@may("day.reopen")
def reopen(branch_id: int, day: str) -> Answer:
    """Open the day again, for a reason."""
    on, form = _day(day), Form.sent()
    try:
        with transaction() as db:
            reopen_day(db, branch_id, on, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        return _refused(branch_id, on, refusal, form)
    flash(_("%(day)s is open again.", day=on), "success")
    return _to_day(branch_id, on)


def _to_day(branch_id: int, day: date) -> Response:
    return redirect(url_for("finance.show_day", branch_id=branch_id, day=day))


def _refused(branch_id: int, day: date, refusal: Refusal, form: Form | None = None) -> Answer:
    if isinstance(refusal, NotFound):
        raise refusal
    return _page(branch_id, day, form.refused(refusal) if form else None, refusal)


def _day(text: str) -> date:
    """A day in an address. Raises NotFound."""
    day = day_in(text)
    if day is None:
        raise NotFound
    return day


def _books(db: Session, branch_id: int) -> Books:
    """The books of a branch that the reader sees. Raises NotFound."""
    found = books_of(db, branch_id).get(branch_id)
    if found is None or not current().sees_branch(found.id):
        raise NotFound
    return found


def _page(branch_id: int, day: date, form: Form | None = None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        of = _books(db, branch_id)
        facts = _facts(db, of, day)
    shown = {"of": of, "on": day, "until": of.closed_until, "begins": of.closed_until is None, "today": local_day(now(), of.zone)}
    page = render_template("finance/closing.html", form=form, acting="reopen", refusal=refusal, **shown, **facts)
    return (page, refusal.status) if refusal else page


def _facts(db: Session, of: Books, day: date) -> dict[str, Any]:
    """What the page of a day shows."""
    closed = closes_until(db, of.id, day)
    history = [row for row in closed if row.day == day]
    moved = movements(db, of.id, day, day).get(day, [])
    before = next((row for row in closed if row.day < day and row.reopened_at is None), None)
    standing = next((row for row in history if row.reopened_at is None), None)
    found = None if standing else differences(db, {of.id: of}, day=day, matching=day, begins=day, limit=MOST_DIFFERENCES)
    return {
        "standing": standing,
        "history": history,
        "ledger": ledger_of(moved, balances_before(db, of.id, day, before)),
        "people": {row.person_id: row.person for row in moved if row.person_id},
        "row": next(iter(day_rows(db, branch_id=of.id, since=day, until=day)), None),
        "late": late_vouchers(db, of.id, day) if any(row.late for row in moved) else [],
        "found": found,
        "most": MOST_DIFFERENCES,
        "labels": {"reason": _("Reason")},
        "CHANNEL_WORDS": CHANNEL_WORDS,
        "VOUCHER_WORDS": VOUCHER_WORDS,
    }
