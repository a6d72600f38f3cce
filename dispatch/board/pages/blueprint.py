"""The blueprint, and what every page of the board begins with."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dispatch.board.forms import read_day
from dispatch.board.work import DayOfBranch, Ways
from dispatch.clock import local_day, now
from dispatch.web.access import current
from dispatch.web.login import settings

pages = Blueprint("board", __name__)


def chosen_day() -> DayOfBranch:
    """The day the address or the form names, today if none, of the reader's branch."""
    at, who = now(), current()
    day = read_day(request.values.get("day"), local_day(at, who.zone))
    return DayOfBranch(who.branch_id or 0, day, who.zone, at)


def day_of(branch_id: int, day: date) -> DayOfBranch:
    """A day that something on record names."""
    return DayOfBranch(branch_id, day, current().zone, now())


def ways() -> Ways:
    """The company's times and speeds."""
    return Ways.of(settings())


def back_to(day: date) -> AnyResponse:
    """Back to the day: for htmx on the board itself the page is loaded anew where it stands, for everybody else it is opened."""
    url = url_for("board.plan", day=day.isoformat())
    if "HX-Request" not in request.headers:
        return redirect(url, 303)
    on_board = urlsplit(request.headers.get("HX-Current-URL", "")).path == url_for("board.plan")
    return Response(status=204, headers={"HX-Refresh": "true"} if on_board else {"HX-Redirect": url})
