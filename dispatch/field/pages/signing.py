"""The customer's signature under the summary he reads, or his refusal with a photo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TypeVar

from flask import render_template, url_for

from dispatch.audit.rules import canonical
from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.forms import read_reason, read_signature, read_signer
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.photos import sent_files
from dispatch.field.pages.sending import Acts, Answer, Refused, fact_key, taken
from dispatch.field.pages.stop import shown
from dispatch.field.pages.taking import photo_act
from dispatch.field.presenting.stops import Stop
from dispatch.field.rules import RESULTS, TESTS
from dispatch.field.summary import summary_from
from dispatch.files.pictures import read_picture
from dispatch.orders.status_words import LINE_WORDS
from dispatch.web.access import may
from dispatch.web.forms import Form
from dispatch.words import Text, say

V = TypeVar("V")

WORDS = {"items": TESTS, "results": RESULTS, "line_words": LINE_WORDS, "channels": CHANNEL_WORDS}
NO_EVIDENCE = say("A photo is needed as evidence. Take one first.")


@pages.get("/my-day/visits/<int:visit_id>/signature")
@may("visit.drive")
def signature(visit_id: int) -> str:
    """The summary as the customer reads it, and the field in which he signs."""
    return signature_page(visit_id)


def signature_page(visit_id: int, refused: Refused | None = None) -> str:
    """The signature, with a refused form on it; the summary is always the newest."""
    with transaction() as db:
        seen = shown(db, visit_id, refused)
        stop: Stop = seen["stop"]
        summary = summary_from(stop.order, stop.visit, stop)
        asked = {line.position: len(stop.points(line).asked) for line in stop.order.lines}
        digest = hashlib.sha256(canonical(summary)).hexdigest()
        return render_template("field/signature.html", **seen, **WORDS, summary=summary, digest=digest, asked=asked)


@pages.post("/my-day/visits/<int:visit_id>/signature")
@may("visit.drive")
def sign(visit_id: int) -> Answer:
    """The customer has signed."""
    return taken(
        visit_id,
        "sign",
        lambda form: [("sign", read_signature(form.values))],
        told=say("Signed. Thank you."),
        to=url_for("field.ending", visit_id=visit_id),
        again=lambda refused: signature_page(visit_id, refused),
    )


@pages.post("/my-day/visits/<int:visit_id>/signature/refused")
@may("visit.drive")
def refuse(visit_id: int) -> Answer:
    """The customer does not sign: why, with a photo as evidence."""
    return taken(
        visit_id,
        "sign.refuse",
        _refused,
        told=say("The refusal is kept with its photo."),
        to=url_for("field.ending", visit_id=visit_id),
        again=lambda refused: signature_page(visit_id, refused),
    )


def _refused(form: Form) -> Acts:
    """Two facts: the photo, and the refusal that names it. Raises Invalid for everything that is missing at once."""
    wrong: dict[str, Text] = {}
    reason = _gathered(wrong, lambda: read_reason(form.values))
    pictures = _gathered(wrong, lambda: [read_picture(file.read()) for file in sent_files(none=NO_EVIDENCE)])
    if wrong or not pictures:
        raise Invalid(wrong)
    with transaction() as db:
        kept = photo_act(db, pictures[0], kind="refusal", line=None, at=now())
    told = {**read_signer(form.values), "reason": reason, "photo": str(fact_key())}
    return [kept, ("sign.refuse", told)]


def _gathered(wrong: dict[str, Text], read: Callable[[], V]) -> V | None:
    try:
        return read()
    except Invalid as refusal:
        wrong.update(refusal.fields)
        return None
