"""One thing done on a page: what it did is told on the next one, a refusal on the same one."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices.pages.blueprint import Answer
from dispatch.errors import NotFound, Refusal
from dispatch.web.forms import Form

Acting = Callable[[Session, Form], str | None]
"""Does it with what was typed; gives the words that tell so, if there is anything to tell."""


def carry_out(act: Acting, *, to: str, again: Callable[[Form, Refusal], Answer]) -> Answer:
    """Do it in one transaction and lead on `to` a page; when it is refused, the page `again` with all that was typed."""
    form = Form.sent()
    try:
        with transaction() as db:
            words = act(db, form)
    except NotFound:
        raise
    except Refusal as refusal:
        return again(form.refused(refusal), refusal)
    if words:
        flash(words, "success")
    return redirect(to)
