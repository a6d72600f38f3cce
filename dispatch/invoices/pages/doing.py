"""What is done with one invoice from its page: issue, refuse, withdraw, make void, red-letter, ask the provider again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.invoices.forms import read_number, read_red
from dispatch.invoices.lifecycle import STEPS
from dispatch.invoices.operations import issue, make_void, red_letter, refuse, withdraw
from dispatch.invoices.operations.providing import try_again
from dispatch.invoices.pages.blueprint import Answer, pages
from dispatch.invoices.pages.showing import invoice_page
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr


def _do(invoice_id: int, name: str, act: Callable[[Session, Form, dict[str, Any]], object], told: str) -> Answer:
    """Carry out one form of the page and say so, or show it again with what was wrong."""
    form = Form.sent()
    try:
        with transaction() as db:
            act(db, form, {"by": current(), "at": now()})
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return invoice_page(invoice_id, form.refused(refusal), refusal, acting=name)
    flash(told, "success")
    return redirect(url_for("invoices.show", invoice_id=invoice_id))


def _said(step: str) -> str:
    """What the table says when a step is done."""
    done = STEPS[step].done
    return tr(done) if done else _("Saved.")


@pages.post("/invoices/<int:invoice_id>/issue")
@may("invoice.issue")
def do_issue(invoice_id: int) -> Answer:
    """Write down its number."""
    return _do(
        invoice_id,
        "issue",
        lambda db, form, who: issue(db, invoice_id, number=read_number(form.values), **who),
        _said("issue"),
    )


@pages.post("/invoices/<int:invoice_id>/refuse")
@may("invoice.issue")
def do_refuse(invoice_id: int) -> Answer:
    """Refuse the request."""
    told = _said("refuse")
    return _do(invoice_id, "refuse", lambda db, form, who: refuse(db, invoice_id, reason=form.line("reason"), **who), told)


@pages.post("/invoices/<int:invoice_id>/withdraw")
@may("invoice.ask")
def do_withdraw(invoice_id: int) -> Answer:
    """Withdraw the request."""
    return _do(invoice_id, "withdraw", lambda db, form, who: withdraw(db, invoice_id, **who), _said("withdraw"))


@pages.post("/invoices/<int:invoice_id>/void")
@may("invoice.issue")
def do_void(invoice_id: int) -> Answer:
    """Make it void."""
    told = _said("void")
    return _do(invoice_id, "void", lambda db, form, who: make_void(db, invoice_id, reason=form.line("reason"), **who), told)


@pages.post("/invoices/<int:invoice_id>/red-letter")
@may("invoice.issue")
def do_red_letter(invoice_id: int) -> Answer:
    """Red-letter it, in whole or in part."""

    def act(db: Session, form: Form, who: dict[str, Any]) -> object:
        typed = read_red(form.values)
        return red_letter(db, invoice_id, **typed.__dict__, **who)

    numbered = request.form.get("invoice_number", "").strip()
    told = _("The red one is on record; the first one stays as it is.") if numbered else _("The red one waits to be issued.")
    return _do(invoice_id, "red_letter", act, told)


@pages.post("/invoices/<int:invoice_id>/ask-again")
@may("invoice.issue")
def ask_again(invoice_id: int) -> Answer:
    """Ask the provider once more."""
    return _do(invoice_id, "ask", lambda db, form, who: try_again(db, invoice_id, **who), _("The provider is asked."))
