"""The figures of one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, render_template, request, url_for
from flask_babel import format_date
from sqlalchemy.orm import Session

from dispatch.board.forms import read_day
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.orders.clock_rules import STAGES
from dispatch.reports.presenting import lasting, seen
from dispatch.reports.queries import figures as figures_of
from dispatch.reports.rules import FORMULAE, Scope
from dispatch.staff.models import Branch
from dispatch.staff.queries import branches
from dispatch.web.access import current, may

pages = Blueprint("reports", __name__)

EVERY = "all"


@dataclass(frozen=True)
class Choice:
    """The branches that the reader may choose from (none: he has only his own), and the chosen one; None is all of them."""

    branches: list[Branch]
    chosen: Branch | None


@pages.get("/figures")
@may("figures.see")
def figures() -> str:
    """The figures of the day and branch in the address, else of today and the reader's own branch."""
    with transaction() as db:
        choice = _choice(db)
        scope = _scope(choice)
        return render_template(
            "reports/figures.html",
            scope=scope,
            seen=seen(figures_of(db, scope)),
            choice=choice,
            weekday=format_date(scope.day, "EEEE"),
            formulae=FORMULAE,
            stages=STAGES,
            lasting=lasting,
            address=lambda day: _address(day, choice),
            one_day=timedelta(days=1),
        )


def _choice(db: Session) -> Choice:
    every = list(branches(db)) if current().may("branches.all") else []
    own = db.get_one(Branch, current().branch_id)
    if not every:
        return Choice([], own)
    asked = request.args.get("branch", "")
    return Choice(every, None if asked == EVERY else next((one for one in every if str(one.id) == asked), own))


def _scope(choice: Choice) -> Scope:
    at, chosen = now(), choice.chosen
    zone = chosen.zone if chosen else current().zone
    day = read_day(request.args.get("day"), local_day(at, zone))
    return Scope(day, chosen.id if chosen else None, zone, at)


def _address(day: date, choice: Choice) -> str:
    branch = (choice.chosen.id if choice.chosen else EVERY) if choice.branches else None
    return url_for("reports.figures", day=day.isoformat(), branch=branch)
