"""Photos of slips: one of them, and adding one to a hand-in or a deposit."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.deposit_queries import deposit_seen
from dispatch.fees.ledger_queries import hand_in_seen
from dispatch.fees.models import BankDeposit, HandIn
from dispatch.fees.operations import add_slip
from dispatch.fees.slip_queries import slip_seen
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.files.pictures import thumbnail
from dispatch.files.scans import JPEG, read_scan
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.pages.deposits import show_with_form
from dispatch.finance.pages.hand_ins import hand_in_page
from dispatch.finance.pages.sending import TOO_LARGE
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.uploads import refused_file, sent_file
from dispatch.words import say

FOR_EVER = "private, max-age=31536000, immutable"


@pages.get("/finance/slips/<int:slip_id>")
@may("money.see", "fee.take")
def slip_photo(slip_id: int) -> Response:
    """One photo, `?small` for a list; a PDF to be kept."""
    with transaction() as db:
        row = slip_seen(db, slip_id, current())
    try:
        content = store().get(row.sha256)
    except (MissingFile, AlteredFile):
        raise NotFound(say("This photo can no longer be read from the store.")) from None
    if row.media_type != JPEG:
        headers = {"Cache-Control": FOR_EVER, "Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
        return Response(content, mimetype=row.media_type, headers=headers)
    shown = thumbnail(content) if "small" in request.args else content
    return Response(shown, mimetype=JPEG, headers={"Cache-Control": FOR_EVER})


@pages.post("/finance/hand-ins/<int:hand_in_id>/slips")
@may("money.confirm")
def add_hand_in_slip(hand_in_id: int) -> Answer:
    """Add a photo to a hand-in."""

    def of(db: Session) -> HandIn | None:
        return hand_in_seen(db, hand_in_id, current())

    back = url_for("finance.show_hand_in", hand_in_id=hand_in_id)
    return _added(of, back, lambda form, refusal: hand_in_page(hand_in_id, form, refusal, acting="slip"))


@pages.post("/finance/deposits/<int:deposit_id>/slips")
@may("money.confirm")
def add_deposit_slip(deposit_id: int) -> Answer:
    """Add a photo to a deposit."""

    def of(db: Session) -> BankDeposit | None:
        found = deposit_seen(db, deposit_id, current())
        return found.row if found else None

    back = url_for("finance.show_deposit", deposit_id=deposit_id)
    return _added(of, back, lambda form, refusal: show_with_form(deposit_id, form, refusal, acting="slip"))


def _added(of: Callable[[Session], HandIn | BankDeposit | None], back: str, again: Callable[[Form, Refusal], Answer]) -> Answer:
    try:
        scan = read_scan(sent_file(too_large=TOO_LARGE).content)
        with transaction() as db:
            found = of(db)
            if found is None:
                raise NotFound
            add_slip(db, found, scan, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return again(refused_file(refusal), refusal)
    flash(_("The photo is kept."), "success")
    return redirect(back)
