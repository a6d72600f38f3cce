"""Which tax classification parts and services have, from which day on."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.fees.price_queries import prices_on
from dispatch.invoices.forms import read_tax_code_form
from dispatch.invoices.operations import set_tax_code
from dispatch.invoices.pages.blueprint import Answer, pages
from dispatch.invoices.queries import tax_codes
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/invoices/tax-codes")
@may("invoice.see")
def tax_code_list() -> Answer:
    """What counts, and what counted."""
    return _page(None)


@pages.post("/invoices/tax-codes")
@may("invoice.issue")
def add_tax_code() -> Answer:
    """Set one from a day on."""
    form = Form.sent()
    try:
        typed = read_tax_code_form(form.values)
        with transaction() as db:
            set_tax_code(db, **typed.__dict__, by=current(), at=now())
    except Refusal as refusal:
        return _page(form.refused(refusal), refusal)
    flash(_("It counts from that day on."), "success")
    return redirect(url_for("invoices.tax_code_list"))


def _page(form: Form | None, refusal: Refusal | None = None) -> Answer:
    today = local_day(now(), current().zone)
    with transaction() as db:
        rows, prices = tax_codes(db), prices_on(db, today)
    subjects = [("part", _("All other parts")), ("service", _("All other services"))]
    subjects += [(price.code, f"{price.code} {price.name}") for price in prices]
    shown = {"rows": rows, "subjects": subjects, "names": dict(subjects), "today": today}
    labels = {"subject": _("What for"), "tax_code": _("Tax classification code"), "valid_from": _("From")}
    page = render_template("invoices/tax_codes.html", **shown, form=form, refusal=refusal, labels=labels)
    return (page, refusal.status) if refusal else page
