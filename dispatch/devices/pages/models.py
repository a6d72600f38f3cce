"""What is asked of each model of terminal: its least firmware."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.firmware import ask_for_firmware, asked_of_models
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.errors import NotFound, Refusal
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.get("/stock/models")
@may("stock.see")
def models() -> str:
    """All models with what is asked of them."""
    return _page(Form())


def _page(form: Form, asked: str | None = None) -> str:
    with transaction() as db:
        return render_template("devices/models.html", rows=asked_of_models(db), form=form, asked=asked)


@pages.post("/stock/models")
@may("stock.decide")
def ask_of_model() -> Answer:
    """Ask for another firmware of a model."""
    form = Form.sent()
    model = form.text("model")
    try:
        with transaction() as db:
            seen = number_in(form.text("seen")) or 0
            changed = ask_for_firmware(db, model, form.text("firmware"), seen=seen, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal), model), refusal.status
    flash(_("Kept.") if changed else _("It was so already."), "success")
    return redirect(url_for("devices.models"), 303)
