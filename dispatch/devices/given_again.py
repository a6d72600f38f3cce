"""A unit that went back to the customer is given to us again: into a store, from which it can be issued and fitted as ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, Unit
from dispatch.devices.operations import move_units
from dispatch.devices.queries import stores, unit
from dispatch.devices.slots import take_turn
from dispatch.errors import Conflict, Invalid
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_REASON = 200
REASON = "given_again"


@dataclass(frozen=True)
class Given:
    """Into which store it goes and why he gave it; `seq` is that of the newest move that the page showed."""

    store_id: int | None
    reason: str
    seq: int


def given_again(session: Session, unit_id: int, given: Given, *, by: Actor, at: datetime) -> Unit:
    """Take a unit from the customer who has it into a store of the same branch; the same sent twice counts once.

    Whose it is stays as it is. Raises NotFound, Invalid for what is missing, Conflict when it is not with the customer any more.
    """
    by.must("stock.change")
    found = unit(session, unit_id, by)
    place = session.get_one(CustodyPosition, unit_id)
    to = next((room for room in _rooms(session, place.holder, by) if room.id == given.store_id), None)
    take_turn(session, [place.holder_id, *([to.id] if to else [])])
    session.refresh(place)
    if _done_before(session, place, given, by):
        return found
    if place.holder_kind != "customer" or place.seq != given.seq:
        raise Conflict(say("This unit is not with the customer any more. Please look again."))
    reason = " ".join(given.reason.split())[:LONGEST_REASON]
    if to is None or not reason:
        raise Invalid(_missing(to, reason))
    [entry] = move_units(session, [unit_id], to=to, expected_from=place.holder_id, reason=REASON, by=by, at=at)
    record(session, ("unit", unit_id), "custody.given_again", by=by, at=at, detail={"entry": entry, "reason": reason})
    return found


def _missing(to: Holder | None, reason: str) -> dict[str, Text]:
    store = {} if to else {"room": say("Choose a store.")}
    return store if reason else store | {"why": say("Please give a reason.")}


def _done_before(session: Session, place: CustodyPosition, given: Given, by: Actor) -> bool:
    """Whether the newest move is this one already."""
    done = sa.select(CustodyEntry.id).where(
        CustodyEntry.unit_id == place.unit_id,
        CustodyEntry.seq == given.seq + 1,
        CustodyEntry.seq == place.seq,
        CustodyEntry.reason == REASON,
        CustodyEntry.by_id == by.id,
        CustodyEntry.to_holder_id == given.store_id,
    )
    return session.scalar(done) is not None


def _rooms(session: Session, source: Holder, by: Actor) -> Sequence[Holder]:
    return [room for room in stores(session, by) if room.branch_id == source.branch_id]


def rooms_again(session: Session, found: Unit, by: Actor) -> list[tuple[int, str]]:
    """For the page of a unit that its customer has: the stores (id, name) into which it may be given."""
    place = found.position
    if place is None or place.holder_kind != "customer" or not by.may("stock.change"):
        return []
    return [(room.id, room.name or "") for room in _rooms(session, place.holder, by)]
