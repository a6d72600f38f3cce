"""A list of repair calls becomes orders, call by call, once all of the chosen ones can be taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import Invalid, Refusal
from dispatch.intake.call_doubts import MISSING, call_of
from dispatch.intake.calls import RepairCall
from dispatch.intake.forms import Call, call_doubts, missing_in
from dispatch.intake.models import Upload
from dispatch.intake.operations.calling import take_call
from dispatch.intake.operations.uploads import locked_upload
from dispatch.intake.stored_calls import key_of
from dispatch.orders.models import Order
from dispatch.staff.rules import Actor
from dispatch.words import Text, text_to_json


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
    if complete and upload.done_at is None:
        upload.done_at, upload.file = at, None
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
