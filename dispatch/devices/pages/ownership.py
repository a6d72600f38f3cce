"""Somebody says whose a unit is: the inside of a dialog on its life page, or a page of its own."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.models import Unit
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_queries import SeveralFit, customer_called, owner_word
from dispatch.devices.ownership_rules import OURS, Owner, his
from dispatch.devices.pages.blueprint import Answer, pages
from dispatch.devices.queries import unit
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import Text, say

CHOICES: dict[str, Text] = {
    "ours": say("Ours"),
    "customer": say("A customer's"),
    "third_party": say("A third party's"),
}


@pages.get("/units/<int:unit_id>/owner", endpoint="owner")
@may("stock.change")
def owner_form(unit_id: int) -> Answer:
    """The form, empty."""
    return _page(unit_id, Form())


@pages.post("/units/<int:unit_id>/owner", endpoint="declare_owner")
@may("stock.change")
def declare_owner(unit_id: int) -> Answer:
    """It is whose the form says."""
    form = Form.sent()
    try:
        with transaction() as db:
            found = declare(db, unit_id, _declared(db, form), by=current(), at=now())
            words = _("%(unit)s: %(owner)s.", unit=found.number, owner=_whose(found))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(unit_id, form.refused(refusal), refusal)
    flash(words, "success")
    return _back(unit_id)


def _whose(found: Unit) -> str:
    name = tr(owner_word(found.owned, found.owner_customer))
    return str(_("ours from now on") if found.owned == OURS else _("belongs to %(name)s from now on", name=name))


def _declared(db: Session, form: Form) -> Declared:
    return Declared(_owner(db, form), form.text("reason"), number_in(form.text("seq")) or 0)


def _owner(db: Session, form: Form) -> Owner:
    kind = form.text("owner")
    if kind not in CHOICES:
        raise Invalid({"owner": say("Choose whose it is.")})
    if kind == "customer":
        chosen = number_in(form.text("customer_id"))
        return his(customer_called(db, form.text("customer"), current(), customer_id=chosen).id)
    return Owner(kind, None, " ".join(form.text("name").split())) if kind == "third_party" else OURS


def _page(unit_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        found = unit(db, unit_id, current())
        whole = "devices/owner.html" if "HX-Request" not in request.headers else "devices/owner_form.html"
        page = render_template(
            whole,
            unit=found,
            kinds=[(kind, tr(word)) for kind, word in CHOICES.items() if kind != "customer" or not found.tool],
            choices=refusal.choices if isinstance(refusal, SeveralFit) else (),
            form=form,
            url=request.path,
        )
    return (page, refusal.status) if refusal else page


def _back(unit_id: int) -> AnyResponse:
    """To the unit: the dialog on its page has that loaded anew."""
    life = url_for("devices.unit", unit_id=unit_id)
    if "HX-Request" not in request.headers:
        return redirect(life, 303)
    return Response(status=204, headers={"HX-Redirect": life})
