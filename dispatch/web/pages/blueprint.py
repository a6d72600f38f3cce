"""The blueprint that the modules beside this one add their routes to, and what they all ask of a request."""

from __future__ import annotations

from flask import Blueprint, request, url_for

from dispatch.staff.passwords import too_weak
from dispatch.web.access import current
from dispatch.words import Text, say

pages = Blueprint("web", __name__)


def next_page() -> str:
    """The page of ours to go on with, as the request names it; home without one."""
    wanted = request.values.get("next", "")
    # Browsers drop control signs and read a backslash as a slash: only plain printable paths of ours are followed.
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if plain else url_for("web.home")


def me() -> int:
    """The id of the person who is signed in."""
    actor_id = current().id
    assert actor_id is not None
    return actor_id


def secret(name: str) -> str:
    """A password exactly as it was typed: blanks at its ends belong to it."""
    return request.form.get(name, "")


def password_errors() -> dict[str, Text]:
    """What is wrong with a new password, typed twice."""
    weak = too_weak(secret("password"))
    if weak:
        return {"password": weak}
    if secret("password") != secret("password_again"):
        return {"password_again": say("The two passwords differ.")}
    return {}
