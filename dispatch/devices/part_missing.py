"""Counted parts of a transfer that have not arrived: they turn up, all or some of them, or a manager writes the rest off."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import Holder, PartEntry, Transfer, TransferPart
from dispatch.devices.part_transfers import Doing, off_the_way
from dispatch.devices.places import place_of
from dispatch.devices.slots import take_turn
from dispatch.devices.transferring import LONGEST_WORDS, lock_transfer, tell
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say


def turn_up_parts(session: Session, number: str, part_id: int, count: int, *, key: uuid.UUID, by: Actor, at: datetime) -> Holder:
    """So many missing ones were found: they go into the store that received the others, or back, by who has found them.

    Returns that store. Sent twice under one key it counts once. Raises NotFound for a third branch, Conflict when none is missing
    any more, Invalid for more than are missing.
    """
    by.must("stock.change")
    made, line = _line(session, number, part_id, by)
    if by.branch_id not in (made.from_branch_id, made.to_branch_id):
        raise NotFound
    to = made.into if by.branch_id == made.to_branch_id else made.store
    if session.scalar(sa.select(PartEntry.id).where(PartEntry.key == key, PartEntry.part_id == part_id)) is not None:
        return to or made.store
    _must_be_missing(line)
    assert to is not None
    if not 1 <= count <= line.still_missing:
        raise Invalid({"count": say("A whole number from 1 to %(n)s, please.", n=line.still_missing)})
    line.found += count
    take_turn(session, [made.transit_id, to.id])
    off_the_way(session, made, {part_id: count}, to, Doing("found", by, at, key=key))
    tell(session, made, "turn_up", by, at, parts={part_id: count})
    return to


def write_off_parts(session: Session, number: str, part_id: int, *, note: str, by: Actor, at: datetime) -> int:
    """A manager of either branch gives up what is still missing of a part, and says why; returns how many that were.

    Nobody does so with what he answers for (RuleBroken). Raises Invalid without a reason, Conflict when none is missing any more.
    """
    by.must("stock.decide")
    made, line = _line(session, number, part_id, by)
    _must_be_missing(line)
    words = note.strip()[:LONGEST_WORDS]
    if not words:
        raise Invalid({"note": say("Please give a reason.")})
    if line.answers_id == by.id:
        raise RuleBroken(say("Who answers for missing parts does not write them off himself."))
    gone = line.still_missing
    lost = place_of(session, kind="lost", branch_id=made.from_branch_id)
    line.lost, line.lost_by_id, line.lost_by_name, line.lost_at, line.lost_note = gone, by.id, by.name, at, words
    take_turn(session, [made.transit_id, lost.id])
    off_the_way(session, made, {part_id: gone}, lost, Doing("lost", by, at, note=words))
    tell(session, made, "write_off", by, at, parts={part_id: gone})
    return gone


def _line(session: Session, number: str, part_id: int, by: Actor) -> tuple[Transfer, TransferPart]:
    """A part's line of a transfer that one's branch has to do with, the transfer locked. Raises NotFound."""
    made = lock_transfer(session, sa.select(Transfer).where(Transfer.number == number))
    line = next((line for line in made.parts if line.part_id == part_id), None)
    if line is None or not (by.sees_branch(made.from_branch_id) or by.sees_branch(made.to_branch_id)):
        raise NotFound
    return made, line


def _must_be_missing(line: TransferPart) -> None:
    if line.still_missing <= 0:
        raise Conflict(say("None of these is missing any more. Look again."))
