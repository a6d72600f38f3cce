"""What a technician's phone sends: see `wire_rules` for the shapes. Answers are JSON.

Facts are kept and committed first, and applied afterwards, each in a transaction of its own: a server killed in between has lost
nothing, and what it had not applied is applied by whoever looks next.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Blueprint, Response, jsonify, request, session
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.http import parse_content_range_header

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.models import ReceiptBlock
from dispatch.field.blobs import Piece, blob_of, take_piece
from dispatch.field.leasing import blocks_for
from dispatch.field.models import FieldFact, PhoneBlob, PhoneDevice
from dispatch.field.packing.day import pack
from dispatch.field.packing.reading import read_day
from dispatch.field.packing.telling import told as told_pack
from dispatch.field.phones import Caller, behind_login, contact, device_of, is_shut, offsets_of
from dispatch.field.receiving import Kept, keep_batch
from dispatch.field.runs import apply_all, finish_blob
from dispatch.field.wire_rules import FORMAT, is_sha256, key_in, moment_in, phone_called, read_body, records_of, update_of, why_of
from dispatch.paycodes.gateway import offered
from dispatch.staff.models import Branch
from dispatch.staff.queries import actor_of, token_hash
from dispatch.staff.rules import Actor
from dispatch.typed import key_in as uuid_in
from dispatch.typed import number_in
from dispatch.web.access import current, lets_in, may, public
from dispatch.web.locale import LOCALES, catalogue, tr
from dispatch.web.login import settings
from dispatch.words import say

api = Blueprint("field_api", __name__, url_prefix="/api/field")

NAMELESS = say("The phone does not say which one it is.")
NO_PIECE = say("It does not say which piece of the photo this is.")
NO_BATCH = say("This is no batch of facts.")
WIPE = say("This phone was locked out. What was waiting on it is with the office; it deletes everything it has.")


@api.post("/facts")
@may("visit.drive")
def facts() -> Response:
    """Keep a batch, apply what is kept, and say of each what became of it."""
    body = read_body(request.get_data())
    records = records_of(body) if body is not None else None
    if body is None or records is None:
        raise Refusal(NO_BATCH)
    caller, at = calling(), now()
    with transaction() as db:
        phone = contact(db, caller, by=current(), at=at)
        if phone.wiped_at is not None:
            return _wipe()
        kept, then = keep_batch(db, phone, records, by=current(), at=at)
        if phone.locked_at is not None and body.get("wiped") is True:
            phone.wiped_at = at
    apply_all(device_of(phone.id), now)
    with transaction() as db:
        answers = [_answer(db, each) for each in kept]
    told = _told(phone, then) | {"facts": answers}
    return jsonify(told) if phone.locked_at is None else _wipe(**told)


@api.get("/phones/<uuid:phone_id>")
@public
def shut(phone_id: uuid.UUID) -> Response:
    """Whether a phone is to wipe itself: it asks even when its login has ended, and its UUID tells nothing to anybody else."""
    with transaction() as db:
        return _wipe() if is_shut(db, phone_id) else Response(status=204)


def _wipe(**told: Any) -> Response:
    """The answer to a phone that was locked out: what it had waiting is with the office, and it deletes all that it has."""
    answer = jsonify(error=tr(WIPE), code="wipe", **told)
    answer.status_code = 410
    return answer


@lets_in
def by_locked_phone() -> Actor | None:
    """Whose phone this was until it was locked out: its login has ended, but what waits on it is still taken."""
    token, phone = session.get("_user_id"), uuid_in(request.headers.get("Dispatch-Phone", ""))
    if request.blueprint != api.name or not token or phone is None:
        return None
    with transaction() as db:
        owner = behind_login(db, phone, token_hash(token))
        return actor_of(owner) if owner is not None else None


def calling() -> Caller:
    """The phone that calls, by its headers. Raises Refusal for one that does not name itself."""
    phone = uuid_in(request.headers.get("Dispatch-Phone", ""))
    if phone is None:
        raise Refusal(NAMELESS)
    version = key_in(number_in(request.headers.get("Dispatch-App")))
    clock = moment_in(request.headers.get("Dispatch-Time"))
    login = current_user.get_id() if current_user.is_authenticated else None
    return Caller(
        phone, phone_called(request.headers.get("User-Agent", "")), version, clock, token_hash(login) if login else None
    )


def _told(phone: PhoneDevice, then: int) -> dict[str, Any]:
    offset = next(iter(offsets_of(phone)), 0)
    return {"format": FORMAT, "next": then, "update": update_of(phone.app_version), "offset_ms": offset}


def _answer(db: Session, kept: Kept) -> dict[str, Any]:
    """What became of one record, as it stands now."""
    told = {"id": kept.wire.sent_id, "seq": kept.wire.seq}
    if kept.fact is None:
        return told | {"answer": "later", "state": None, "told": None}
    fact = db.get_one(FieldFact, kept.fact.id)
    why = why_of(fact.outcome)
    return told | {"answer": "before" if kept.before else "kept", "state": fact.state, "told": tr(why) if why else None}


# --- the day


@api.get("/day")
@may("visit.drive")
def day() -> Response:
    """The pack of his day: see `packing.shapes`. What the phone has already costs no byte."""
    phone = uuid_in(request.headers.get("Dispatch-Phone", ""))
    with transaction() as db:
        if phone is not None and is_shut(db, phone):
            return _wipe()
        read = read_day(db, by=current(), device=device_of(phone) if phone else None, at=now())
        made = told_pack(pack(read, codes=offered()), catalogue(LOCALES["zh"]).ugettext)
    answer = Response(json.dumps(made, ensure_ascii=False, separators=(",", ":")), mimetype="application/json")
    answer.add_etag()
    answer.make_conditional(request)
    return answer


# --- photos


@api.get("/blobs/<sha256>")
@may("visit.drive")
def blob(sha256: str) -> Response:
    """How much of a photo has come."""
    with transaction() as db:
        return _come(blob_of(db, sha256, _own_id()))


@api.put("/blobs/<sha256>")
@may("visit.drive")
def put_blob(sha256: str) -> Response:
    """Take one piece of a photo, or the whole; what has come before is passed over."""
    if not is_sha256(sha256):
        raise NotFound
    piece, most = _piece(), settings().max_upload_mb * 2**20
    with transaction() as db:
        contact(db, calling(), by=current(), at=now())
        taken = take_piece(db, sha256, piece, person_id=_own_id(), at=now(), most=most)
    if taken.done_at is None and taken.received == taken.size:
        finish_blob(sha256, _own_id(), now)
    with transaction() as db:
        return _come(blob_of(db, sha256, _own_id()))


def _come(found: PhoneBlob | None) -> Response:
    return jsonify(received=found.received if found else 0, done=found is not None and found.done_at is not None)


def _piece() -> Piece:
    """The piece of this request, by its Content-Range; without one it is the whole. Raises Refusal for what is none."""
    content = request.get_data()
    if "Content-Range" not in request.headers:
        return Piece(0, len(content), content)
    told = parse_content_range_header(request.headers["Content-Range"])
    if told is None or told.units != "bytes" or told.start is None or not told.length:
        raise Refusal(NO_PIECE)
    return Piece(told.start, told.length, content)


def _own_id() -> int:
    return current().id or 0


# --- receipts


@api.post("/receipt-blocks")
@may("visit.drive")
def receipt_blocks() -> Response:
    """The receipt numbers of this phone; more of them when only a few are left."""
    body = read_body(request.get_data()) or {}
    known, left = body.get("known"), key_in(body.get("left")) or 0
    with transaction() as db:
        phone = contact(db, calling(), by=current(), at=now())
        if phone.locked_at is not None:
            return _wipe()
        has = known if isinstance(known, list) else []
        blocks = blocks_for(db, phone, known=has, left=left, by=current(), at=now())
        return jsonify(blocks=[_block(db, each) for each in blocks])


def _block(db: Session, block: ReceiptBlock) -> dict[str, Any]:
    code = db.get_one(Branch, block.branch_id).code
    return {"id": block.id, "first": block.first, "last": block.last, "prefix": f"R{code}", "digits": 6}
