"""What becomes of a difference, a hand-in's or one that matching left: settled, such a settlement taken back, another owner."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.models import DifferenceSettlement
from dispatch.fees.operations import settle_difference, take_back_settlement
from dispatch.fees.settling_queries import settlements_of
from dispatch.fees.settling_rules import SETTLEMENT_WORDS
from dispatch.finance.assigning import KINDS, assign, people_to_name
from dispatch.finance.forms import read_settlement
from dispatch.finance.match_list_queries import match_shown
from dispatch.finance.match_settling import settle_match, take_back_match_settlement
from dispatch.finance.owed_queries import owed_by_match, owed_seen
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.finance.pages.hand_ins import hand_in_page, ways_to_settle
from dispatch.finance.pages.matching import WORDS, one_page
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form

Page = Callable[..., Answer]


@pages.post("/finance/hand-ins/<int:hand_in_id>/settle")
@may("money.confirm", "money.write_off")
def settle(hand_in_id: int) -> Answer:
    """Settle what is open of a difference, or a part of it."""
    return _settled(settle_difference, hand_in_page, hand_in_id, url_for("finance.show_hand_in", hand_in_id=hand_in_id))


@pages.post("/finance/owed/<int:match_id>/settle")
@may("money.confirm", "money.write_off")
def settle_owed(match_id: int) -> Answer:
    """The same of what matching left to somebody."""
    return _settled(settle_match, owed_page, match_id, url_for("finance.show_owed", match_id=match_id))


def _settled(deed: Callable[..., Any], page: Page, row_id: int, to: str) -> Answer:
    form = Form.sent()
    try:
        typed = read_settlement({name: form.text(name) for name in form.values})
        with transaction() as db:
            deed(db, row_id, **typed.__dict__, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return page(row_id, form.refused(refusal), refusal, acting=form.text("how"))
    return _done(_("Booked."), to)


def _done(told: str, to: str) -> Response:
    flash(told, "success")
    return redirect(to)


@pages.post("/finance/settlements/<int:settlement_id>/take-back")
@may("money.confirm", "money.write_off")
def take_back_settled(settlement_id: int) -> Answer:
    """Book a settlement back: so much of the difference is open again."""
    form = Form.sent()
    with transaction() as db:
        found = db.get(DifferenceSettlement, settlement_id)
    if found is None:
        raise NotFound
    deed = take_back_settlement if found.hand_in_id else take_back_match_settlement
    page, row_id = (hand_in_page, found.hand_in_id) if found.hand_in_id else (owed_page, found.match_id or 0)
    try:
        with transaction() as db:
            deed(db, settlement_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return page(row_id, form.refused(refusal), refusal, acting=f"settlement-{settlement_id}")
    return _done(_("Booked back."), _address("hand_in" if found.hand_in_id else "match", row_id))


@pages.post("/finance/assign/<kind>/<int:row_id>")
@may("difference.assign")
def assign_owner(kind: str, row_id: int) -> Answer:
    """Name another owner of a difference, or of a line or money of ours in the work list."""
    if kind not in KINDS:
        raise NotFound
    form = Form.sent()
    try:
        with transaction() as db:
            owner = number_in(form.text("owner"))
            assign(db, kind, row_id, owner, reason=form.text("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _PAGES[kind](row_id, form.refused(refusal), refusal, acting="assign")
    return _done(_("He answers for it now, and sees it under his own money."), _address(kind, row_id))


def _address(kind: str, row_id: int) -> str:
    names = {"hand_in": "show_hand_in", "match": "show_owed", "line": "show_line", "item": "show_item"}
    at: dict[str, Any] = {f"{kind}_id": row_id}
    return url_for(f"finance.{names[kind]}", **at)


# --- what matching left to somebody


@pages.get("/finance/owed/<int:match_id>")
@may("money.see")
def show_owed(match_id: int) -> Answer:
    """A difference that matching left to somebody: what it is of, how it was settled, what is open."""
    return owed_page(match_id, None)


def owed_page(match_id: int, form: Form | None, refusal: Refusal | None = None, *, acting: str = "") -> Answer:
    """The page; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    with transaction() as db:
        row = owed_seen(db, match_id, current())
        settled, owed = settlements_of(db, match_id=match_id), owed_by_match(db, row)
        left = owed.open(sum((each.row.amount for each in settled if not each.back), Decimal(0)))
        page = render_template(
            "finance/owed.html",
            one=match_shown(db, row),
            owed=owed,
            open=left,
            settled=settled,
            forms=ways_to_settle(row.owner_id, left, settled),
            heirs=people_to_name(db, row.branch_id) if left and current().may("difference.assign") else [],
            form=form,
            refusal=refusal,
            acting=acting if refusal else "",
            request_key=uuid.uuid4(),
            labels={"amount": _("Amount"), "reason": _("Reason"), "owner": _("Who answers for it")},
            SETTLEMENT_WORDS=SETTLEMENT_WORDS,
            **WORDS,
        )
    return (page, refusal.status) if refusal else page


def _line_page(line_id: int, form: Form, refusal: Refusal, *, acting: str) -> Answer:
    return one_page("line", line_id, form, refusal, acting)


def _item_page(item_id: int, form: Form, refusal: Refusal, *, acting: str) -> Answer:
    return one_page("item", item_id, form, refusal, acting)


_PAGES: dict[str, Page] = {"hand_in": hand_in_page, "match": owed_page, "line": _line_page, "item": _item_page}
