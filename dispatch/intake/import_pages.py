"""Bringing lists in: terminals, SIMs, technicians, prices. Send a file, look at what was understood, take it in."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.devices.issuing import Filled
from dispatch.devices.page_forms import read_ids
from dispatch.devices.queries import stores
from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.fees.page_forms import CATEGORIES
from dispatch.intake.importing import ALREADY, Choice, choice_to_json, take_list
from dispatch.intake.list_words import ABOUT
from dispatch.intake.lists import KINDS, from_json, words_of
from dispatch.intake.marks import Marked, marked_rows, names_made, stores_named, takeable
from dispatch.intake.mending import open_rows, read_mends
from dispatch.intake.models import DOUBLING, FileWork, Upload
from dispatch.intake.operations import mend_cells
from dispatch.intake.operations.filing import asked_cells
from dispatch.intake.operations.filling import fill_from_list, loads_of
from dispatch.intake.operations.working import ask_to_take
from dispatch.intake.pages.working import failed_reading, failed_take, is_busy, left_to_worker, received, waiting_page
from dispatch.intake.presenting import column_facts
from dispatch.intake.progress import is_long
from dispatch.intake.queries import same_file_taken, uploads_waiting, without_sign_in
from dispatch.intake.queries import upload as upload_numbered
from dispatch.intake.template import list_csv
from dispatch.staff.rules import SKILLS
from dispatch.tabular.cells import read_date
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import short_locale, tr
from dispatch.web.uploads import refused_file
from dispatch.words import Text, say

pages = Blueprint("imports", __name__)

Answer = str | Response | tuple[str, int]
LIST = "<any(terminals, sims, parts, technicians, prices):purpose>"
FIRST_ROWS = 20
FILL_NAMESPACE = uuid.UUID("6f7d7a52-0f3a-4c5c-9c61-6a5f6c1f2b10")


def _check_access(purpose: str) -> None:
    if not current().may(KINDS[purpose].permission):
        raise NotFound


@pages.route(f"/import/{LIST}", methods=["GET", "POST"])
@may("stock.change", "staff.import", "price.change")
def upload(purpose: str) -> Answer:
    """The page that takes a file; what was read of it waits on the preview."""
    _check_access(purpose)
    if request.method == "GET":
        return _upload_page(purpose, Form())
    try:
        kept = received(purpose)
    except Refusal as refusal:
        return _upload_page(purpose, refused_file(refusal)), refusal.status
    return redirect(url_for("imports.preview", purpose=purpose, upload_id=kept.id))


def _upload_page(purpose: str, form: Form) -> str:
    with transaction() as db:
        waiting = uploads_waiting(db, purpose, current(), at=now())
    return render_template("intake/import.html", purpose=purpose, about=ABOUT[purpose], form=form, waiting=waiting)


@pages.get(f"/import/{LIST}/template.csv")
@may("stock.change", "staff.import", "price.change")
def template(purpose: str) -> Response:
    """An empty list to be filled in."""
    _check_access(purpose)
    content = io.BytesIO(list_csv(purpose).encode())
    return send_file(content, mimetype="text/csv", as_attachment=True, download_name=f"{tr(ABOUT[purpose].title)}.csv")


# --- preview


@pages.get(f"/import/{LIST}/<int:upload_id>")
@may("stock.change", "staff.import", "price.change")
def preview(purpose: str, upload_id: int) -> Answer:
    """What was understood, before and after it was taken in."""
    _check_access(purpose)
    with transaction() as db:
        seen = upload_numbered(db, upload_id, purpose, current())
        waiting, failed = waiting_page(db, seen), failed_take(db, seen)
        unread = failed_reading(db, seen)
    if waiting or not failed:
        return waiting or _preview(purpose, upload_id, unread or Form())
    refusal, work = failed
    return _preview(purpose, upload_id, _typed_before(work).refused(refusal))


def _typed_before(work: FileWork) -> Form:
    """The form as it was when the worker was asked to take the list in."""
    choice = work.asked["choice"]
    ticks = {name: "1" if choice[name] else "" for name in ("change", "again")}
    trained = [str(row) for row in choice["trained"]]
    return Form({"store": choice["store"], "trained_on": choice["trained_on"] or "", "trained": trained, **ticks})


def _preview(purpose: str, upload_id: int, form: Form, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        waiting = upload_numbered(db, upload_id, purpose, current())
        facts = column_facts(db, waiting, short_locale())
        if facts["unread"]:
            return render_template(
                "intake/unread.html",
                upload=waiting,
                title=tr(ABOUT[purpose].title),
                back=url_for("imports.upload", purpose=purpose),
                **facts,
            )
        reading = from_json(purpose, waiting.content)
        marked = [] if waiting.done_at else marked_rows(db, purpose, reading, current())
        rooms = [store for store in stores(db, current()) if store.branch_id == waiting.branch_id]
        page = render_template(
            "intake/import_preview.html",
            purpose=purpose,
            about=ABOUT[purpose],
            upload=waiting,
            reading=reading,
            form=form,
            stores=rooms,
            named=stores_named(reading),
            store_default=rooms[0].name if rooms else _("Main store"),
            today=local_day(now(), current().zone),
            words_of=words_of,
            key=uuid.uuid4(),
            SKILLS=SKILLS,
            CATEGORIES=CATEGORIES,
            loads=loads_of(db, reading, current()) if waiting.done_at and purpose == "technicians" else [],
            unsigned=without_sign_in(db, reading, current()) if waiting.done_at and purpose == "technicians" else [],
            before=_taken_before(db, waiting),
            open_rows=open_rows(purpose, reading, marked),
            **facts,
            **_sorted_rows(purpose, marked),
        )
    return (page, refusal.status) if refusal else page


def _taken_before(db: Session, waiting: Upload) -> Upload | None:
    """The upload by which a file that must not count twice was taken in already."""
    if waiting.purpose not in DOUBLING or waiting.done_at:
        return None
    return same_file_taken(db, waiting.purpose, waiting.file_hash, current())


def _sorted_rows(purpose: str, marked: list[Marked]) -> dict[str, object]:
    """The marked rows as the template wants them; long lists of units show their beginning."""
    ready = takeable(marked)
    whole = purpose in ("technicians", "prices")
    return {
        "ready": ready,
        "shown": ready if whole else ready[:FIRST_ROWS],
        "made": {kind: names_made(ready, kind) for kind in ("model", "store")},
        "known": sum(each.refused is not None for each in marked),
        "updates": sum(each.change == "update" for each in ready),
        "unchanged": sum(each.change == "same" for each in ready),
    }


@pages.post(f"/import/{LIST}/<int:upload_id>")
@may("stock.change", "staff.import", "price.change")
def take(purpose: str, upload_id: int) -> Answer:
    """Take the good rows in, once; or read the list anew with what was typed into its cells."""
    _check_access(purpose)
    if is_busy(upload_id):
        return redirect(url_for("imports.preview", purpose=purpose, upload_id=upload_id))
    form = Form.sent()
    typed = read_mends(purpose, request.form)
    if typed or form.text("then") == "check":
        return _mend(purpose, upload_id, typed, form)
    try:
        choice = _choice(form)
        if is_long(purpose, choice.expected):
            return _ask(purpose, upload_id, choice, form)
        with transaction() as db:
            count = take_list(db, upload_id, purpose, choice=choice, by=current(), at=now())
    except Conflict as conflict:
        if conflict.text.msgid == ALREADY.msgid:
            return _already(purpose, upload_id)
        return _preview(purpose, upload_id, form.refused(conflict), conflict)
    except Refusal as refusal:
        return _preview(purpose, upload_id, form.refused(refusal), refusal)
    flash(ngettext("%(num)d row was taken in.", "%(num)d rows were taken in.", count), "success")
    return redirect(url_for("imports.preview", purpose=purpose, upload_id=upload_id))


def _ask(purpose: str, upload_id: int, choice: Choice, form: Form) -> Answer:
    """Leave a long list to the worker."""
    may_it, version = KINDS[purpose].permission, number_in(form.text("version"))
    with transaction() as db:
        asked = {"choice": choice_to_json(choice)}
        ask_to_take(db, upload_id, purpose, asked, permission=may_it, version=version, by=current(), at=now())
    return redirect(url_for("imports.preview", purpose=purpose, upload_id=upload_id))


def _mend(purpose: str, upload_id: int, typed: dict[int, dict[str, str]], form: Form) -> Answer:
    try:
        version = number_in(form.text("version"))
        with transaction() as db:
            if not left_to_worker(db, upload_numbered(db, upload_id, purpose, current()), asked_cells(typed), version):
                mend_cells(db, upload_id, purpose, typed, version=version, by=current())
    except NotFound:
        raise
    except Refusal as refusal:
        return _preview(purpose, upload_id, form.refused(refusal), refusal)
    if form.text("then") == "take":
        flash(_("What you typed was checked first. Look at it and take the rows in."), "info")
    return redirect(url_for("imports.preview", purpose=purpose, upload_id=upload_id) + "#mend")


def _already(purpose: str, upload_id: int) -> Answer:
    flash(tr(ALREADY), "info")
    return redirect(url_for("imports.preview", purpose=purpose, upload_id=upload_id))


def _choice(form: Form) -> Choice:
    day = read_date(form.text("trained_on"))
    if isinstance(day, Text):
        raise Invalid({"trained_on": day})
    if day and day > local_day(now() + timedelta(days=1), current().zone):
        raise Invalid({"trained_on": say("This day has not come yet.")})
    trained = frozenset(read_ids(form.texts("trained")))
    agreed = {name: form.text(name) == "1" for name in ("leave_out", "change", "again")}
    return Choice(number_in(form.text("expected")) or 0, store=form.text("store"), trained=trained, trained_on=day, **agreed)


# --- bags, after a list of technicians


@pages.post("/import/technicians/<int:upload_id>/bags")
@may("stock.change")
def fill(upload_id: int) -> Answer:
    """Issue to each technician of the list what his bag lacks, the oldest units of a store first."""
    _check_access("technicians")
    wanted = number_in(request.form.get("store", ""))
    try:
        with transaction() as db:
            key = uuid.uuid5(FILL_NAMESPACE, f"{upload_id}:{request.form.get('key', '')}")
            filled = fill_from_list(db, upload_id, store_id=wanted, key=key, by=current(), at=now())
    except Refusal as refusal:
        return _preview("technicians", upload_id, Form().refused(refusal), refusal)
    _tell(filled)
    return redirect(url_for("devices.papers" if filled.moved else "devices.index"))


def _tell(filled: Filled) -> None:
    if not filled.moved and not filled.short:
        flash(_("Every bag holds what it should already."), "info")
        return
    moved = ngettext("%(num)d unit was issued to the bags.", "%(num)d units were issued to the bags.", filled.moved)
    flash(moved, "success" if filled.moved else "info")
    if filled.moved:
        flash(_("Each technician says yes on his phone, or signs at the counter."), "info")
    if filled.short:
        lacking = "; ".join(
            _("%(name)s: %(terminals)s terminals, %(sims)s SIMs", name=n, terminals=t, sims=s) for n, t, s in filled.short
        )
        flash(_("The store ran short. Still missing: %(lacking)s.", lacking=lacking), "warning")
