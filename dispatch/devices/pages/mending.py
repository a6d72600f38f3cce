"""Taking back a unit's newest move from its page."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.stock import unit_page
from dispatch.devices.taking_back import take_back
from dispatch.errors import NotFound, Refusal
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/units/<int:unit_id>/take-back")
@may("stock.change")
def take_back_move(unit_id: int) -> Answer:
    """The move named by `entry` was a mistake."""
    form = Form.sent()
    facts = {"reason": form.text("reason"), "store_id": number_in(form.text("store"))}
    try:
        with transaction() as db:
            take_back(db, unit_id, number_in(form.text("entry")) or 0, **facts, by=current(), at=now())  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refusal as refusal:
        return unit_page(unit_id, form.refused(refusal), refusal)
    flash(_("Taken back. Both entries stay on record."), "success")
    return redirect(url_for("devices.unit", unit_id=unit_id))
