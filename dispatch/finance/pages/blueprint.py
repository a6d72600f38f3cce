"""The blueprint that the pages of money share, and what they have in common."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from dispatch.web.access import current

pages = Blueprint("finance", __name__)

Answer = str | Response | tuple[str, int]


def chosen_branch() -> int | None:
    """The branch the reader works in, or None: every branch, which he asks for with `?branches=all` and the right to it."""
    every = request.args.get("branches") == "all" and current().may("branches.all")
    return None if every else current().branch_id
