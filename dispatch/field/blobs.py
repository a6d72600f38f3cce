"""Photos on their way from phones: they come in pieces, before the facts that name them, under the sha256 of what is sent.

A photo that is kept is made anew (`files.pictures`), so its sha256 is another one: the row remembers both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.errors import Invalid, RuleBroken
from dispatch.field.models import FieldFact, PhoneBlob, PhoneBlobPiece
from dispatch.files.operations import keep
from dispatch.files.pictures import Picture, read_picture
from dispatch.words import Text, say, text_to_json

EMPTY_PHOTO = say("The photo is empty.")


@dataclass(frozen=True)
class Piece:
    """A piece of a photo of `size` bytes: where it begins, and its bytes."""

    start: int
    size: int
    content: bytes


@dataclass(frozen=True)
class Made:
    """What a photo became that came whole: a picture, or the sentence why it is none, and then its bytes as they came."""

    picture: Picture | None = None
    wrong: Text | None = None
    content: bytes = b""


def blob_of(session: Session, sha256: str, person_id: int) -> PhoneBlob | None:
    """A photo of somebody's, however much of it has come."""
    return session.get(PhoneBlob, (person_id, sha256))


def take_piece(session: Session, sha256: str, piece: Piece, *, person_id: int, at: datetime, most: int) -> PhoneBlob:
    """Keep one piece, as far as it goes on where the last one ended; what had come is passed over. The row says how far it is.

    Announced with another size it begins anew. Raises RuleBroken for a photo of more than `most` bytes, and an empty one.
    """
    if piece.size <= 0:
        raise RuleBroken(EMPTY_PHOTO)
    if piece.size > most:
        raise RuleBroken(say("The photo is larger than %(most)s MB. Take it with a lower resolution.", most=most // 2**20))
    row = {"person_id": person_id, "sha256": sha256, "size": piece.size, "received": 0, "begun_at": at}
    session.execute(insert(PhoneBlob).values(**row).on_conflict_do_nothing())
    blob = session.get_one(PhoneBlob, (person_id, sha256), with_for_update=True, populate_existing=True)
    if blob.done_at is not None:
        return blob
    if blob.size != piece.size:
        _begin_anew(session, blob, piece.size)
    fresh = piece.content[blob.received - piece.start : blob.size - piece.start] if piece.start <= blob.received else b""
    if fresh:
        session.add(PhoneBlobPiece(person_id=person_id, sha256=sha256, start=blob.received, content=fresh))
        blob.received += len(fresh)
        session.flush()
    return blob


def whole_of(session: Session, blob: PhoneBlob) -> bytes | None:
    """All bytes of a photo that has come and is not kept yet; None for any other. What is not what its name says begins anew."""
    if blob.done_at is not None or blob.received < blob.size:
        return None
    content = b"".join(session.scalars(_pieces(blob)))
    if hashlib.sha256(content).hexdigest() == blob.sha256:
        return content
    _begin_anew(session, blob, blob.size)
    return None


def _begin_anew(session: Session, blob: PhoneBlob, size: int) -> None:
    _drop_pieces(session, blob)
    blob.received, blob.size = 0, size
    session.flush()


def made_of(content: bytes) -> Made:
    """What becomes of a photo; it takes a while, so no transaction is open meanwhile."""
    try:
        return Made(picture=read_picture(content))
    except Invalid as refusal:
        return Made(wrong=next(iter(refusal.fields.values())), content=content)


def keep_made(session: Session, sha256: str, made: Made, *, person_id: int, zone: str, at: datetime) -> PhoneBlob:
    """Keep what became of a photo for good, and let its pieces go. Done twice, the second changes nothing."""
    blob = session.get_one(PhoneBlob, (person_id, sha256), with_for_update=True, populate_existing=True)
    if blob.done_at is not None:
        return blob
    picture = made.picture
    kept = keep(session, picture.jpeg, "image/jpeg", at=at) if picture else keep(session, made.content, UNREAD, at=at)
    blob.stored_sha256, blob.done_at = kept.sha256, at
    blob.wrong = text_to_json(made.wrong) if made.wrong else None
    blob.told = _told(picture, zone) if picture else None
    _drop_pieces(session, blob)
    session.flush()
    return blob


UNREAD = "application/octet-stream"


def _told(picture: Picture, zone: str) -> dict[str, object]:
    """What the camera wrote; its clock is taken to show the branch's time."""
    taken = picture.taken_at.replace(tzinfo=ZoneInfo(zone)).isoformat() if picture.taken_at else None
    told = {"width": picture.width, "height": picture.height, "taken_at": taken, "lat": picture.lat, "lon": picture.lon}
    return {name: value for name, value in told.items() if value is not None}


def _pieces(blob: PhoneBlob) -> sa.Select[bytes]:
    p = PhoneBlobPiece
    return sa.select(p.content).where(p.person_id == blob.person_id, p.sha256 == blob.sha256).order_by(p.start)


def _drop_pieces(session: Session, blob: PhoneBlob) -> None:
    p = PhoneBlobPiece
    session.execute(sa.delete(p).where(p.person_id == blob.person_id, p.sha256 == blob.sha256))


def whole_ones(session: Session, *, before: datetime) -> Sequence[tuple[int, str]]:
    """Photos that came whole and were never made into pictures: whoever did it was killed."""
    b = PhoneBlob
    query = sa.select(b.person_id, b.sha256).where(b.done_at.is_(None), b.received == b.size, b.begun_at < before)
    return [(person_id, sha256) for person_id, sha256 in session.execute(query.limit(100))]


def devices_waiting(session: Session, person_id: int) -> Sequence[str]:
    """The devices of somebody's of which a fact waits for its photo."""
    mine = sa.select(FieldFact.device).where(FieldFact.person_id == person_id, FieldFact.state == "waiting")
    return session.scalars(mine.group_by(FieldFact.device)).all()
