"""A swap that came too late to be applied by itself: the office looks at what became of its units, and decides."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.queries import fitted
from dispatch.errors import NotFound, Refusal
from dispatch.field.late import apply_as_sent, late_fact
from dispatch.field.operations import settle_dispute
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.disputes import KIND_WORDS
from dispatch.field.presenting.disputed import said_of, why_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form

Answer = Response | tuple[str, int]


@pages.get("/field-messages/<uuid:fact_id>")
@may("order.plan", "fact.correct")
def late(fact_id: uuid.UUID) -> str:
    """One swap that fitted nothing: what was sent, where its units are now, and the two ways out."""
    return _page(fact_id, None, "")


def _page(fact_id: uuid.UUID, form: Form | None, pressed: str) -> str:
    with transaction() as db:
        found = late_fact(db, fact_id, by=current())
        vehicle_id = found.line.vehicle_id
        shown = {
            "said": said_of(db, [found.fact], [found.line])[found.fact.id],
            "why": why_of(found.fact, found.sender.name),
            "inside": fitted(db, [vehicle_id]).get(vehicle_id, {}),
            "what": KIND_WORDS[found.fact.kind],
        }
        return render_template("field/late.html", found=found, fact=found.fact, form=form, pressed=pressed, **shown)


@pages.post("/field-messages/<uuid:fact_id>/apply")
@may("fact.correct")
def apply_late(fact_id: uuid.UUID) -> Answer:
    """Enter it as it was sent."""

    def carry_out(db: Session, reason: str) -> None:
        apply_as_sent(db, fact_id, reason=reason, by=current(), at=now())

    return _decided(fact_id, "apply", carry_out, _("Entered as it was sent, by the time of the phone."))


@pages.post("/field-messages/<uuid:fact_id>/set-aside")
@may("order.plan")
def set_aside(fact_id: uuid.UUID) -> Answer:
    """Leave the record as it is."""

    def carry_out(db: Session, reason: str) -> None:
        settle_dispute(db, fact_id, reason=reason, by=current(), at=now())

    return _decided(fact_id, "set_aside", carry_out, _("Set aside: the record stays as it is."))


def _decided(fact_id: uuid.UUID, pressed: str, carry_out: Callable[[Session, str], None], done: str) -> Answer:
    form = Form.sent()
    try:
        with transaction() as db:
            carry_out(db, form.text("reason"))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(fact_id, form.refused(refusal), pressed), refusal.status
    flash(done, "success")
    return redirect(url_for("field.late", fact_id=fact_id), 303)
