"""A list of repair calls from a file: look it over, mend, tick, take in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.intake.call_doubts import call_reasons
from dispatch.intake.calls import RepairCall
from dispatch.intake.lists import Reading, from_json
from dispatch.intake.marks import Marked, marked_rows, takeable
from dispatch.intake.mending import open_rows, read_mends
from dispatch.intake.models import Upload
from dispatch.intake.operations import mend_cells, take_calls
from dispatch.intake.operations.filing import asked_cells
from dispatch.intake.operations.listing import Chosen
from dispatch.intake.operations.working import ask_to_take
from dispatch.intake.outlines import joins
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.pages.working import failed_reading, failed_take, is_busy, left_to_worker, received, waiting_page
from dispatch.intake.presenting import column_facts
from dispatch.intake.progress import is_long
from dispatch.intake.queries import taken_rows, upload, uploads_waiting
from dispatch.orders.rules import SYMPTOMS, URGENCY_WORDS, symptom_in
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import short_locale
from dispatch.web.uploads import refused_file
from dispatch.words import Text

MOST_SHOWN = 300


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
        kept = received("calls")
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
        seen = upload(db, upload_id, "calls", current())
        failed = failed_take(db, seen)
        if failed:
            refusal, work = failed
            return waiting_page(db, seen) or _preview_page(db, seen, Form().refused(refusal), Chosen(**work.asked["chosen"]))
        return waiting_page(db, seen) or _preview_page(db, seen, failed_reading(db, seen) or Form())


def _preview_page(db: Session, seen: Upload, form: Form, chosen: Chosen | None = None) -> str:
    facts = column_facts(db, seen, short_locale())
    if facts["unread"]:
        return render_template(
            "intake/unread.html", upload=seen, title=_("Import a list of calls"), back=url_for("intake.calls_upload"), **facts
        )
    reading = from_json("calls", seen.content)
    taken = taken_rows(db, seen, reading)
    marked = [each for each in marked_rows(db, "calls", reading, current()) if each.row.row not in taken]
    able = {each.row.row for each in takeable(marked)}
    reasons = {each.row.row: [doubt.text for doubt in call_reasons(each.row)[1].values()] for each in marked}
    shown = _shown(reading, marked, reasons)
    return render_template(
        "intake/calls_preview.html",
        form=form,
        upload=seen,
        rows=shown,
        all=len(reading.rows),
        beyond=len(able - {row.row for row in shown}),
        taken=taken,
        able=able,
        ticked={row for row in able if chosen is None or chosen.has(row)},
        reasons=reasons,
        joining={each.row.row: text for each in marked if (text := joins(each)) is not None},
        open_rows=[] if seen.done_at else open_rows("calls", reading, marked),
        unknown=reading.unknown_columns,
        symptom=lambda words: SYMPTOMS[symptom_in(words)].words,
        urgency=URGENCY_WORDS,
        present=now().astimezone(ZoneInfo(current().zone)).replace(tzinfo=None),
        **facts,
    )


def _shown(reading: Reading, marked: Sequence[Marked], reasons: Mapping[int, Sequence[Text]]) -> list[RepairCall]:
    """The rows of a long list that its page shows, in the file's order: those to be looked at come before the others."""
    look = {each.row.row for each in marked if each.refused or each.joins or each.first or reasons[each.row.row]}
    ordered = sorted(reading.rows, key=lambda row: row.row not in look)[:MOST_SHOWN]
    return sorted((row for row in ordered if isinstance(row, RepairCall)), key=lambda row: row.row)


@pages.post("/calls/import/<int:upload_id>")
@may("order.take")
def save_calls(upload_id: int) -> Answer:
    """Take the ticked calls in, all or none of them; or read the list anew with what was typed into its cells."""
    if is_busy(upload_id):
        return redirect(url_for("intake.calls_preview", upload_id=upload_id))
    chosen = Chosen(*(_row_numbers(texts) for texts in (request.form.getlist("rows"), request.form.getlist("shown"))))
    if not request.form.getlist("shown"):
        chosen = Chosen(chosen.ticked)
    typed = read_mends("calls", request.form)
    try:
        if typed or request.form.get("then") == "check":
            return _mend(upload_id, typed)
        with transaction() as db:
            seen = upload(db, upload_id, "calls", current())
            if is_long("calls", _count(seen, chosen)):
                _ask(db, seen, chosen)
            else:
                take_calls(db, upload_id, chosen, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        with transaction() as db:
            page = _preview_page(db, upload(db, upload_id, "calls", current()), Form().refused(refusal), chosen)
        return page, refusal.status
    return redirect(url_for("intake.calls_preview", upload_id=upload_id))


def _row_numbers(texts: list[str]) -> list[int]:
    """`["2", "5"]`, or `["2,5"]`, as numbers."""
    return [int(text) for text in ",".join(texts).split(",") if text.isascii() and text.isdecimal()]


def _count(seen: Upload, chosen: Chosen) -> int:
    return sum(chosen.has(row["row"]) for row in seen.content.get("rows", ()))


def _ask(db: Session, seen: Upload, chosen: Chosen) -> None:
    """Leave a long list to the worker."""
    asked = {"chosen": asdict(chosen)}
    version = number_in(request.form.get("version", ""))
    ask_to_take(db, seen.id, "calls", asked, permission="order.take", version=version, by=current(), at=now())


def _mend(upload_id: int, typed: dict[int, dict[str, str]]) -> Answer:
    version = number_in(request.form.get("version", ""))
    with transaction() as db:
        if not left_to_worker(db, upload(db, upload_id, "calls", current()), asked_cells(typed), version):
            mend_cells(db, upload_id, "calls", typed, version=version, by=current())
    if request.form.get("then") == "take":
        flash(_("What you typed was checked first. Look at it and take the calls in."), "info")
    return redirect(url_for("intake.calls_preview", upload_id=upload_id) + "#mend")
