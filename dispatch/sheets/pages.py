"""Sheets to open and to ask for, and the page behind the QR code for anybody who holds one."""

from __future__ import annotations

import hashlib
import io
import threading

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotFound, Refusal
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.orders.order_queries import order_numbered
from dispatch.orders.queries import order_id_of
from dispatch.sheets.operations import ask_for_sheets
from dispatch.sheets.presenting import PublicSheet, order_sheets, public_sheet
from dispatch.sheets.queries import release_of, released_version, sheet_behind
from dispatch.sheets.verifying import WORDS, verify
from dispatch.typed import number_in
from dispatch.web.access import current, may, public, signed_in
from dispatch.web.forms import Form
from dispatch.web.listing import cut_asked
from dispatch.web.locale import zone
from dispatch.web.login import settings
from dispatch.web.uploads import TooLarge, sent_file
from dispatch.words import Text, say

pages = Blueprint("sheets", __name__)

NEWEST = say("It is version %(version)s, the newest.")
OLDER = say("It is version %(version)s; a newer one replaces it: version %(newest)s.")
FRAGMENT = "sheets/of_order.html"
BUSY = say("Others are having files checked just now. Please try again in a moment.")
ELSEWHERE = say("But it is not the sheet whose code you scanned.")
TURN_SECONDS = 5
PERSONAL = "private, no-cache"
"""No house between here and the reader may keep it, and he is asked who he is each time."""

Issued = tuple[str, int]
"""Of a file that we issued: the code and the version of its sheet."""

_turn = threading.BoundedSemaphore(1)
"""Strangers' files are looked at one after the other."""
_room = threading.BoundedSemaphore(2)
"""One is looked at, one waits: more would take the threads that our own people need."""


@pages.get("/orders/<number>/sheets/<int:version_id>.pdf")
@signed_in
def download(number: str, version_id: int) -> Response:
    """A released sheet, to be read in the browser."""
    with transaction() as db:
        version = released_version(db, number, version_id, current())
        name, sha256 = version.name, version.pdf_sha256 or ""
    try:
        pdf = io.BytesIO(store().get(sha256))
    except (MissingFile, AlteredFile):
        raise NotFound(say("This sheet can no longer be read from the store.")) from None
    answer = send_file(pdf, mimetype="application/pdf", download_name=name, etag=sha256)
    answer.headers["Cache-Control"] = PERSONAL
    return answer


@pages.get("/orders/<number>/sheets")
@signed_in
def of_order(number: str) -> str:
    """A page of an order's sheets: a section of its page, which looks again, or a page of its own without scripts."""
    with transaction() as db:
        order = order_numbered(db, number, current())
        sheets = order_sheets(db, order, now(), cut_asked({}, ""))
        whole = "field/on_site.html" if "HX-Request" not in request.headers else FRAGMENT
        return render_template(whole, fragment=FRAGMENT, title=_("Sheets"), order=order, sheets=sheets)


@pages.post("/orders/<number>/sheets")
@may("order.plan", "order.close")
def make_again(number: str) -> Response:
    """Ask for the sheets as they should be now."""
    with transaction() as db:
        ask_for_sheets(db, order_id_of(db, number, current()), at=now())
    flash(_("The sheets are being made."), "success")
    return redirect(url_for("orders.show", number=number))


@pages.get("/s/<token>")
@public
def shown(token: str) -> str | tuple[str, int]:
    """What was issued under a code, masked."""
    with transaction() as db:
        return _page(db, token, Form())


@pages.post("/s/<token>")
@public
def check(token: str) -> str | tuple[str, int]:
    """Whether a file is the sheet that was issued. Who has no code of ours sends nothing: his file is not even read."""
    with transaction() as db:
        if sheet_behind(db, token) is None:
            return _page(db, token, Form())
    try:
        content = _sent_pdf()
        sha256 = hashlib.sha256(content).hexdigest()
        with transaction() as db:
            found = release_of(db, sha256)
            issued = (found.sheet.token, found.version) if found else None
        verdict, said = ("valid", WORDS["valid"]) if issued else _judged(content)
    except Refusal as refusal:
        with transaction() as db:
            page = _page(db, token, Form().refused(refusal))
            return page if isinstance(page, tuple) else (page, refusal.status)
    with transaction() as db:
        return _page(db, token, Form(), verdict=verdict, said=said, issued=issued)


def _page(
    db: Session, token: str, form: Form, *, verdict: str = "", said: Text | None = None, issued: Issued | None = None
) -> str | tuple[str, int]:
    sheet = sheet_behind(db, token)
    if sheet is None:
        return render_template("sheets/unknown.html"), 404
    seen = public_sheet(sheet, number_in(request.args.get("v", "")), zone())
    beside = _beside(seen, issued) if seen and issued else None
    tone = "danger" if verdict != "valid" else "success" if beside and beside.msgid == NEWEST.msgid else "warning"
    return render_template("sheets/public.html", sheet=seen, form=form, said=said, tone=tone, beside=beside)


def _beside(sheet: PublicSheet, issued: Issued) -> Text:
    """Which version a genuine file is."""
    token, version = issued
    if token != sheet.token:
        return ELSEWHERE
    newest = sheet.newest.version
    return (
        Text(NEWEST.msgid, {"version": version})
        if version == newest
        else Text(OLDER.msgid, {"version": version, "newest": newest})
    )


def _sent_pdf() -> bytes:
    """The file of this request. Raises Invalid."""
    try:
        return sent_file().content
    except TooLarge:
        told = say("A sheet is never larger than %(most)s MB.", most=settings().max_upload_mb)
        raise Invalid({"file": told}) from None


def _judged(content: bytes) -> tuple[str, Text]:
    """The verdict over a file that we did not issue as it is."""
    if not _room.acquire(blocking=False):
        raise Conflict(BUSY)
    try:
        if not _turn.acquire(timeout=TURN_SECONDS):
            raise Conflict(BUSY)
        try:
            verdict = verify(content, issued=False)
        finally:
            _turn.release()
    finally:
        _room.release()
    return verdict.verdict, verdict.said
