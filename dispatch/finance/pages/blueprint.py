"""The blueprint that the pages of money share, and what they have in common."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, request
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.typed import day_in
from dispatch.web.access import current

pages = Blueprint("finance", __name__)

SPAN_DAYS = 30
Answer = str | Response | tuple[str, int]


def chosen_branch() -> int | None:
    """The branch the reader works in, or None: every branch, which he asks for with `?branches=all` and the right to it."""
    every = request.args.get("branches") == "all" and current().may("branches.all")
    return None if every else current().branch_id


def asked_span() -> tuple[date, date]:
    """The days `from` and `to` of the address, else the last thirty."""
    today = local_day(now(), current().zone)
    first, last = (day_in(request.args.get(name)) for name in ("from", "to"))
    last = last or today
    first = first or last - timedelta(days=SPAN_DAYS - 1)
    return min(first, last), last


def seen_branch(asked: int | None) -> int | None:
    """The branch that an address names, if the reader sees it; else his own."""
    return asked if asked is not None and current().sees_branch(asked) else current().branch_id
