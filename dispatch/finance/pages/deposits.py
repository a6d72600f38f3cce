"""Cash that finance has paid into the bank: the list, a new deposit by hand-ins, one deposit and taking it back."""

from __future__ import annotations

import uuid
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.deposit_queries import (
    DEPOSIT_SORTS,
    at_desk,
    deposit_seen,
    deposits,
    hand_ins_in,
    known_accounts,
    to_deposit,
)
from dispatch.fees.operations import deposit, take_back_deposit
from dispatch.fees.slip_queries import needed_from, slips_of
from dispatch.finance.forms import read_deposit
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.pages.sending import scan_of, sent_with_file
from dispatch.staff.models import Branch
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked

MOST_TO_CHOOSE = 100


@pages.get("/finance/deposits")
@may("money.see")
def deposit_list() -> str:
    """Every deposit, the newest first."""
    with transaction() as db:
        cut = cut_asked(DEPOSIT_SORTS, "-paid")
        found = deposits(db, current(), branch_id=chosen_branch(), cut=cut)
        desk = at_desk(db, current().branch_id or 0)
    return render_template("finance/deposits.html", rows=found.rows, page=Leaf.of(found), sort=Heads(cut.sort), desk=desk)


@pages.get("/finance/deposits/new")
@may("money.confirm")
def new_deposit() -> Answer:
    """The form for a deposit of the reader's branch."""
    return _form(None)


@pages.post("/finance/deposits/new")
@may("money.confirm")
def book_deposit() -> Answer:
    """Book what was paid into the bank."""
    form, branch_id = Form(), current().branch_id or 0
    try:
        form, file = sent_with_file()
        scan = scan_of(file)
        with transaction() as db:
            zone = db.get_one(Branch, branch_id).zone
            texts = {name: form.text(name) for name in form.values}
            typed = read_deposit(texts, request.form.getlist("hand_in"), zone=zone, at=now())
            made = deposit(db, branch_id=branch_id, **typed.__dict__, scan=scan, by=current(), at=now())
            made_id, number = made.id, made.number
    except Refusal as refusal:
        return _form(form.refused(refusal), refusal)
    flash(_("%(number)s is booked.", number=number), "success")
    return redirect(url_for("finance.show_deposit", deposit_id=made_id))


@pages.get("/finance/deposits/<int:deposit_id>")
@may("money.see")
def show_deposit(deposit_id: int) -> Answer:
    """One deposit and its hand-ins."""
    return show_with_form(deposit_id, None)


@pages.post("/finance/deposits/<int:deposit_id>/take-back")
@may("money.confirm")
def undo_deposit(deposit_id: int) -> Answer:
    """Book a deposit back: the cash stands at the desk again."""
    form = Form.sent()
    try:
        with transaction() as db:
            take_back_deposit(db, deposit_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return show_with_form(deposit_id, form.refused(refusal), refusal)
    flash(_("Booked back."), "success")
    return redirect(url_for("finance.show_deposit", deposit_id=deposit_id))


def _form(form: Form | None, refusal: Refusal | None = None) -> Answer:
    """The page; fresh, every hand-in is ticked and the amount is their sum."""
    branch_id = current().branch_id or 0
    with transaction() as db:
        waiting, desk, accounts = to_deposit(db, branch_id, MOST_TO_CHOOSE), at_desk(db, branch_id), known_accounts(db, branch_id)
    total = sum((one.counted for one in waiting if one.counted), Decimal("0.00"))
    fresh = Form.of({"amount": f"{min(total, desk) or desk:.2f}", "request_key": str(uuid.uuid4())})
    if form is not None:
        form.values.setdefault("request_key", fresh.text("request_key"))  # nothing of what is too large can be read
    page = render_template(
        "finance/new_deposit.html",
        waiting=waiting,
        ticked=set(form.texts("hand_in")) if form else {str(one.id) for one in waiting},
        desk=desk,
        accounts=accounts,
        form=form or fresh,
        refusal=refusal,
        labels=_labels(),
        most=MOST_TO_CHOOSE,
        needed_from=needed_from(),
    )
    return (page, refusal.status) if refusal else page


def show_with_form(deposit_id: int, form: Form | None, refusal: Refusal | None = None, *, acting: str = "take_back") -> Answer:
    """The page of a deposit; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    with transaction() as db:
        found = deposit_seen(db, deposit_id, current())
        if found is None:
            raise NotFound
        facts = {"one": found, "hand_ins": hand_ins_in(db, deposit_id), "slips": slips_of(db, deposit_id=deposit_id)}
        branch = db.get_one(Branch, found.row.branch_id).name
    may_undo = not found.back and current().may("money.confirm")
    asked = {"form": form, "refusal": refusal, "acting": acting if refusal else "", "labels": _labels()}
    page = render_template("finance/deposit.html", branch=branch, **facts, **asked, may_undo=may_undo)
    return (page, refusal.status) if refusal else page


def _labels() -> dict[str, str]:
    """What the fields are called, for the list of what is wrong."""
    paid = {"amount": _("Amount"), "bank_account": _("Bank account"), "slip": _("Number of the bank's slip")}
    return {**paid, "paid_at": _("Paid in at"), "file": _("Photo of the slip"), "reason": _("Reason")}
