"""Photos of a visit: taken on the spot, sent one by one, shown to whoever may see the order."""

from __future__ import annotations

import uuid

from flask import Response, jsonify, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.sending import Answer, Refused, fact_key, send_in
from dispatch.field.pages.stop import shown
from dispatch.field.pages.taking import Beside, photo_act
from dispatch.field.pages.vehicles import line_of
from dispatch.field.queries import photo as photo_of
from dispatch.field.rules import PHOTOS, PHOTOS_TO_ASK
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.files.pictures import read_picture, thumbnail
from dispatch.typed import number_in
from dispatch.web.access import current, may, signed_in
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.web.login import settings
from dispatch.web.uploads import TooLarge, drain
from dispatch.words import Text, say

FOR_EVER = "private, max-age=31536000, immutable"
DRAINED_TIMES = 8
MOST_AT_ONCE = 10
"""Each photo keeps a processor busy for up to seconds, and everybody else's photos wait."""
NO_PHOTO = say("Take a photo first.")
TAKEN_HERE = ("condition", "work", "unit", "paper", *PHOTOS_TO_ASK)
"""The kinds that have a page of their own; a refused signature brings its photo along."""


@pages.get("/my-day/visits/<int:visit_id>/photos")
@may("visit.drive")
def photos(visit_id: int) -> str:
    """The photos of one kind, of one vehicle where `line` names it."""
    return photos_page(visit_id)


def photos_page(visit_id: int, refused: Refused | None = None) -> str:
    """The page that takes photos; what kind they are of is in its address."""
    kind, line_id = asked_kind(), asked_line()
    with transaction() as db:
        seen = shown(db, visit_id, refused, [line_id] if line_id else [])
        line = line_of(seen["stop"], line_id) if line_id else None
        mine = [photo for photo in seen["stop"].photos if photo.kind == kind and photo.line_id == (line.id if line else None)]
        asked = seen["stop"].photos_to_take(line) if line else {}
        return render_template("field/photos.html", **seen, kind=kind, kinds=PHOTOS, line=line, photos=mine, asked=asked)


def asked_kind() -> str:
    """What the photos of this address are of. Raises NotFound for a kind that has no page."""
    kind = request.args.get("kind", "condition")
    if kind not in TAKEN_HERE:
        raise NotFound
    return kind


def asked_line() -> int | None:
    """The vehicle that this address names."""
    return number_in(request.args.get("line"))


@pages.post("/my-day/visits/<int:visit_id>/photos")
@may("visit.drive")
def send_photo(visit_id: int) -> Answer:
    """Keep what was taken. A script sends one at a time and hears how it went; a form may send several."""
    by_script = "X-Photo" in request.headers
    try:
        keep_photos(visit_id, sent_files())
    except NotFound:
        raise
    except Refusal as refusal:
        told = refusal.fields.get("photo", refusal.text) if isinstance(refusal, Invalid) else refusal.text
        if by_script:
            return jsonify(error=tr(told)), refusal.status  # type: ignore[return-value]
        form = Form(errors={"photo": told})
        return photos_page(visit_id, Refused("photo", form, request.url)), refusal.status
    if by_script:
        return jsonify(url=url_for("field.photo", photo_id=fact_key())), 201  # type: ignore[return-value]
    return redirect(url_for("field.photos", visit_id=visit_id, kind=asked_kind(), line=asked_line()), 303)


def sent_files(*, none: Text = NO_PHOTO) -> list[FileStorage]:
    """The photos of this request. Raises Invalid, saying `none` when there are none, or that they are too large."""
    try:
        files = [file for file in request.files.getlist("photo") if file.filename]
    except RequestEntityTooLarge:
        most = settings().max_upload_mb
        drain(DRAINED_TIMES * most)
        sentence = say(
            "This is larger than %(most)s MB. Send fewer photos at once, or take them with a lower resolution.", most=most
        )
        raise TooLarge({"photo": sentence}) from None
    if not files:
        raise Invalid({"photo": none})
    if len(files) > MOST_AT_ONCE:
        raise Invalid({"photo": say("These are more than %(most)s photos. Send them in several goes.", most=MOST_AT_ONCE)})
    return files


def keep_photos(visit_id: int, files: list[FileStorage]) -> None:
    """All photos of one form, each a fact of its own; sent again they are the same."""
    pictures = [read_picture(file.read()) for file in files]
    at, key, beside = now(), fact_key(), Beside.sent(request.form)
    with transaction() as db:
        acts = [photo_act(db, one, kind=asked_kind(), line=asked_line(), at=at, beside=beside) for one in pictures]
        send_in(db, visit_id, key, acts, at=at)


@pages.get("/photos/<uuid:photo_id>")
@signed_in
def photo(photo_id: uuid.UUID) -> Response:
    """One photo as JPEG; `?small` for a list."""
    with transaction() as db:
        sha256 = photo_of(db, photo_id, current()).sha256
    try:
        content = store().get(sha256)
    except (MissingFile, AlteredFile):
        raise NotFound(say("This photo can no longer be read from the store.")) from None
    if "small" in request.args:
        content = thumbnail(content)
    return Response(content, mimetype="image/jpeg", headers={"Cache-Control": FOR_EVER})
