"""What technicians sent that fits nothing the office knows: a dispatcher looks at it and says how it was settled."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.field.operations import LATE_KINDS, settle_dispute
from dispatch.field.pages.blueprint import pages
from dispatch.field.presenting.disputed import said_of, why_of
from dispatch.field.queries import DISPUTE_SORTS, open_disputes
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.words import Text, say

KIND_WORDS: dict[str, Text] = {
    "visit.depart": say("Depart"),
    "visit.arrive": say("Arrived"),
    "visit.finish": say("Finish"),
    "visit.abandon": say("Break off the visit"),
    "photo": say("Photo"),
    "line.install": say("Fit terminal and SIM"),
    "line.swap": say("Swap terminal or SIM"),
    "line.remove": say("Take out without a new one"),
    "line.move": say("Move from another vehicle"),
    "line.undo": say("Undo"),
    "line.done": say("Vehicle done"),
    "line.not_done": say("Vehicle not done"),
    "part.use": say("Part used"),
    "part.put_back": say("Part put back"),
    "test.run": say("Test-run"),
    "charge.add": say("Add a charge"),
    "charge.take_back": say("Take a charge back"),
    "payment.take": say("Payment"),
    "goodwill.ask": say("Ask for goodwill"),
    "word.record": say("Approved by word"),
    "sign": say("Signature"),
    "sign.refuse": say("Refused signature"),
}


LIST = "field.disputes"


@pages.get("/field-messages")
@may("order.plan")
def disputes() -> str:
    """The messages of the branch's technicians that need a decision."""
    return _page(None, None)


def _page(form: Form | None, pressed: uuid.UUID | None) -> str:
    with transaction() as db:
        cut = cut_asked(DISPUTE_SORTS, "received")
        found = open_disputes(db, current(), cut=cut)
        rows = found.rows
        said = said_of(db, [row.fact for row in rows])
        shown = {"kinds": KIND_WORDS, "why": why_of, "said": said, "late_kinds": LATE_KINDS}
        shown |= {"page": Leaf.of(found, LIST), "sort": Heads(cut.sort, LIST)}
        return render_template("field/disputes.html", rows=rows, form=form, pressed=pressed, **shown)


@pages.post("/field-messages/<uuid:fact_id>/settle")
@may("order.plan")
def settle(fact_id: uuid.UUID) -> Response | tuple[str, int]:
    """Say how a message was settled."""
    form = Form.sent()
    try:
        with transaction() as db:
            settle_dispute(db, fact_id, reason=form.text("reason"), by=current(), at=now())
    except Invalid as refusal:
        return _page(form.refused(refusal), fact_id), refusal.status
    except NotFound:
        raise
    except Refusal as refusal:
        flash(tr(refusal.text), "warning")
    else:
        flash(_("The message is settled."), "success")
    return redirect(url_for("field.disputes"), 303)
