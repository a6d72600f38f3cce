"""What a technician's phone sends: see `wire_rules` for the shapes. Answers are JSON.

Facts are kept and committed first, and applied afterwards, each in a transaction of its own: a server killed in between has lost
nothing, and what it had not applied is applied by whoever looks next.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask_login import current_user
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.field.applying import apply_kept, pending_of
from dispatch.field.models import FieldFact, PhoneDevice
from dispatch.field.phones import Caller, contact, device_of, offsets_of
from dispatch.field.receiving import Kept, keep_batch
from dispatch.field.wire_rules import FORMAT, key_in, moment_in, read_body, records_of, update_of
from dispatch.staff.queries import token_hash
from dispatch.typed import key_in as uuid_in
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.locale import tr
from dispatch.words import say, text_from_json

api = Blueprint("field_api", __name__, url_prefix="/api/field")

NAMELESS = say("The phone does not say which one it is.")
NO_BATCH = say("This is no batch of facts.")
LONGEST_NAME = 120


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
        kept, then = keep_batch(db, phone, records, by=current(), at=at)
    apply_all(device_of(phone.id))
    with transaction() as db:
        answers = [_answer(db, each) for each in kept]
    return jsonify(_told(phone, then) | {"facts": answers})


def calling() -> Caller:
    """The phone that calls, by its headers. Raises Refusal for one that does not name itself."""
    phone = uuid_in(request.headers.get("Dispatch-Phone", ""))
    if phone is None:
        raise Refusal(NAMELESS)
    version = key_in(number_in(request.headers.get("Dispatch-App")))
    clock = moment_in(request.headers.get("Dispatch-Time"))
    login = current_user.get_id() if current_user.is_authenticated else None
    name = (request.headers.get("User-Agent") or "")[:LONGEST_NAME]
    return Caller(phone, name, version, clock, token_hash(login) if login else None)


def apply_all(device: str) -> None:
    """Apply what a device has sent, one fact after the other, each in its own transaction."""
    with transaction() as db:
        waiting = pending_of(db, device)
    for fact_id in waiting:
        with transaction() as db:
            apply_kept(db, fact_id, at=now())


def _told(phone: PhoneDevice, then: int) -> dict[str, Any]:
    offset = next(iter(offsets_of(phone)), 0)
    return {"format": FORMAT, "next": then, "update": update_of(phone.app_version), "offset_ms": offset}


def _answer(db: Session, kept: Kept) -> dict[str, Any]:
    """What became of one record, as it stands now."""
    told = {"id": kept.wire.sent_id, "seq": kept.wire.seq}
    if kept.fact is None:
        return told | {"answer": "later", "state": None, "told": None}
    fact = db.get_one(FieldFact, kept.fact.id)
    outcome = fact.outcome or {}
    why = text_from_json(outcome) if "msgid" in outcome else None
    return told | {"answer": "before" if kept.before else "kept", "state": fact.state, "told": tr(why) if why else None}
