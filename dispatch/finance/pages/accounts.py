"""What a customer has on account: its open receipts, booking what he pays of them, taking a payment back."""

from __future__ import annotations

import uuid
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.account_queries import OpenReceipt, open_receipts, payments_of
from dispatch.fees.operations import pay_on_account, take_back_account_payment
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.fees.settling_rules import PAYING_CHANNELS
from dispatch.finance.forms import read_account_payment
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/finance/accounts/<int:customer_id>")
@may("money.see")
def account(customer_id: int) -> Answer:
    """What a customer owes on account, by receipt, and what he has paid of it."""
    return _page(customer_id, None)


@pages.post("/finance/accounts/<int:customer_id>")
@may("money.confirm")
def pay(customer_id: int) -> Answer:
    """Book what a customer pays of one receipt."""
    form = Form.sent()
    try:
        typed = read_account_payment({name: form.text(name) for name in form.values})
        with transaction() as db:
            pay_on_account(db, **typed.__dict__, by=current(), at=now())
    except Refusal as refusal:
        return _page(customer_id, form.refused(refusal), refusal, acting="pay")
    flash(_("Booked."), "success")
    return redirect(url_for("finance.account", customer_id=customer_id))


@pages.post("/finance/accounts/<int:customer_id>/payments/<int:payment_id>/take-back")
@may("money.confirm")
def take_back_payment(customer_id: int, payment_id: int) -> Answer:
    """Book a payment back: so much is open again."""
    form = Form.sent()
    try:
        with transaction() as db:
            take_back_account_payment(db, payment_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(customer_id, form.refused(refusal), refusal, acting=f"payment-{payment_id}")
    flash(_("Booked back."), "success")
    return redirect(url_for("finance.account", customer_id=customer_id))


def _page(customer_id: int, form: Form | None, refusal: Refusal | None = None, *, acting: str = "") -> Answer:
    """The page; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    mine = None if current().may("branches.all") else current().branch_id
    with transaction() as db:
        rows, paid = open_receipts(db, customer_id, mine), payments_of(db, customer_id, mine)
        customer = _customer(db, customer_id, known=bool(rows or paid))
    forms = [*(["pay"] if rows else []), *(f"payment-{each.row.id}" for each in paid if not each.back)]
    page = render_template(
        "finance/account.html",
        customer=customer,
        rows=rows,
        paid=paid,
        total=sum((row.open for row in rows), Decimal(0)),
        form=form,
        fresh=_fresh(rows),
        refusal=refusal,
        acting=acting,
        forms=forms if current().may("money.confirm") else [],
        channels=[(code, CHANNEL_WORDS[code]) for code in PAYING_CHANNELS],
        labels={"receipt": _("Receipt"), "amount": _("Amount"), "channel": _("How it was paid"), "reason": _("Reason")},
        CHANNEL_WORDS=CHANNEL_WORDS,
    )
    return (page, refusal.status) if refusal else page


def _customer(db: Session, customer_id: int, *, known: bool) -> Customer:
    """The customer, if the reader sees his branch or money of his. Raises NotFound."""
    found = db.get(Customer, customer_id)
    if found is None or not (known or current().sees_branch(found.branch_id)):
        raise NotFound
    return found


def _fresh(rows: list[OpenReceipt]) -> Form:
    """The form for the receipt that was chosen in the list, or the oldest, with all that is open of it."""
    asked = number_in(request.args.get("receipt"))
    chosen = next((row for row in rows if row.receipt.id == asked), rows[0] if rows else None)
    begin = {"receipt": chosen.receipt.id, "amount": f"{chosen.open:.2f}"} if chosen else {}
    return Form.of({**begin, "channel": PAYING_CHANNELS[0], "request_key": str(uuid.uuid4())})
