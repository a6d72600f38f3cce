"""The chosen calls of a list are taken in: none of them unless all can be; then each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal, RuleBroken
from dispatch.intake.calls import RepairCall
from dispatch.intake.lists import Reading, from_json
from dispatch.intake.marks import marked_rows, takeable
from dispatch.intake.models import Upload
from dispatch.intake.operations import note_outcome, remember_columns, take_listed
from dispatch.intake.queries import orders_with_keys, upload
from dispatch.intake.stored_calls import key_of
from dispatch.staff.rules import Actor
from dispatch.words import say

UNABLE = say("%(n)s of the chosen calls cannot be taken as they are. Nothing was taken in: mend them, or untick them.")


def take_calls(upload_id: int, chosen: Collection[int], *, by: Actor, at: datetime) -> dict[int, Refusal]:
    """Take the chosen rows of a list; those that could not become orders after all, with the refusal of each.

    Raises RuleBroken, and takes none, when one of them cannot be taken. Each is a transaction of its own, since whoever holds an
    order number keeps every other call waiting; cut off in between, the same again takes the rest, and nothing twice.
    """
    with transaction() as session:
        seen = upload(session, upload_id, "calls", by)
        reading: Reading = from_json("calls", seen.content)
        able = {each.row.row for each in takeable(marked_rows(session, "calls", reading, by))}
        done = _taken_rows(session, seen, reading)
    rows = [row for row in reading.rows if isinstance(row, RepairCall) and row.row in chosen and row.row not in done]
    _check(sum(row.row not in able for row in rows))
    refused: dict[int, Refusal] = {}
    for row in rows:
        refusal = _taken(seen, row, by, at)
        if refusal is not None:
            refused[row.row] = refusal
    _note(upload_id, seen, reading, refused, by, at)
    return refused


def _check(unable: int) -> None:
    if unable:
        raise RuleBroken(UNABLE.msgid, n=unable)


def _taken_rows(session: Session, seen: Upload, reading: Reading) -> set[int]:
    keys = {key_of(seen, row.row): row.row for row in reading.rows}
    return {keys[key] for key in orders_with_keys(session, list(keys))}


def _taken(seen: Upload, row: RepairCall, by: Actor, at: datetime) -> Refusal | None:
    """Take one call in a transaction of its own; the refusal, or None when it is an order now."""
    try:
        with transaction() as session:
            take_listed(session, seen, row, by=by, at=at)
    except NotFound:
        raise
    except Refusal as refusal:
        return refusal
    return None


def _note(upload_id: int, seen: Upload, reading: Reading, refused: dict[int, Refusal], by: Actor, at: datetime) -> None:
    with transaction() as session:
        complete = len(_taken_rows(session, seen, reading)) == len(reading.rows) and not reading.bad
        kept = note_outcome(session, upload_id, refused, complete=complete, by=by, at=at)
        remember_columns(session, kept, None, by=by, at=at)
