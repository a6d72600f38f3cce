"""Counted parts in stores and bags: taken in, handed over, written off, put right."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.operations import record
from dispatch.devices.models import Holder
from dispatch.devices.part_models import Part, PartEntry
from dispatch.devices.part_moves import Move, Why, field_of, lock_parts, move_parts, moved_before
from dispatch.devices.part_promises import must_not_be_promised
from dispatch.devices.places import place_of
from dispatch.devices.promising import Lot, paper_with, promise, store_side
from dispatch.devices.taking_back import NOT_HERE
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

Counts = Mapping[int, int]
"""Part id -> how many."""

MOST = 100_000
LONGEST_WORDS = 200
LONGEST_CODE, LONGEST_NAME, LONGEST_UNIT = 40, 80, 10


# --- the catalogue


@dataclass(frozen=True)
class PartFacts:
    """What the catalogue says of a part."""

    name: str
    unit: str
    active: bool = True


def add_part(session: Session, code: str, facts: PartFacts, *, by: Actor, at: datetime) -> Part:
    """Put a part on the catalogue. Raises Invalid, Conflict (from the database) for a code that is taken."""
    by.must("stock.change")
    tidy = "".join(code.split()).upper()
    errors = _wrong_facts(facts)
    if not tidy or len(tidy) > LONGEST_CODE:
        errors["code"] = say("A code of 1 to %(n)s characters, please.", n=LONGEST_CODE)
    if errors:
        raise Invalid(errors)
    part = Part(code=tidy, name=facts.name, unit=facts.unit, active=facts.active)
    session.add(part)
    session.flush()
    record(session, ("part", part.id), "part.add", by=by, at=at, detail={"code": tidy, "name": facts.name, "unit": facts.unit})
    return part


def change_part(session: Session, part_id: int, facts: PartFacts, *, by: Actor, at: datetime) -> Part:
    """Change the words of a part, or whether it is still used; its code stays. Raises Invalid, NotFound."""
    by.must("stock.change")
    errors = _wrong_facts(facts)
    if errors:
        raise Invalid(errors)
    part = lock_parts(session, [part_id])[part_id]
    old = {"name": part.name, "unit": part.unit, "active": part.active}
    new = {"name": facts.name, "unit": facts.unit, "active": facts.active}
    if old != new:
        part.name, part.unit, part.active = facts.name, facts.unit, facts.active
        record(session, ("part", part.id), "part.change", by=by, at=at, detail={"old": old, "new": new})
    return part


def _wrong_facts(facts: PartFacts) -> dict[str, Text]:
    longest = {"name": LONGEST_NAME, "unit": LONGEST_UNIT}
    texts = {"name": facts.name.strip(), "unit": facts.unit.strip()}
    return {
        name: say("1 to %(n)s characters, please.", n=longest[name])
        for name, text in texts.items()
        if not 1 <= len(text) <= longest[name]
    }


# --- moving them


def receive(session: Session, store: Holder, counts: Counts, *, note: str, key: uuid.UUID, by: Actor, at: datetime) -> int:
    """Take parts from outside into a store; returns how many kinds, 0 for a form that came twice."""
    if store.kind != "store":
        raise NotFound
    return _move(session, counts, None, store, Why("receive", by, at, _words(note), key))


def hand_over(
    session: Session, source: Holder, to: Holder, counts: Counts, *, note: str, key: uuid.UUID, by: Actor, at: datetime
) -> int:
    """Parts go from a store to a bag of its branch, or come back: the store has said so, the technician's yes is due.

    Returns how many kinds, 0 for a form that came twice. Raises Invalid for nothing, TooFew for what is not there, NotFound for
    places of different branches and from bag to bag: there the giver offers them himself.
    """
    by.must("stock.change")
    if not by.sees_branch(source.branch_id):
        raise NotFound
    check_counts(counts)
    side = store_side(source, to)
    if paper_with(session, source, key, by=by) is not None:
        return 0
    promise(session, Lot(parts=counts, note=note), source=source, to=to, first=side, key=key, by=by, at=at)
    return len(counts)


def write_off(session: Session, holder: Holder, counts: Counts, *, note: str, key: uuid.UUID, by: Actor, at: datetime) -> int:
    """Give parts up that are broken or gone, and say why; whoever decides over the store may. Returns how many kinds."""
    by.must("stock.decide")
    if not note.strip():
        raise Invalid({"note": say("Please give a reason.")})
    scrapped = place_of(session, kind="scrapped", branch_id=holder.branch_id)
    return _move(session, counts, holder, scrapped, Why("write_off", by, at, _words(note), key), allowed="stock.decide")


def _move(session: Session, counts: Counts, source: Holder | None, to: Holder, why: Why, *, allowed: str = "stock.change") -> int:
    by, place = why.by, source or to
    by.must(allowed)
    if place.kind not in ("store", "bag") or not by.sees_branch(place.branch_id):
        raise NotFound
    check_counts(counts)
    parts = lock_parts(session, counts)
    if why.key is not None and moved_before(session, why.key):
        return 0
    if source is None and (gone := [part for part in parts.values() if not part.active]):
        raise Invalid({field_of(part.id): say("%(part)s is no longer used.", part=part.name) for part in gone})
    move_parts(session, [Move(part_id, count, source, to) for part_id, count in counts.items()], why)
    detail = {"to": to.id, "parts": {str(part_id): count for part_id, count in counts.items()}, "note": why.note}
    record(session, ("holder", place.id), f"parts.{why.reason}", by=by, at=why.at, detail=detail)
    return len(counts)


def check_counts(counts: Counts) -> None:
    """Raises Invalid for no part at all, and beside each count that is none."""
    if not counts:
        raise Invalid({"": say("Enter how many of at least one part.")})
    wrong = {field_of(part_id): WHOLE for part_id, count in counts.items() if not 1 <= count <= MOST}
    if wrong:
        raise Invalid(wrong)


WHOLE = say("A whole number from 1 to 100000, please.")


def _words(text: str) -> str | None:
    return text.strip()[:LONGEST_WORDS] or None


# --- putting right

OF_TWO = ("issue", "return", "hand_over", "contract_out", "contract_back")
OF_TRANSFERS = ("send", "arrive", "come_back", "turn_up", "lose")
OF_DECISIONS = ("write_off", "short", "surplus", "found_again")
"""What a manager has decided, one who may decide takes back."""


def correct(session: Session, entry_id: int, *, reason: str, by: Actor, at: datetime) -> PartEntry:
    """Take a wrong move back by a counter-entry that names it. Work on a vehicle is put right on its order.

    What was decided, and what two people have said yes to, is taken back by somebody who decides over the store.

    Raises Invalid without a reason, NotFound for another branch's, Conflict when it was taken back before, TooFew when what was
    moved is not there any more.
    """
    by.must("stock.change")
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    wrong = _entry(session, entry_id, by)
    lock_parts(session, [wrong.part_id])
    if session.scalar(sa.select(PartEntry.id).where(PartEntry.corrects_id == wrong.id)) is not None:
        raise Conflict(say("Somebody has taken this back already."))
    if wrong.corrects_id is not None or wrong.order_id is not None:
        raise RuleBroken(say("This cannot be taken back here."))
    if wrong.reason in OF_TRANSFERS:
        raise RuleBroken(NOT_HERE)
    if wrong.reason in (*OF_DECISIONS, *OF_TWO):
        by.must("stock.decide")
    if session.scalar(sa.select(PartEntry.id).where(PartEntry.finds_id == wrong.id, ~_taken_back())) is not None:
        raise RuleBroken(say("Some of these were found again since. First that is taken back."))
    if wrong.to_holder is not None:
        must_not_be_promised(session, wrong.to_holder, wrong.part_id, wrong.quantity)
    back = Move(wrong.part_id, wrong.quantity, wrong.to_holder, wrong.from_holder)
    made = move_parts(session, [back], Why("correct", by, at, _words(reason), corrects_id=wrong.id))
    detail = {"part": wrong.part_id, "count": wrong.quantity, "corrects": wrong.id, "note": _words(reason)}
    record(session, ("part", wrong.part_id), "part.correct", by=by, at=at, detail=detail)
    return session.get_one(PartEntry, made[0])


_mends = aliased(PartEntry)


def _taken_back() -> sa.ColumnElement[bool]:
    return sa.exists().where(_mends.corrects_id == PartEntry.id)


def _entry(session: Session, entry_id: int, by: Actor) -> PartEntry:
    found = session.get(PartEntry, entry_id)
    place = (found.from_holder or found.to_holder) if found else None
    if found is None or place is None or not by.sees_branch(place.branch_id):
        raise NotFound
    return found
