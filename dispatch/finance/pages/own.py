"""The technician's own money on the phone: what he holds by receipt, handing it in, the slip."""

from __future__ import annotations

import io
from decimal import Decimal

from flask import flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.cash_queries import held_by
from dispatch.fees.ledger_queries import hand_in_seen, hand_ins_of, receipts_handed, receipts_in_hand
from dispatch.fees.ledger_rules import HAND_IN_WORDS
from dispatch.fees.operations import hand_in, withdraw_hand_in
from dispatch.fees.settling_queries import open_parts
from dispatch.finance.merit_queries import merits_of
from dispatch.finance.merit_rules import KINDS
from dispatch.finance.owed_queries import answered_for
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.slips import slip_pdf
from dispatch.staff.models import Branch
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/my-money")
@may("fee.take")
def my_money() -> Answer:
    """The cash I hold, by receipt, and my hand-ins."""
    return _my_page()


@pages.post("/my-money")
@may("fee.take")
def declare() -> Answer:
    """Hand in the cash of the chosen receipts."""
    form = Form.sent()
    chosen = [receipt_id for text in form.texts("receipts") if (receipt_id := number_in(text)) is not None]
    try:
        with transaction() as db:
            made = hand_in(db, chosen, by=current(), at=now())
            number = made.number
    except Refusal as refusal:
        return _my_page(refusal)
    flash(_("%(number)s is declared. Take the cash to finance.", number=number), "success")
    return redirect(url_for("finance.my_money"))


@pages.post("/my-money/<int:hand_in_id>/withdraw")
@may("fee.take")
def withdraw(hand_in_id: int) -> Answer:
    """Take a hand-in back that nobody has counted."""
    try:
        with transaction() as db:
            withdraw_hand_in(db, hand_in_id, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _my_page(refusal)
    flash(_("Taken back. Its receipts can be handed in again."), "success")
    return redirect(url_for("finance.my_money"))


@pages.get("/hand-ins/<int:hand_in_id>/slip.pdf")
@may("fee.take", "money.see")
def slip(hand_in_id: int) -> Response:
    """The hand-in slip (交款单) to print."""
    with transaction() as db:
        made = hand_in_seen(db, hand_in_id, current())
        if made is None:
            raise NotFound
        receipts, branch = receipts_handed(db, made.id), db.get_one(Branch, made.branch_id)
    pdf = slip_pdf(made, receipts, branch, at=now())
    return send_file(io.BytesIO(pdf), mimetype="application/pdf", download_name=f"{made.number}.pdf")


def _my_page(refusal: Refusal | None = None) -> Answer:
    me = current().id or 0
    with transaction() as db:
        held, mine = receipts_in_hand(db, me), hand_ins_of(db, me)
        holding, left = held_by(db, me, at=now()), open_parts(db, mine)
        assert holding is not None
        merits, answers = merits_of(db, me), answered_for(db, me)
    page = render_template(
        "finance/my_money.html",
        held=held,
        mine=mine,
        left=left,
        holding=holding,
        loose=sum((receipt.amount for receipt in held), Decimal(0)),
        refusal=refusal,
        merits=merits,
        answers=answers,
        KINDS=KINDS,
        HAND_IN_WORDS=HAND_IN_WORDS,
    )
    return (page, refusal.status) if refusal else page
