"""A list of repair calls from a file: look it over, mend, tick, take in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.lists import from_json
from dispatch.intake.marks import marked_rows, takeable
from dispatch.intake.mending import open_rows, read_mends
from dispatch.intake.models import Upload
from dispatch.intake.operations import keep_file, mend_cells, take_calls
from dispatch.intake.outlines import joins
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.presenting import column_facts
from dispatch.intake.queries import taken_rows, upload, uploads_waiting
from dispatch.orders.rules import SYMPTOMS, URGENCY_WORDS, symptom_in
from dispatch.tabular.tables import read
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import short_locale
from dispatch.web.uploads import refused_file, sent_file


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
        workbook = read(file.name, file.content)
        with transaction() as db:
            kept = keep_file(db, "calls", workbook, file=file.content, by=current(), at=now())
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
    """The calls of a file, those taken with their orders, those that cannot be taken with the reason and a field to mend it."""
    with transaction() as db:
        return _preview_page(db, upload(db, upload_id, "calls", current()), Form())


def _preview_page(db: Session, seen: Upload, form: Form, ticked: frozenset[int] | None = None) -> str:
    facts = column_facts(db, seen, short_locale())
    if facts["unread"]:
        return render_template(
            "intake/unread.html", upload=seen, title=_("Import a list of calls"), back=url_for("intake.calls_upload"), **facts
        )
    reading = from_json("calls", seen.content)
    taken = taken_rows(db, seen, reading)
    marked = [each for each in marked_rows(db, "calls", reading, current()) if each.row.row not in taken]
    return render_template(
        "intake/calls_preview.html",
        form=form,
        upload=seen,
        rows=reading.rows,
        taken=taken,
        able={each.row.row for each in takeable(marked)},
        ticked=ticked,
        reasons={each.row.row: [doubt.text for doubt in call_reasons(each.row)[1].values()] for each in marked},
        joining={each.row.row: text for each in marked if (text := joins(each)) is not None},
        open_rows=[] if seen.done_at else open_rows("calls", reading, marked),
        unknown=reading.unknown_columns,
        symptom=lambda words: SYMPTOMS[symptom_in(words)].words,
        urgency=URGENCY_WORDS,
        present=now().astimezone(ZoneInfo(current().zone)).replace(tzinfo=None),
        **facts,
    )


@pages.post("/calls/import/<int:upload_id>")
@may("order.take")
def save_calls(upload_id: int) -> Answer:
    """Take the ticked calls in, all or none of them; or read the list anew with what was typed into its cells."""
    ticked = frozenset(int(text) for text in request.form.getlist("rows") if text.isascii() and text.isdecimal())
    typed = read_mends("calls", request.form)
    try:
        if typed or request.form.get("then") == "check":
            return _mend(upload_id, typed)
        with transaction() as db:
            take_calls(db, upload_id, ticked, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        with transaction() as db:
            page = _preview_page(db, upload(db, upload_id, "calls", current()), Form().refused(refusal), ticked)
        return page, refusal.status
    return redirect(url_for("intake.calls_preview", upload_id=upload_id))


def _mend(upload_id: int, typed: dict[int, dict[str, str]]) -> Answer:
    with transaction() as db:
        mend_cells(db, upload_id, "calls", typed, version=number_in(request.form.get("version", "")), by=current())
    if request.form.get("then") == "take":
        flash(_("What you typed was checked first. Look at it and take the calls in."), "info")
    return redirect(url_for("intake.calls_preview", upload_id=upload_id) + "#mend")
