"""What correcting a customer, a place and a vehicle has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.forms import read_number
from dispatch.web.forms import Form


def correct(
    change: Callable[[Session], object], page: Callable[[Form], str], *, version: int, then: str
) -> Response | tuple[str, int]:
    """Carry out what a form corrects and go to `then`; refused, the form comes again and is about `version` now."""
    form = Form.sent()
    try:
        with transaction() as db:
            change(db)
    except NotFound:
        raise
    except Refusal as refusal:
        form.values["version"] = version
        return page(form.refused(refusal)), refusal.status
    flash(_("Saved."), "success")
    return redirect(then)


def version() -> int:
    """The version that the form showed; -1 where it names none."""
    return read_number(request.form.get("version", ""), -1)


def one(things: list[Any], key: int) -> Any:
    """The thing with this id. Raises NotFound."""
    found = next((thing for thing in things if thing.id == key), None)
    if found is None:
        raise NotFound
    return found
