"""A list of repair calls becomes orders, call by call: what cannot be taken is named and the others are taken all the same."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dispatch.errors import Invalid, Refusal
from dispatch.intake.calls import RepairCall
from dispatch.intake.forms import Call, call_doubts, missing_in
from dispatch.intake.models import Upload
from dispatch.intake.operations.calling import take_call
from dispatch.intake.operations.uploads import keep_upload, locked_upload
from dispatch.intake.stored_calls import call_from_json, calls_to_json, key_of
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


def take_calls(session: Session, upload_id: int, rows: Collection[int], *, by: Actor, at: datetime) -> Upload:
    """Take the calls of these rows. What became of each is kept in the upload: `taken` row -> number, `refused` row -> sentences.

    A call that was taken before is not taken again, in this upload or in another of the same file.
    """
    upload = locked_upload(session, upload_id, "calls", by)
    taken, refused = dict(upload.content["taken"]), {}
    for stored in upload.content["rows"]:
        row = str(stored["row"])
        if stored["row"] not in rows or row in taken:
            continue
        outcome = _take_one(session, upload, call_from_json(stored), by=by, at=at)
        if isinstance(outcome, Order):
            taken[row] = outcome.number
        else:
            refused[row] = [text_to_json(text) for text in outcome]
    upload.content = upload.content | {"taken": taken, "refused": refused}
    if len(taken) == len(upload.content["rows"]):
        upload.done_at = at
    session.flush()
    return upload


def _take_one(session: Session, upload: Upload, row: RepairCall, *, by: Actor, at: datetime) -> Order | Sequence[Text]:
    call = call_of(row, key_of(upload, row.row), by.zone)
    try:
        with session.begin_nested():
            _check(call)
            return take_call(session, call, by=by, at=at, attention=_attention(call))
    except Invalid as wrong:
        return list(wrong.fields.values())
    except Refusal as refusal:
        return [refusal.text]


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
