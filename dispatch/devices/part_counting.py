"""Counting parts of a store or bag: a difference waits until a manager who did not count books it (P12).

Locks are taken in one order: the place that is counted, its parts by id, the count.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.audit.operations import record
from dispatch.devices.models import Holder, PartCount, PartCountLine
from dispatch.devices.part_models import Part
from dispatch.devices.part_moves import Move, Why, counts_at, lock_parts, move_parts
from dispatch.devices.places import place_of
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_WORDS = 200
SETTLED: dict[str, Text] = {
    "booked": say("This count is booked already."),
    "dropped": say("This count was dropped."),
}


@dataclass(frozen=True)
class Counted:
    """One part of a count: how many the page said there were, and how many are there."""

    was: int
    there: int


def count(
    session: Session, holder: Holder, counted: Mapping[int, Counted], *, note: str, key: uuid.UUID, by: Actor, at: datetime
) -> int:
    """Note what was counted in a store or bag; what differs from the record waits for a manager. Returns how many parts differ.

    Sent twice under one key it counts once. Raises Conflict when parts moved while people counted or another count of the place
    waits, Invalid for a difference without explanation.
    """
    by.must("stock.change")
    if holder.kind not in ("store", "bag") or not by.sees_branch(holder.branch_id):
        raise NotFound
    if not counted:
        raise Invalid({"": say("Enter how many of at least one part.")})
    take_turn(session, [holder.id])
    parts = lock_parts(session, counted)
    before = session.scalar(sa.select(PartCount).where(PartCount.key == key).options(selectinload(PartCount.lines)))
    if before is not None:
        return len(before.lines)
    _must_be_as_seen(session, holder, counted, parts)
    differ = {part_id: each for part_id, each in counted.items() if each.was != each.there}
    words = note.strip()[:LONGEST_WORDS]
    if differ:
        _wait(session, holder, differ, words, key, by, at)
    detail = {"counted": {str(part_id): [each.was, each.there] for part_id, each in counted.items()}, "note": words or None}
    record(session, ("holder", holder.id), "parts.count", by=by, at=at, detail=detail)
    return len(differ)


def _must_be_as_seen(session: Session, holder: Holder, counted: Mapping[int, Counted], parts: Mapping[int, Part]) -> None:
    now = counts_at(session, holder.id)
    moved = [parts[part_id].name for part_id, each in counted.items() if now.get(part_id, 0) != each.was]
    if moved:
        raise Conflict(say("%(part)s moved while you counted. Look at the new figures and count it again.", part=moved[0]))


def _wait(
    session: Session, holder: Holder, differ: Mapping[int, Counted], words: str, key: uuid.UUID, by: Actor, at: datetime
) -> None:
    if not words:
        raise Invalid({"note": say("Explain the difference.")})
    if waiting_count(session, holder.id) is not None:
        raise Conflict(say("A count of these parts waits for a manager already."))
    lines = [PartCountLine(part_id=part_id, was=each.was, there=each.there) for part_id, each in sorted(differ.items())]
    who = {"counted_by_id": by.id, "counted_by_name": by.name, "counted_at": at}
    place = {"branch_id": holder.branch_id, "holder_id": holder.id}
    session.add(PartCount(key=key, status="waiting", note=words, lines=lines, **place, **who))
    session.flush()


def waiting_count(session: Session, holder_id: int) -> PartCount | None:
    """The count of a place's parts that waits for a manager, with its parts."""
    query = sa.select(PartCount).where(PartCount.holder_id == holder_id, PartCount.status == "waiting")
    return session.scalar(query.options(selectinload(PartCount.lines).joinedload(PartCountLine.part)))


def waiting_counts(session: Session, by: Actor) -> Sequence[PartCount]:
    """The counts of parts that wait for a manager in one's branch (or in all), the oldest first."""
    query = sa.select(PartCount).where(PartCount.status == "waiting")
    if not by.may("branches.all"):
        query = query.where(PartCount.branch_id == by.branch_id)
    return session.scalars(query.options(joinedload(PartCount.holder).joinedload(Holder.person)).order_by(PartCount.id)).all()


def book(session: Session, count_id: int, *, by: Actor, at: datetime) -> int:
    """A manager who did not count books the differences: what is missing is lost, what is too many comes in. Returns how many.

    What moved since it was counted stays moved: the difference is booked, not the number. Said twice it counts once (0). Raises
    RuleBroken for who counted, Conflict for a count that was dropped, TooFew where the rest has left meanwhile.
    """
    by.must("stock.decide")
    made, holder = _locked(session, count_id, by)
    if made.status == "booked":
        return 0
    _must_wait(made)
    if made.counted_by_id == by.id:
        raise RuleBroken(say("Who counted does not book the difference. Another manager decides."))
    lost = place_of(session, kind="lost", branch_id=holder.branch_id)
    short = [line for line in made.lines if line.there < line.was]
    more = [line for line in made.lines if line.there > line.was]
    _move(session, short, [Move(line.part_id, line.was - line.there, holder, lost) for line in short], "short", made, by, at)
    _move(session, more, [Move(line.part_id, line.there - line.was, None, holder) for line in more], "surplus", made, by, at)
    _settle(session, made, "booked", by, at)
    return len(made.lines)


def _move(
    session: Session, lines: Sequence[PartCountLine], moves: Sequence[Move], reason: str, made: PartCount, by: Actor, at: datetime
) -> None:
    if not moves:
        return
    entries = move_parts(session, moves, Why(reason, by, at, made.note))
    for line, entry_id in zip(lines, entries, strict=True):
        line.entry_id = entry_id


def drop(session: Session, count_id: int, *, by: Actor, at: datetime) -> None:
    """Give a count up: nothing is booked, and the place may be counted anew. Said twice it counts once."""
    by.must("stock.change", "stock.decide")
    made, _holder = _locked(session, count_id, by)
    if made.status == "dropped":
        return
    _must_wait(made)
    _settle(session, made, "dropped", by, at)


def _locked(session: Session, count_id: int, by: Actor) -> tuple[PartCount, Holder]:
    found = session.get(PartCount, count_id)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    place_of(session, kind="lost", branch_id=found.branch_id)  # made before the parts are locked, where all others make it
    lock_parts(session, [line.part_id for line in found.lines])
    query = sa.select(PartCount).where(PartCount.id == count_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one(), found.holder


def _must_wait(made: PartCount) -> None:
    if made.status != "waiting":
        raise Conflict(SETTLED[made.status])


def _settle(session: Session, made: PartCount, status: str, by: Actor, at: datetime) -> None:
    made.status, made.settled_by_id, made.settled_by_name, made.settled_at = status, by.id, by.name, at
    session.flush()
    detail = {"count": made.id, "parts": {str(line.part_id): [line.was, line.there] for line in made.lines}}
    record(session, ("holder", made.holder_id), f"parts.count_{status}", by=by, at=at, detail=detail)
