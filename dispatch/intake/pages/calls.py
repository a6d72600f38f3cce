"""A list of repair calls from a file: look it over, tick, take in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import redirect, render_template, request, url_for

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.intake.calls import RepairCall, read_calls
from dispatch.intake.models import Upload
from dispatch.intake.operations import keep_calls, note_outcome, take_listed
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.queries import orders_with_keys, upload, uploads_waiting
from dispatch.intake.stored_calls import call_from_json, key_of
from dispatch.orders.rules import SYMPTOMS, URGENCY_WORDS, symptom_in
from dispatch.tabular.tables import read
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.uploads import refused_file, sent_file
from dispatch.words import text_from_json


@pages.get("/calls/import")
@may("order.take")
def calls_upload() -> Answer:
    """Choose a file with calls."""
    return _upload_page(Form())


@pages.post("/calls/import")
@may("order.take")
def send_calls() -> Answer:
    """Read the file and show what was understood."""
    try:
        file = sent_file()
        found = read_calls(read(file.name, file.content))
        with transaction() as db:
            kept = keep_calls(db, found, file_name=file.name, file=file.content, by=current(), at=now())
    except Refusal as refusal:
        return _upload_page(refused_file(refusal)), refusal.status
    return redirect(url_for("intake.calls_preview", upload_id=kept.id))


def _upload_page(form: Form) -> str:
    with transaction() as db:
        waiting = uploads_waiting(db, "calls", current(), at=now())
        return render_template("intake/calls_upload.html", form=form, waiting=waiting)


@pages.get("/calls/import/<int:upload_id>")
@may("order.take")
def calls_preview(upload_id: int) -> Answer:
    """The calls of a file, those taken with their orders, those refused with the reason."""
    with transaction() as db:
        seen = upload(db, upload_id, "calls", current())
        rows = [call_from_json(row) for row in seen.content["rows"]]
        keys = {key_of(seen, row.row): row.row for row in rows}
        taken = {keys[key]: number for key, number in orders_with_keys(db, list(keys)).items()}
        refused = {int(row): [text_from_json(text) for text in texts] for row, texts in seen.content["refused"].items()}
        return render_template(
            "intake/calls_preview.html",
            upload=seen,
            rows=rows,
            taken=taken,
            refused=refused,
            problems=[(p["row"], p["column"], text_from_json(p)) for p in seen.content["problems"]],
            symptom=lambda words: SYMPTOMS[symptom_in(words)].words,
            urgency=URGENCY_WORDS,
            present=now().astimezone(ZoneInfo(current().zone)).replace(tzinfo=None),
        )


@pages.post("/calls/import/<int:upload_id>")
@may("order.take")
def save_calls(upload_id: int) -> Answer:
    """Take the ticked calls in; what became of each stands on the page afterwards."""
    ticked = {int(text) for text in request.form.getlist("rows") if text.isdecimal()}
    with transaction() as db:
        seen = upload(db, upload_id, "calls", current())
        rows = [call_from_json(row) for row in seen.content["rows"]]
    outcome = {row.row: _taken(seen, row) for row in rows if row.row in ticked}
    refused = {row: refusal for row, refusal in outcome.items() if refusal is not None}
    with transaction() as db:
        made = orders_with_keys(db, [key_of(seen, row.row) for row in rows])
        note_outcome(db, upload_id, refused, complete=len(made) == len(rows), by=current(), at=now())
    return redirect(url_for("intake.calls_preview", upload_id=upload_id))


def _taken(seen: Upload, row: RepairCall) -> Refusal | None:
    """Take one call in a transaction of its own; the refusal, or None when it is an order now."""
    try:
        with transaction() as db:
            take_listed(db, seen, row, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return refusal
    return None
