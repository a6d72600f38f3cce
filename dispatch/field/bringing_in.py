"""Bringing in what a phone wrote out, as if the phone itself had sent it: the same acts again change nothing.

Steps of several transactions: photos first, by their content, then the facts in their order, then what follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.field.blobs import Piece, take_piece
from dispatch.field.exported import Exported
from dispatch.field.models import FieldFact, PhoneDevice
from dispatch.field.phones import Caller, contact, device_of
from dispatch.field.receiving import Kept, keep_batch
from dispatch.field.runs import Now, apply_all, finish_blob
from dispatch.field.wire_rules import MOST_FACTS, why_of
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

NOBODY = say("Nobody here is the person of this file: %(name)s.")


@dataclass(frozen=True)
class Arrived:
    """What became of a record: its number, whether it had come before, its state (None: one before it is missing), and why."""

    seq: int | None
    kind: str
    before: bool
    state: str | None
    told: Text | None


@dataclass(frozen=True)
class BroughtIn:
    """What a file gave: its records, its photos, those that were refused and why, and its lines that could not be read."""

    person: str
    records: list[Arrived]
    photos: int
    refused: list[Text]
    damaged: int

    def count(self, state: str | None) -> int:
        """How many of the records are in a state now."""
        return sum(one.state == state for one in self.records)


def bring_in(export: Exported, *, most: int, now: Now) -> BroughtIn:
    """Keep and apply all of a file, photos of at most `most` bytes.

    Raises Refusal where its person is unknown, Conflict where the phone is known as somebody else's.
    """
    with transaction() as session:
        by = _owner(session, export)
        _contact(session, export, by, now())
    refused = [why for sha256, photo in export.photos.items() if (why := _bring_photo(sha256, photo, by, most, now))]
    arrived = [one for first in range(0, len(export.records), MOST_FACTS) for one in _bring_facts(export, first, by, now)]
    apply_all(device_of(export.phone), now)
    with transaction() as session:
        records = [_arrived(session, kept) for kept in arrived]
        came = {"phone": str(export.phone), "facts": len(records), "photos": len(export.photos)}
        record(session, ("person", by.id or 0), "phone.bring_in", by=by, at=now(), detail=came)
    return BroughtIn(by.name, records, len(export.photos), refused, export.damaged)


def _owner(session: Session, export: Exported) -> Actor:
    person = session.get(Person, export.person_id)
    if person is None:
        raise Refusal(Text(NOBODY.msgid, {"name": export.name}))
    return actor_of(person)


def _contact(session: Session, export: Exported, by: Actor, at: datetime) -> PhoneDevice:
    return contact(session, Caller(export.phone, "", export.app), by=by, at=at)


def _bring_photo(sha256: str, photo: bytes, by: Actor, most: int, now: Now) -> Text | None:
    """Keep a photo; the sentence why it is refused, if it is."""
    try:
        with transaction() as session:
            take_piece(session, sha256, Piece(0, len(photo), photo), person_id=by.id or 0, at=now(), most=most)
    except Refusal as refusal:
        return refusal.text
    finish_blob(sha256, by.id or 0, now)
    return None


def _bring_facts(export: Exported, first: int, by: Actor, now: Now) -> list[Kept]:
    with transaction() as session:
        at = now()
        phone = _contact(session, export, by, at)
        return keep_batch(session, phone, export.records[first : first + MOST_FACTS], by=by, at=at)[0]


def _arrived(session: Session, kept: Kept) -> Arrived:
    """What became of one record, as it stands now."""
    fact = session.get_one(FieldFact, kept.fact.id) if kept.fact else None
    why = why_of(fact.outcome) if fact else None
    return Arrived(kept.wire.seq, kept.wire.kind, kept.before, fact.state if fact else None, why)
