"""Contractors' settlements: the list, one with its approval and payment, drawing one up, paying it, taking it back, its paper."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.approvals.queries import request_seen
from dispatch.approvals.rules import level_word
from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.forms import read_paid, read_sheet
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.pages.contractors import contractor_page
from dispatch.finance.paying_contractors import pay_sheet, take_back_contractor_payment
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet
from dispatch.finance.settlement_queries import SHEET_SORTS, payments_of, sheet_seen, sheets, state_now
from dispatch.finance.settlement_rules import PAYING, STATES
from dispatch.finance.settlement_sheets import sheet_pdf
from dispatch.finance.settling_contractors import draw_up, take_back_sheet
from dispatch.staff.models import Branch
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked


@pages.get("/finance/contractor-sheets")
@may("money.see")
def sheet_list() -> str:
    """Every settlement, the newest first."""
    asked = request.args.get("state", "")
    state, cut, branch_id = asked if asked in STATES else None, cut_asked(SHEET_SORTS, "-number"), chosen_branch()
    with transaction() as db:
        found, counts = sheets(db, branch_id, state=state, cut=cut)
    here = {"page": Leaf.of(found), "sort": Heads(cut.sort), "every": branch_id is None}
    return render_template("finance/sheets.html", rows=found.rows, counts=counts, state=state, STATES=STATES, **here)


@pages.post("/finance/contractors/<int:holder_id>")
@may("outside.settle")
def draw_up_sheet(holder_id: int) -> Answer:
    """Draw a settlement up and ask for its approval."""
    form = Form.sent()
    try:
        typed = read_sheet({name: form.text(name) for name in form.values})
        with transaction() as db:
            made = draw_up(db, holder_id, **typed.__dict__, by=current(), at=now())
            number, request_id = made.number, made.request_id
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return contractor_page(holder_id, form.refused(refusal), refusal)
    flash(_("%(number)s is drawn up and waits for approval.", number=number), "success")
    return redirect(url_for("finance.show_sheet", request_id=request_id))


@pages.get("/finance/contractor-sheets/<int:request_id>")
@may("money.see")
def show_sheet(request_id: int) -> Answer:
    """One settlement: its lines, who has approved it, how it is paid."""
    return _page(request_id, None)


@pages.post("/finance/contractor-sheets/<int:request_id>/pay")
@may("outside.settle")
def pay_settlement(request_id: int) -> Answer:
    """Note that it is paid."""

    def act(db: Session, form: Form) -> None:
        texts = {name: form.text(name) for name in form.values}
        how, key = read_paid(texts)
        pay_sheet(db, request_id, how, request_key=key, by=current(), at=now())

    return _do(request_id, "pay", act, _("Noted as paid, and booked."))


@pages.post("/finance/contractor-sheets/<int:request_id>/take-back")
@may("outside.settle")
def undo_sheet(request_id: int) -> Answer:
    """Take an approved settlement back before it is paid."""

    def act(db: Session, form: Form) -> None:
        take_back_sheet(db, request_id, reason=form.text("reason"), by=current(), at=now())

    return _do(request_id, "take_back", act, _("Taken back and booked back. Its orders go into the next settlement."))


@pages.post("/finance/contractor-payments/<int:payment_id>/take-back")
@may("outside.settle")
def undo_contractor_payment(payment_id: int) -> Answer:
    """Take a payment back."""
    with transaction() as db:
        found = db.get(ContractorPayment, payment_id)
        if found is None:
            raise NotFound
        request_id = found.sheet.request_id

    def act(db: Session, form: Form) -> None:
        take_back_contractor_payment(db, payment_id, reason=form.text("reason"), by=current(), at=now())

    return _do(request_id, f"payment-{payment_id}", act, _("Booked back."))


def _do(request_id: int, name: str, act: Callable[[Session, Form], None], told: str) -> Answer:
    """Carry one of the page's forms out; refused, the page says why and keeps what was typed."""
    form = Form.sent()
    try:
        with transaction() as db:
            act(db, form)
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(request_id, form.refused(refusal), refusal, acting=name)
    flash(told, "success")
    return redirect(url_for("finance.show_sheet", request_id=request_id))


def _page(request_id: int, form: Form | None, refusal: Refusal | None = None, *, acting: str = "") -> Answer:
    with transaction() as db:
        sheet = sheet_seen(db, request_id, current())
        payments = payments_of(db, sheet.id)
        state = state_now(sheet, payments)
        page = render_template(
            "finance/sheet.html",
            sheet=sheet,
            payments=payments,
            state=state,
            asked=request_seen(db, request_id, current()),
            branch=db.get_one(Branch, sheet.branch_id),
            today=local_day(now(), current().zone),
            forms=_forms(state, [each.row.id for each in payments if not each.back]),
            form=form,
            refusal=refusal,
            acting=acting,
            request_key=uuid.uuid4(),
            ways=[(code, CHANNEL_WORDS[code]) for code in PAYING],
            labels=_labels(),
            level_word=level_word,
            STATES=STATES,
            CHANNEL_WORDS=CHANNEL_WORDS,
        )
    return (page, refusal.status) if refusal else page


def _forms(state: str, standing: list[int]) -> list[str]:
    """The names of the forms that are for the reader now."""
    if not current().may("outside.settle"):
        return []
    return {"approved": ["pay", "take_back"], "paid": [f"payment-{id_}" for id_ in standing]}.get(state, [])


def _labels() -> dict[str, str]:
    return {"channel": _("How it was paid"), "paid_on": _("Paid on"), "reference": _("Reference"), "reason": _("Reason")}


@pages.get("/finance/contractor-sheets/<int:request_id>/sheet.pdf")
@may("money.see")
def sheet_paper(request_id: int) -> Response:
    """The settlement (结算单) to print and sign."""
    with transaction() as db:
        sheet: ContractorSheet = sheet_seen(db, request_id, current())
        asked: Any = request_seen(db, request_id, current())
        branch = db.get_one(Branch, sheet.branch_id)
        pdf = sheet_pdf(sheet, asked, payments_of(db, sheet.id), branch, at=now())
        number = sheet.number
    return send_file(io.BytesIO(pdf), mimetype="application/pdf", download_name=f"{number}.pdf")
