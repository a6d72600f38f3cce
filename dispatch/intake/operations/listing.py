"""A list of repair calls becomes orders, call by call: what cannot be taken is named and the others are taken all the same."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.errors import Invalid, Refusal
from dispatch.intake.calls import RepairCall
from dispatch.intake.forms import Call, call_doubts, missing_in
from dispatch.intake.models import Upload
from dispatch.intake.operations.calling import take_call
from dispatch.intake.operations.uploads import keep_upload, locked_upload
from dispatch.intake.stored_calls import calls_to_json, key_of
from dispatch.orders.models import Order
from dispatch.orders.rules import symptom_in
from dispatch.staff.rules import Actor
from dispatch.tabular.imports import Import
from dispatch.words import Text, say, text_to_json

FILE_ACCURACY_M = 100

MISSING: dict[str, Text] = {
    "customer": say("the customer's name is missing"),
    "contact": say("the caller's name is missing"),
    "phone": say("the phone number is missing"),
    "address": say("the address is missing"),
    "model": say("the product model is missing"),
}


def keep_calls(session: Session, calls: Import[RepairCall], *, file_name: str, file: bytes, by: Actor, at: datetime) -> Upload:
    """Keep a list of calls that was read."""
    return keep_upload(session, purpose="calls", file_name=file_name, file=file, content=calls_to_json(calls), by=by, at=at)


def take_listed(session: Session, upload: Upload, row: RepairCall, *, by: Actor, at: datetime) -> Order:
    """Take one call of a list; the same row again, in this upload or in another of the same file, answers the order it made.

    Each row is a transaction of its own: whoever holds an order number keeps every other call waiting. Raises like `take_call`.
    """
    call = call_of(row, key_of(upload, row.row), by.zone)
    _check(call)
    return take_call(session, call, by=by, at=at, attention=_attention(call))


def note_outcome(
    session: Session, upload_id: int, refused: Mapping[int, Refusal], *, complete: bool, by: Actor, at: datetime
) -> Upload:
    """Keep why rows of a list were refused, row -> refusal; `complete`: every row of it is an order now."""
    upload = locked_upload(session, upload_id, "calls", by)
    texts = {str(row): [text_to_json(text) for text in _sentences(refusal)] for row, refusal in refused.items()}
    upload.content = upload.content | {"refused": texts}
    if complete:
        upload.done_at = upload.done_at or at
    session.flush()
    return upload


def _sentences(refusal: Refusal) -> list[Text]:
    return list(refusal.fields.values()) if isinstance(refusal, Invalid) else [refusal.text]


def _check(call: Call) -> None:
    missing = missing_in(call)
    if missing:
        raise Invalid({name: MISSING.get(name, text) for name, text in missing.items()})


def _attention(call: Call) -> list[dict[str, object]]:
    return [{"code": doubt.code, **text_to_json(doubt.text)} for _, doubt in call_doubts(call).values()]


def call_of(row: RepairCall, key: uuid.UUID, zone: str) -> Call:
    """A row of the list as a call. Its time is the branch's, its place as exact as such lists are."""
    return Call(
        customer=row.customer,
        contact=row.caller,
        phone=row.phone.written,
        address=row.address,
        model=row.model,
        symptom=symptom_in(row.symptom),
        plate=row.plate,
        vin=row.vin,
        symptom_text=row.symptom,
        purchased_on=row.purchased_on,
        place=(row.lat, row.lon) if row.lat is not None and row.lon is not None else None,
        place_source="file",
        accuracy_m=FILE_ACCURACY_M,
        urgency=row.urgency,
        received_at=row.at.replace(tzinfo=ZoneInfo(zone)),
        request_key=key,
    )
