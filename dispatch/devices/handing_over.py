"""Offering out of one's bag, and answering for the other side: nothing goes over before both have said yes (P12).

For a bag its owner answers: signed in on his phone, or with a signature at the counter on the screen of whoever runs the store. A
manager may say yes in the place of somebody who cannot, with a reason. Locks are taken in one order: the paper's row, the places
as in fitting, the positions of the units by id, the parts by id, then the paper's lines. Whoever moves a unit or parts out of a
bag for another reason holds its position or the part before; a trigger of the database then lets the promise go.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.bench_asking import receive_promised
from dispatch.devices.models import HandOver, HandOverPart, HandOverUnit, Holder
from dispatch.devices.operations import bag_of, lock_units, move_units
from dispatch.devices.part_moves import Why
from dispatch.devices.part_promises import still_promised, take_parts
from dispatch.devices.part_stock import Counts, check_counts
from dispatch.devices.promising import LONGEST_WORDS, Lot, paper_with, promise, speaks_for, tell, witnesses
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.files.strokes import is_drawn
from dispatch.staff.queries import technicians
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

SETTLED = {
    "accepted": say("%(name)s has accepted these already."),
    "declined": say("%(name)s has not got these: they stay with the giver."),
    "withdrawn": say("%(name)s has taken the offer back."),
}
NOT_ALONE = say("You have said yes for the other side. Somebody else says it for this one.")


@dataclass(frozen=True)
class Yes:
    """The second yes: whose it is and how he said it. `by` was signed in when it was said; what is not `parts` came whole."""

    how: str
    person_id: int | None
    name: str
    by: Actor
    at: datetime
    without: Collection[int] = ()
    parts: Counts | None = None
    reason: str | None = None
    signature: list[Any] | None = None


# --- the first yes: out of one's own bag


def offer(
    session: Session,
    unit_ids: Sequence[int],
    *,
    parts: Counts | None = None,
    to_person_id: int | None = None,
    to_store_id: int | None = None,
    note: str,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> HandOver:
    """Offer units and so many of each part of one's own bag to a colleague or a store; they stay one's own until it is accepted.

    Sent twice under one key it counts once. Raises Invalid for nothing or nobody chosen and for more parts than one has left to
    offer, RuleBroken for a unit that is elsewhere, Conflict for one that is offered already.
    """
    by.must("bag.hand_over")
    assert by.id is not None and by.branch_id is not None
    mine = bag_of(session, person_id=by.id, branch_id=by.branch_id)
    before = paper_with(session, mine, key, by=by)
    if before is not None:
        return before
    lot = Lot(unit_ids, parts or {}, note)
    _check_chosen(lot)
    to = _store(session, to_store_id, by) if to_store_id else _bag_of_colleague(session, to_person_id, by)
    return promise(session, lot, source=mine, to=to, first="giver", key=key, by=by, at=at)


def _check_chosen(lot: Lot) -> None:
    if not lot.units and not lot.parts:
        raise Invalid({"units": say("Nothing was chosen.")})
    if lot.parts:
        check_counts(lot.parts)


def _bag_of_colleague(session: Session, person_id: int | None, by: Actor) -> Holder:
    if by.branch_id is None or person_id == by.id or person_id not in [each.id for each in technicians(session, by.branch_id)]:
        raise Invalid({"to": say("Choose a colleague.")})
    assert person_id is not None
    return bag_of(session, person_id=person_id, branch_id=by.branch_id)


def _store(session: Session, store_id: int, by: Actor) -> Holder:
    found = session.get(Holder, store_id)
    if found is None or found.kind != "store" or found.branch_id != by.branch_id:
        raise Invalid({"to": say("Choose a store.")})
    return found


# --- the second yes


def accept(
    session: Session,
    hand_over_id: int,
    *,
    without: Collection[int] = (),
    parts: Counts | None = None,
    how: str = "account",
    by: Actor,
    at: datetime,
) -> int:
    """Say yes for the side that was asked: what is on the paper goes over, but for the units `without` which, and of the parts
    only so many where `parts` names them; returns how many units and kinds of parts.

    What went elsewhere meanwhile stays there. Said twice it counts once: 0. Raises RuleBroken when nothing is left, Conflict when
    it was settled otherwise.
    """
    offered = _answered(session, hand_over_id, "accepted", by)
    if offered.status == "accepted":
        return 0
    if by.id == offered.offered_by_id:
        raise RuleBroken(NOT_ALONE)
    return go_over(session, offered, Yes(how, by.id, by.name, by, at, without, parts))


def sign(session: Session, hand_over_ids: Collection[int], *, points: list[Any], by: Actor, at: datetime) -> int:
    """One signature of a bag's owner, drawn on the screen of whoever runs the store, under some papers that wait for his yes.

    Returns how many units and kinds of parts went over. Raises Invalid for nothing drawn, NotFound for another branch's and for
    papers that wait for somebody else, Conflict when one was settled otherwise.
    """
    by.must("stock.change", "bench.work")
    if not is_drawn(points):
        raise Invalid({"points": say("This is not a signature yet. Please sign in the field.")})
    papers = [_locked(session, each) for each in sorted(set(hand_over_ids))]
    signers = {paper.second.person_id for paper in papers}
    if len(signers) != 1 or None in signers or not all(witnesses(by, paper) for paper in papers):
        raise NotFound
    if by.id in signers:
        raise RuleBroken(say("You are signed in yourself: say yes in your own bag."))
    return sum(_signed(session, paper, points, by, at) for paper in papers)


def _signed(session: Session, paper: HandOver, points: list[Any], by: Actor, at: datetime) -> int:
    if paper.status == "accepted":
        return 0
    _must_wait(paper, "accepted")
    signer = paper.second.person
    assert signer is not None
    return go_over(session, paper, Yes("signature", signer.id, signer.name, by, at, signature=points))


def overrule(session: Session, hand_over_id: int, *, reason: str, by: Actor, at: datetime) -> int:
    """A manager says yes in the place of somebody who cannot, and why; returns how many units and kinds of parts.

    Raises Invalid without a reason, NotFound for another branch's, RuleBroken for a paper that he has made himself.
    """
    by.must("stock.decide")
    words = reason.strip()[:LONGEST_WORDS]
    if not words:
        raise Invalid({"reason": say("Please give a reason.")})
    paper = _locked(session, hand_over_id)
    if not by.sees_branch(paper.second.branch_id):
        raise NotFound
    _must_wait(paper, "accepted")
    if paper.status == "accepted":
        return 0
    if by.id == paper.offered_by_id:
        raise RuleBroken(NOT_ALONE)
    return go_over(session, paper, Yes("override", by.id, by.name, by, at, reason=words))


def go_over(session: Session, paper: HandOver, yes: Yes) -> int:
    """With the paper locked: what is promised still, and agreed on, moves."""
    take_turn(session, [paper.from_holder_id, paper.to_holder_id])
    promised = sa.select(HandOverUnit.unit_id).where(HandOverUnit.hand_over_id == paper.id, HandOverUnit.open)
    left = session.scalars(promised.order_by(HandOverUnit.unit_id)).all()
    going = [unit_id for unit_id in left if unit_id not in yes.without]
    if going:
        lock_units(session, going, holder_id=paper.from_holder_id)
    lines = still_promised(session, paper)
    if not left and not lines:
        raise RuleBroken(_nothing_left(paper))
    agreed = yes.parts or {}
    taking = {line: count for line in lines if (count := min(line.open, agreed.get(line.part_id, line.open)))}
    if not going and not taking:
        raise RuleBroken(say("Nothing is left of it. If you have none of it, say that you did not get it."))
    with session.no_autoflush:  # the row is whole only when all of it is written
        _write_down(paper, yes, taking={line: taking.get(line, 0) for line in lines}, stays=set(left) - set(going))
    session.flush()
    _move(session, paper, going, taking, yes)
    parts = {line.part_id: count for line, count in taking.items()}
    tell(session, paper, "accept", yes.by, yes.at, units=going, parts=parts, how=yes.how)
    return len(going) + len(taking)


def _write_down(paper: HandOver, yes: Yes, *, taking: Mapping[HandOverPart, int], stays: Collection[int]) -> None:
    for part, count in taking.items():
        part.left_out = part.open - count
    for unit in paper.units:
        unit.left_out = unit.unit_id in stays
    paper.settled_how, paper.reason, paper.signature = yes.how, yes.reason, yes.signature
    if yes.signature is not None:
        paper.witness_id, paper.witness_name = yes.by.id, yes.by.name
    _settle(paper, "accepted", yes.person_id, yes.name, yes.at)


def _move(session: Session, paper: HandOver, going: Sequence[int], taking: Mapping[HandOverPart, int], yes: Yes) -> None:
    if going:
        entries = dict(zip(going, _move_units(session, paper, going, yes), strict=True))
        for line in paper.units:
            line.entry_id = entries.get(line.unit_id)
    take_parts(session, paper, taking, Why(paper.kind, yes.by, yes.at, paper.note))


def _move_units(session: Session, paper: HandOver, going: Sequence[int], yes: Yes) -> Sequence[int]:
    if paper.kind == "bench":
        return [receive_promised(session, paper, unit_id, by=yes.by, at=yes.at) for unit_id in going]
    facts: dict[str, Any] = {"expected_from": paper.from_holder_id, "reason": paper.kind, "by": yes.by, "at": yes.at}
    return move_units(session, going, to=paper.to_holder, **facts)


# --- no yes


def decline(session: Session, hand_over_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """Say for the side that was asked that nothing of it came, and why; it stays with the giver."""
    words = reason.strip()[:LONGEST_WORDS]
    if not words:
        raise Invalid({"reason": say("Please give a reason.")})
    offered = _answered(session, hand_over_id, "declined", by)
    if offered.status == "offered":
        offered.reason = words
        _settle(offered, "declined", by.id, by.name, at)
        tell(session, offered, "decline", by, at)


def withdraw(session: Session, hand_over_id: int, *, by: Actor, at: datetime) -> None:
    """Take back, for the side that made it, a paper that nobody has answered."""
    offered = _locked(session, hand_over_id)
    if not speaks_for(by, offered.to_holder if offered.first == "taker" else offered.from_holder):
        raise NotFound
    _must_wait(offered, "withdrawn")
    if offered.status == "offered":
        _settle(offered, "withdrawn", by.id, by.name, at)
        tell(session, offered, "withdraw", by, at)


def _settle(offered: HandOver, status: str, person_id: int | None, name: str, at: datetime) -> None:
    offered.status, offered.settled_by_id, offered.settled_by_name, offered.settled_at = status, person_id, name, at
    for line in offered.units:
        line.open = False
    for part in offered.parts:
        part.open = 0


def _answered(session: Session, hand_over_id: int, wanted: str, by: Actor) -> HandOver:
    """A paper, locked, that waits for the reader's yes, or is settled as he wants it. Raises NotFound, Conflict."""
    found = _locked(session, hand_over_id)
    if not speaks_for(by, found.second):
        raise NotFound
    _must_wait(found, wanted)
    return found


def _must_wait(paper: HandOver, wanted: str) -> None:
    if paper.status not in ("offered", wanted):
        raise Conflict(say(SETTLED[paper.status].msgid, name=paper.settled_by_name or ""))


def _locked(session: Session, hand_over_id: int) -> HandOver:
    query = sa.select(HandOver).where(HandOver.id == hand_over_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    session.expire(found, ["units", "parts"])
    return found


def _nothing_left(paper: HandOver) -> Text:
    if paper.from_holder.kind == "store":
        return say("None of these is in the store any more.")
    name = paper.from_holder.person.name if paper.from_holder.person else ""
    return say("None of these is in %(name)s's bag any more.", name=name)
