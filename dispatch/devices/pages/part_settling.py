"""What comes of parts later: a count that differs is booked or dropped, what was lost is found again."""

from __future__ import annotations

from flask import flash, url_for
from flask_babel import gettext as _
from werkzeug.utils import redirect

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.page_forms import read_key
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.pages.parts import holder_page, part_page
from dispatch.devices.part_counting import book, drop
from dispatch.devices.part_found import find_again
from dispatch.errors import NotAllowed, NotFound, Refusal
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/stock/parts/<int:part_id>/found-again", endpoint="find_parts_again")
@may("stock.decide")
def found_again(part_id: int) -> Answer:
    """Some of what was lost is there after all."""
    form = Form.sent()
    entry_id, store_id = number_in(form.text("entry")) or 0, number_in(form.text("store")) or 0
    facts = {"count": number_in(form.text("count")) or 0, "store_id": store_id, "note": form.text("reason")}
    try:
        with transaction() as db:
            find_again(db, entry_id, key=read_key(form.text("key")), by=current(), at=now(), **facts)  # type: ignore[arg-type]
    except NotFound:
        raise
    except Refusal as refusal:
        return part_page(part_id, form.refused(refusal), refusal, taking_back=entry_id)
    flash(_("It is on record again."), "success")
    return redirect(url_for("devices.part", part_id=part_id), 303)


@pages.post("/stock/<int:holder_id>/parts/count/<int:count_id>/<action>", endpoint="settle_part_count")
@may("stock.change", "stock.decide")
def settle_count(holder_id: int, count_id: int, action: str) -> Answer:
    """Book the differences of a count, or drop it."""
    if action not in ("book", "drop"):
        raise NotFound
    try:
        with transaction() as db:
            if action == "book":
                book(db, count_id, by=current(), at=now())
            else:
                drop(db, count_id, by=current(), at=now())
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        return holder_page(holder_id, "", Form.of({}).refused(refusal), refusal)
    flash(_("The differences are booked.") if action == "book" else _("Dropped: nothing was booked."), "success")
    return redirect(url_for("devices.holder_parts", holder_id=holder_id), 303)
