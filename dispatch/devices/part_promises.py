"""Counted parts that are promised: the giver's until both sides have said yes, and never more than there are.

Whoever promises, takes or moves a part holds its row, so nobody counts on what somebody else has just promised or used. What goes
out of a bag elsewhere meanwhile is let go by a trigger of the database: the newest promise first, and no more of it than is gone.
Out of a store another trigger lets nothing go that is promised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import HandOver, HandOverPart, Holder, Part
from dispatch.devices.part_moves import Move, TooFew, Why, counts_at, field_of, lock_parts, move_parts, too_few
from dispatch.errors import Invalid, RuleBroken
from dispatch.words import Text, say

PROMISED = say("Some of these parts are promised to a technician and wait for his yes. First the issue is taken back.")


def promised(session: Session, holder_id: int) -> dict[int, int]:
    """Part id -> how many of it a holder has promised to others."""
    line = HandOverPart
    query = sa.select(line.part_id, sa.func.sum(line.open)).join(HandOver, HandOver.id == line.hand_over_id)
    of_holder = query.where(HandOver.from_holder_id == holder_id, line.open > 0).group_by(line.part_id)
    return {part_id: int(count) for part_id, count in session.execute(of_holder)}


def promise_parts(session: Session, giver: Holder, counts: Mapping[int, int]) -> list[HandOverPart]:
    """The lines of a hand-over of so many of each part, which stay locked.

    Raises Invalid beside each part of which the giver has not so many left to promise, NotFound for one that does not exist.
    """
    if not counts:
        return []
    parts = lock_parts(session, counts)
    there, gone = counts_at(session, giver.id), promised(session, giver.id)
    free = {part_id: there.get(part_id, 0) - gone.get(part_id, 0) for part_id in counts}
    few = {part_id: free[part_id] for part_id, count in counts.items() if count > free[part_id]}
    if few and not gone:
        raise TooFew({part_id: (parts[part_id], left) for part_id, left in few.items()})
    if few:
        raise Invalid({field_of(part_id): _too_few(giver, parts[part_id], left, gone) for part_id, left in few.items()})
    return [HandOverPart(part_id=part_id, quantity=counts[part_id], open=counts[part_id]) for part_id in sorted(counts)]


def _too_few(giver: Holder, part: Part, left: int, gone: Mapping[int, int]) -> Text:
    if not gone.get(part.id):
        return too_few(part, left)
    if giver.kind == "bag":
        return say("You have offered some already: %(n)s %(unit)s of %(part)s are left.", n=left, unit=part.unit, part=part.name)
    return say("Some are promised already: %(n)s %(unit)s of %(part)s are left.", n=left, unit=part.unit, part=part.name)


def still_promised(session: Session, offered: HandOver) -> Sequence[HandOverPart]:
    """The parts of a hand-over of which something is promised still, locked until the transaction ends."""
    lines = sa.select(HandOverPart).where(HandOverPart.hand_over_id == offered.id).order_by(HandOverPart.part_id)
    lock_parts(session, [line.part_id for line in session.scalars(lines)])
    fresh = session.scalars(lines.execution_options(populate_existing=True))
    return [line for line in fresh if line.open]


def take_parts(session: Session, offered: HandOver, taking: Mapping[HandOverPart, int], why: Why) -> None:
    """Move so many of the parts of a hand-over, which are no longer promised, from the giver to the taker."""
    if not taking:
        return
    ends = (offered.from_holder, offered.to_holder)
    entries = move_parts(session, [Move(line.part_id, count, *ends) for line, count in taking.items()], why)
    for line, entry_id in zip(sorted(taking, key=lambda line: line.part_id), entries, strict=True):
        line.taken, line.entry_id = taking[line], entry_id
    session.flush()


def must_not_be_promised(session: Session, holder: Holder, part_id: int, count: int) -> None:
    """Raises RuleBroken when so many of a part, which is locked, cannot leave a bag without breaking a promise."""
    there, gone = counts_at(session, holder.id).get(part_id, 0), promised(session, holder.id).get(part_id, 0)
    if gone and there - count < gone and holder.kind == "store":
        raise RuleBroken(PROMISED)
    if gone and there - count < gone:
        name = holder.person.name if holder.person else ""
        raise RuleBroken(say("%(name)s has offered some of these to a colleague. First the offer is taken back.", name=name))
