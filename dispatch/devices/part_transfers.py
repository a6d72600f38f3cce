"""Counted parts of a transfer, line by line: out of the store, into the other one, back, found after all, given up.

The transfer's row is locked. Each move names the transfer, and its entry is written down on the transfer's line.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.devices.models import Holder, Transfer, TransferPart, TransferPartMove
from dispatch.devices.part_moves import Move, Why, field_of, lock_parts, move_parts
from dispatch.devices.part_stock import Counts
from dispatch.errors import Invalid, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

REASONS = {"out": "send", "in": "arrive", "back": "come_back", "found": "turn_up", "lost": "lose"}


@dataclass(frozen=True)
class Doing:
    """What happens to parts of a transfer, by whom and when. `note` stands for the transfer's number in the ledger."""

    what: str
    by: Actor
    at: datetime
    note: str | None = None
    key: uuid.UUID | None = None


def send_parts(session: Session, made: Transfer, store: Holder, counts: Counts, doing: Doing) -> None:
    """Write the lines of a transfer, and move so many of each part out of the store. Raises TooFew, NotFound."""
    lock_parts(session, counts)  # before the lines name them: two who share a lock on a part cannot both make it their own
    made.parts = [TransferPart(transfer_id=made.id, part_id=part_id, sent=counts[part_id]) for part_id in sorted(counts)]
    session.flush()
    _move(session, made, {line.part_id: line.sent for line in made.parts}, store, made.transit, doing)


def off_the_way(session: Session, made: Transfer, counts: Counts, to: Holder, doing: Doing) -> None:
    """Move so many of each part off the way to where they are now."""
    _move(session, made, {part_id: count for part_id, count in counts.items() if count}, made.transit, to, doing)


def _move(session: Session, made: Transfer, counts: Counts, source: Holder, to: Holder, doing: Doing) -> None:
    if not counts:
        return
    why = Why(REASONS[doing.what], doing.by, doing.at, doing.note or made.number, doing.key)
    entries = move_parts(session, [Move(part_id, count, source, to) for part_id, count in counts.items()], why)
    for part_id, entry_id in zip(sorted(counts), entries, strict=True):
        session.add(TransferPartMove(entry_id=entry_id, transfer_id=made.id, part_id=part_id, what=doing.what))
    session.flush()


def arrived_of(made: Transfer, said: Counts | None) -> dict[int, int]:
    """How many of each part have arrived: what was said, all where nothing was.

    Raises RuleBroken for parts that are not in the transfer, Invalid beside a count that cannot be.
    """
    sent = {line.part_id: line.sent for line in made.parts}
    said = said or {}
    if not said.keys() <= sent.keys():
        raise RuleBroken(say("One of these is not in this transfer. Look again."))
    wrong = {field_of(part_id): _up_to(sent[part_id]) for part_id, count in said.items() if not 0 <= count <= sent[part_id]}
    if wrong:
        raise Invalid(wrong)
    return sent | dict(said)


def _up_to(most: int) -> Text:
    return say("A whole number from 0 to %(n)s, please.", n=most)


def note_arrived(lines: Sequence[TransferPart], arrived: Mapping[int, int], answers: tuple[str, int, str] | None) -> None:
    """Write down what has arrived and what has not; `answers` is why, and whose id and name, once something is missing."""
    for line in lines:
        line.arrived, line.missing = arrived[line.part_id], line.sent - arrived[line.part_id]
        if line.missing and answers is not None:
            line.reason, line.answers_id, line.answers_name = answers
