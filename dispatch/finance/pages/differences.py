"""What becomes of a hand-in's difference: settled in cash, written off, or such a settlement taken back."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.models import DifferenceSettlement
from dispatch.fees.operations import settle_difference, take_back_settlement
from dispatch.finance.forms import read_settlement
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.pages.hand_ins import hand_in_page
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/finance/hand-ins/<int:hand_in_id>/settle")
@may("money.confirm", "money.write_off")
def settle(hand_in_id: int) -> Answer:
    """Settle what is open of a difference, or a part of it."""
    form = Form.sent()
    try:
        typed = read_settlement({name: form.text(name) for name in form.values})
        with transaction() as db:
            settle_difference(db, hand_in_id, **typed.__dict__, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return hand_in_page(hand_in_id, form.refused(refusal), refusal, acting=form.text("how"))
    flash(_("Booked."), "success")
    return redirect(url_for("finance.show_hand_in", hand_in_id=hand_in_id))


@pages.post("/finance/settlements/<int:settlement_id>/take-back")
@may("money.confirm", "money.write_off")
def take_back_settled(settlement_id: int) -> Answer:
    """Book a settlement back: so much of the difference is open again."""
    form = Form.sent()
    with transaction() as db:
        found = db.get(DifferenceSettlement, settlement_id)
    if found is None:
        raise NotFound
    try:
        with transaction() as db:
            take_back_settlement(db, settlement_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return hand_in_page(found.hand_in_id, form.refused(refusal), refusal, acting=f"settlement-{settlement_id}")
    flash(_("Booked back."), "success")
    return redirect(url_for("finance.show_hand_in", hand_in_id=found.hand_in_id))
