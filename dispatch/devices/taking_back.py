"""Taking back the newest move of a unit that was a mistake: a new entry moves it back and names the first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.models import CustodyEntry, CustodyPosition, HandOver, HandOverUnit, Holder, TakenBack
from dispatch.devices.operations import move_units
from dispatch.devices.queries import stores, unit
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_WORDS = 200
OF_TWO = ("issue", "return", "hand_over", "contract_out", "contract_back")
TAKEN_BACK_SO = ("receive", "given_again", *OF_TWO)
"""What the store does is taken back here, and by whoever decides over it what two people have said yes to; all else where it was
done."""
LOST = "lose"
"""What a manager has booked as lost and is found again: one who may decide says into which store it goes."""

NOT_HERE = say("This move belongs to other papers. It is mended there and not here.")
ELSEWHERE: dict[str, Text] = {
    "found": say("This unit was found in a vehicle. Corrections of the order mend that."),
    "send": say("This unit is on the way to another branch. The sender takes the transfer back."),
    "correct": say("This is a correction itself. Move the unit to where it belongs."),
}
OF_AN_ORDER = say("This move belongs to work on a vehicle. Corrections of the order undo it.")


def take_back(
    session: Session, unit_id: int, entry_id: int, *, reason: str, store_id: int | None = None, by: Actor, at: datetime
) -> CustodyEntry:
    """Take back a unit's newest move; returns the new entry.

    What was received, and what was lost and is found again, goes to `store_id`: another store of the branch.

    Raises NotFound for another branch's, Invalid without a reason, Conflict when it was taken back or the unit has moved on,
    RuleBroken for a move that belongs to an order, a hand-over that waits for a yes, or other papers.
    """
    by.must("stock.change")
    wrong = session.get(CustodyEntry, entry_id)
    if wrong is None or unit(session, unit_id, by).id != wrong.unit_id:
        raise NotFound
    if wrong.reason in OF_TWO:
        by.must("stock.decide")
    words = reason.strip()[:LONGEST_WORDS]
    if not words:
        raise Invalid({"reason": say("Please give a reason.")})
    _check_kind(wrong)
    if wrong.reason == LOST:
        by.must("stock.decide")
    to = _back_to(session, wrong, store_id, by)
    take_turn(session, [to.id, wrong.to_holder_id])
    _check_newest(session, wrong)
    facts = {"expected_from": wrong.to_holder_id, "reason": "correct", "by": by, "at": at, "corrects_id": wrong.id}
    [made] = move_units(session, [wrong.unit_id], to=to, **facts)  # type: ignore[arg-type]
    session.add(TakenBack(entry_id=made, wrong_id=wrong.id, reason=words))
    session.flush()
    detail = {"entry": made, "wrong": wrong.id, "reason": words}
    record(session, ("unit", wrong.unit_id), "custody.take_back", by=by, at=at, detail=detail)
    return session.get_one(CustodyEntry, made)


def _check_kind(wrong: CustodyEntry) -> None:
    if wrong.order_id is not None:
        raise RuleBroken(OF_AN_ORDER)
    if wrong.reason not in (*TAKEN_BACK_SO, LOST):
        raise RuleBroken(ELSEWHERE.get(wrong.reason, NOT_HERE))


def _back_to(session: Session, wrong: CustodyEntry, store_id: int | None, by: Actor) -> Holder:
    """Where the unit came from; for a receipt or a loss the store that was chosen instead."""
    here = wrong.to_holder
    if wrong.from_holder is not None and wrong.reason != LOST:
        if wrong.from_holder.branch_id != here.branch_id:
            raise RuleBroken(NOT_HERE)
        return wrong.from_holder
    chosen = session.get(Holder, store_id) if store_id else None
    if chosen is None or chosen.kind != "store" or chosen.branch_id != here.branch_id or chosen.id == here.id:
        raise Invalid({"store": say("Choose the store where it belongs.")})
    return chosen


def _check_newest(session: Session, wrong: CustodyEntry) -> None:
    """With both ends locked: whether the unit is still where this move has put it, promised to nobody."""
    place = session.get_one(CustodyPosition, wrong.unit_id, with_for_update=True, populate_existing=True)
    if session.scalar(sa.select(TakenBack.entry_id).where(TakenBack.wrong_id == wrong.id)):
        raise Conflict(say("Somebody has taken this back already."))
    if place.seq != wrong.seq:
        raise Conflict(say("This unit has moved on since. Only its newest move can be taken back."))
    promised = sa.select(HandOver).join(HandOver.units)
    paper = session.scalar(promised.where(HandOverUnit.unit_id == wrong.unit_id, HandOverUnit.open))
    if paper is not None and paper.kind == "hand_over":
        name = paper.offered_by_name
        raise RuleBroken(say("%(name)s has offered this unit to a colleague. First the offer is taken back.", name=name))
    if paper is not None:
        raise RuleBroken(say("This unit is on a paper that waits for a yes. First the paper is settled."))


# --- what the page of a unit shows


def taking_back(session: Session, entry: CustodyEntry | None, by: Actor) -> dict[str, Any]:
    """Of a unit's newest move: `newest`, if the reader may take it back; `rooms`: the stores where a receipt may belong."""
    newest = entry if entry and _may_take_back(entry, by) else None
    rooms: Sequence[tuple[int, str]] = ()
    if newest is not None and (newest.from_holder_id is None or newest.reason == LOST):
        here = newest.to_holder
        others = [room for room in stores(session, by) if room.branch_id == here.branch_id and room.id != here.id]
        rooms, newest = [(room.id, room.name or "") for room in others], newest if others else None
    return {"newest": newest, "rooms": rooms}


def _may_take_back(entry: CustodyEntry, by: Actor) -> bool:
    if entry.reason == LOST:
        return by.may("stock.decide") and by.may("stock.change")
    allowed = "stock.decide" if entry.reason in OF_TWO else "stock.change"
    return by.may("stock.change") and by.may(allowed) and entry.order_id is None and entry.reason in TAKEN_BACK_SO
