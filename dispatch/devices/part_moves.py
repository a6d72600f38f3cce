"""The one way in which counted parts move: an entry of the ledger and both positions, in one breath.

Each part's row is locked first, in the order of their ids: entries of one part come one after the other, and nobody counts on
what somebody else has just taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.rules import chain_hash
from dispatch.devices.models import Holder
from dispatch.devices.part_models import Part, PartEntry, PartPosition
from dispatch.errors import Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Move:
    """So many of a part from one holder to another; None is outside."""

    part_id: int
    quantity: int
    source: Holder | None
    to: Holder | None


@dataclass(frozen=True)
class Why:
    """What a move is for, and whose word it is. `key` is the form's or the fact's own UUID."""

    reason: str
    by: Actor
    at: datetime
    note: str | None = None
    key: uuid.UUID | None = None
    order_id: int | None = None
    line_id: int | None = None
    device_at: datetime | None = None
    corrects_id: int | None = None
    finds_id: int | None = None


class TooFew(Invalid):
    """A holder has fewer than what should leave it: a sentence for each part, under "n-" and its id."""

    def __init__(self, there: Mapping[int, tuple[Part, int]]) -> None:
        self.there = there
        super().__init__({field_of(part_id): too_few(part, count) for part_id, (part, count) in there.items()})


def too_few(part: Part, there: int) -> Text:
    """Why so many of a part cannot leave."""
    if not there:
        return say("There is no %(part)s here.", part=part.name)
    return say("Only %(n)s %(unit)s of %(part)s are here.", n=there, unit=part.unit, part=part.name)


def field_of(part_id: int) -> str:
    """The form field in which the number of a part stands."""
    return f"n-{part_id}"


def lock_parts(session: Session, part_ids: Collection[int]) -> dict[int, Part]:
    """These parts, locked until the transaction ends, by id. Raises NotFound for one that does not exist."""
    query = sa.select(Part).where(Part.id.in_(part_ids)).order_by(Part.id).with_for_update()
    found = {part.id: part for part in session.scalars(query.execution_options(populate_existing=True))}
    if len(found) != len(set(part_ids)):
        raise NotFound
    return found


def moved_before(session: Session, key: uuid.UUID) -> bool:
    """True if the form with this key was carried out before. The parts must be locked."""
    return session.scalar(sa.select(PartEntry.id).where(PartEntry.key == key).limit(1)) is not None


def counts_at(session: Session, holder_id: int) -> dict[int, int]:
    """Part id -> how many a holder has now."""
    query = sa.select(PartPosition.part_id, PartPosition.quantity).where(PartPosition.holder_id == holder_id)
    return {row.part_id: row.quantity for row in session.execute(query)}


def move_parts(session: Session, moves: Sequence[Move], why: Why) -> Sequence[int]:
    """Move parts, all or none; returns the ids of the entries. Raises TooFew, NotFound for a part that does not exist."""
    parts = lock_parts(session, {move.part_id for move in moves})
    _must_be_there(session, moves, parts)
    entries = [_entry(parts[move.part_id], move, why) for move in sorted(moves, key=lambda each: each.part_id)]
    session.flush()
    ids = session.scalars(sa.insert(PartEntry).returning(PartEntry.id, sort_by_parameter_order=True), entries).all()
    for move in sorted(moves, key=lambda each: each.part_id):
        _shift(session, move.source, move.part_id, -move.quantity)
        _shift(session, move.to, move.part_id, move.quantity)
    return ids


def _must_be_there(session: Session, moves: Sequence[Move], parts: Mapping[int, Part]) -> None:
    there = {source.id: counts_at(session, source.id) for source in {move.source for move in moves} if source is not None}
    few = {
        move.part_id: (parts[move.part_id], there[move.source.id].get(move.part_id, 0))
        for move in moves
        if move.source is not None and there[move.source.id].get(move.part_id, 0) < move.quantity
    }
    if few:
        raise TooFew(few)


def _entry(part: Part, move: Move, why: Why) -> dict[str, Any]:
    """The next entry of a part's chain; the part remembers it as its newest."""
    told = {
        "from_holder_id": move.source.id if move.source else None,
        "to_holder_id": move.to.id if move.to else None,
        "quantity": move.quantity,
        "note": why.note,
        "order_id": why.order_id,
        "line_id": why.line_id,
        "corrects_id": why.corrects_id,
        "finds_id": why.finds_id,
    }
    prev, part.seq = part.hash, part.seq + 1
    part.hash = entry_hash(prev, part.id, part.seq, why.at, why.by.id, why.reason, told, why.device_at)
    who = {"by_id": why.by.id, "by_name": why.by.name, "at": why.at, "device_at": why.device_at, "key": why.key}
    return told | who | {"part_id": part.id, "seq": part.seq, "reason": why.reason, "prev_hash": prev, "hash": part.hash}


def entry_hash(
    prev: bytes,
    part_id: int,
    seq: int,
    at: datetime,
    by_id: int | None,
    reason: str,
    told: Mapping[str, Any],
    device_at: datetime | None,
) -> bytes:
    """The hash that an entry with this content has behind another; a loss is part of it only where one is named."""
    facts = {name: value for name, value in told.items() if value is not None or name != "finds_id"}
    detail = {**facts, "device_at": device_at.astimezone(UTC).isoformat() if device_at else None}
    return chain_hash(prev, subject=("part", part_id), seq=seq, at=at, by_id=by_id, action=reason, detail=detail)


def _shift(session: Session, holder: Holder | None, part_id: int, by: int) -> None:
    if holder is None:
        return
    if by < 0:
        here = sa.update(PartPosition).where(PartPosition.holder_id == holder.id, PartPosition.part_id == part_id)
        session.execute(here.values(quantity=PartPosition.quantity + by))
        return
    first = insert(PartPosition).values(holder_id=holder.id, part_id=part_id, quantity=by)
    more = {"quantity": PartPosition.quantity + first.excluded.quantity}
    session.execute(first.on_conflict_do_update(index_elements=["holder_id", "part_id"], set_=more))
