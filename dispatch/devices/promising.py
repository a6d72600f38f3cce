"""Making the paper on which something goes from one person to another: one side has said yes with it, the other one is asked.

Locks are taken in one order: the place that gives, the positions of the units by id, the parts by id.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.models import HandOver, HandOverUnit, Holder
from dispatch.devices.operations import lock_units
from dispatch.devices.part_promises import promise_parts
from dispatch.devices.slots import take_turn
from dispatch.errors import NotFound
from dispatch.staff.rules import Actor

LONGEST_WORDS = 200
TRAIL = {"issue": "issue", "return": "return", "bench": "bench", "hand_over": "bag"}
TRAIL |= {"contract_out": "contract_out", "contract_back": "contract_back"}


@dataclass(frozen=True)
class Lot:
    """What goes over: units by id, so many of each part, what is to be said with it, and when a contractor brings it back."""

    units: Sequence[int] = ()
    parts: Mapping[int, int] = field(default_factory=dict)
    note: str = ""
    due_on: date | None = None


def speaks_for(by: Actor, place: Holder) -> bool:
    """Whether somebody's yes is the yes of this place: for a bag its owner's, else that of whoever works there."""
    if place.kind == "bag":
        return place.person_id == by.id and by.may("bag.hand_over")
    needs = {"store": "stock.change", "bench": "bench.work"}.get(place.kind)
    return needs is not None and by.may(needs) and by.sees_branch(place.branch_id)


def witnesses(by: Actor, paper: HandOver) -> bool:
    """Whether a paper may be signed on somebody's screen: the store's, for what goes to the bench the bench's, too."""
    at_bench = paper.to_holder.kind == "bench" and by.may("bench.work")
    return by.sees_branch(paper.second.branch_id) and (at_bench or by.may("stock.change"))


def store_side(source: Holder, to: Holder) -> str:
    """Which side of it the store is. Raises NotFound where not exactly one is."""
    if {source.kind, to.kind} != {"store", "bag"}:
        raise NotFound
    return "giver" if source.kind == "store" else "taker"


def paper_with(session: Session, source: Holder, key: uuid.UUID, *, by: Actor) -> HandOver | None:
    """Lock the place that gives; the paper that this form has made before, if it came twice."""
    take_turn(session, [source.id])  # before the key is looked up: a form pressed twice at once comes second, and is found
    mine = sa.select(HandOver).where(HandOver.key == key, HandOver.offered_by_id == by.id)
    return session.scalar(mine.where(HandOver.from_holder_id == source.id))


def promise(
    session: Session, lot: Lot, *, source: Holder, to: Holder, first: str, key: uuid.UUID, by: Actor, at: datetime
) -> HandOver:
    """Write the paper; `by` speaks for its `first` side, and what is on it stays promised until the other side has answered.

    The place that gives is locked already. Raises NotFound for places of two branches or whose yes is not the reader's,
    RuleBroken for a unit that is elsewhere, Invalid for more parts than are there, Conflict for what is promised already.
    """
    if source.branch_id != to.branch_id or not speaks_for(by, source if first == "giver" else to):
        raise NotFound
    chosen = sorted(set(lot.units))
    if chosen:
        lock_units(session, chosen, holder_id=source.id)
    made = HandOver(
        key=key,
        from_holder_id=source.id,
        to_holder_id=to.id,
        status="offered",
        first=first,
        note=lot.note.strip()[:LONGEST_WORDS] or None,
        due_on=lot.due_on,
        offered_by_id=by.id,
        offered_by_name=by.name,
        offered_at=at,
        units=[HandOverUnit(unit_id=unit_id) for unit_id in chosen],
        parts=promise_parts(session, source, lot.parts),
    )
    session.add(made)
    session.flush()
    tell(session, made, "offer", by, at, units=chosen, parts=lot.parts)
    return made


def tell(
    session: Session,
    made: HandOver,
    what: str,
    by: Actor,
    at: datetime,
    *,
    units: Sequence[int] = (),
    parts: Mapping[int, int] | None = None,
    **more: Any,
) -> None:
    """Write into the trail of the place that gives what was said about which units and parts of a paper."""
    detail: dict[str, Any] = {"to": made.to_holder_id, "hand_over": made.id, "units": list(units), **more}
    if parts:
        detail["parts"] = {str(part_id): count for part_id, count in parts.items()}
    record(session, ("holder", made.from_holder_id), f"{TRAIL[made.kind]}.{what}", by=by, at=at, detail=detail)
