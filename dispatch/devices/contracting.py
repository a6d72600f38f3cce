"""What a contractor of the branch gets to work with, and gives back (外协): a place like others, with people who have no account.

Both sides say yes at once: the clerk who is signed in, and the contractor's signature on his screen. Locks: both
places by id, then as in `handing_over`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import OPEN
from dispatch.devices.contractors import contractor
from dispatch.devices.handing_over import Yes, go_over
from dispatch.devices.issuing import CannotIssue, Wanted, wanted_units
from dispatch.devices.models import HandOver, Holder, Unit
from dispatch.devices.operations import lock_units
from dispatch.devices.part_stock import Counts
from dispatch.devices.promising import Lot, paper_with, promise
from dispatch.devices.queries import units_by_id
from dispatch.devices.slots import take_turn
from dispatch.errors import Invalid, NotFound
from dispatch.files.strokes import is_drawn
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.typed import FILL_IN
from dispatch.words import Text, say

LONGEST_NAME = 60


@dataclass(frozen=True)
class Signed:
    """Who has signed for the contractor, and what he drew."""

    name: str
    points: list[Any]

    def wrong(self) -> dict[str, Text]:
        """What is missing, by field."""
        errors = {} if self.name.strip() else {"signer": FILL_IN}
        if len(self.name.strip()) > LONGEST_NAME:
            errors["signer"] = say("At most %(n)s characters, please.", n=LONGEST_NAME)
        if not is_drawn(self.points):
            errors["points"] = say("This is not a signature yet. Please sign in the field.")
        return errors


def new_contractor(session: Session, name: str, *, by: Actor, at: datetime) -> int:
    """A contractor of the reader's branch; returns his id. Raises Invalid for no name and for one that is there already."""
    by.must("stock.change")
    word = " ".join(name.split())
    if not word or len(word) > LONGEST_NAME:
        raise Invalid({"name": say("At most %(n)s characters, please.", n=LONGEST_NAME) if word else FILL_IN})
    row = insert(Holder).values(kind="contractor", branch_id=by.branch_id, name=word).on_conflict_do_nothing()
    made: int | None = session.scalar(row.returning(Holder.id))
    if made is None:
        raise Invalid({"name": say("This branch has a contractor of this name already.")})
    record(session, ("holder", made), "contractor.new", by=by, at=at, detail={"name": word})
    return made


def give(
    session: Session,
    contractor_id: int,
    numbers: Sequence[str],
    *,
    parts: Counts | None = None,
    store: Holder,
    due_on: date | None,
    signed: Signed,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> int:
    """Units and counted parts of a store go to a contractor, all or none, until a day; returns how many units and kinds of parts,
    0 for a form that came twice.

    Raises NotFound for another branch's, Invalid without a day, signer or signature and beside parts of which there are too few,
    CannotIssue with a sentence for each number that cannot go.
    """
    to = _sides(session, contractor_id, store, by)
    if paper_with(session, store, key, by=by) is not None:
        return 0
    _check(signed.wrong() | _wrong_day(due_on, _today(session, store, at)))
    ids = wanted_units(session, Wanted(tuple(numbers)), store, by) if numbers or not parts else []
    if ids:
        lock_units(session, ids, holder_id=store.id)
    problems = list(_not_ours_to_give(session, ids))
    if problems:
        raise CannotIssue(problems)
    paper = promise(session, Lot(ids, parts or {}, due_on=due_on), source=store, to=to, first="giver", key=key, by=by, at=at)
    return _sign(session, paper, signed, by=by, at=at)


def take_back(
    session: Session,
    contractor_id: int,
    unit_ids: Sequence[int],
    *,
    parts: Counts | None = None,
    store: Holder,
    signed: Signed,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> int:
    """Units and counted parts that a contractor has come back into a store; returns how many units and kinds of parts, 0 for a
    form that came twice.

    Raises NotFound for another branch's, Invalid for nothing, without signer or signature and for more parts than he has,
    RuleBroken for a unit that is elsewhere.
    """
    source = _sides(session, contractor_id, store, by)
    if paper_with(session, source, key, by=by) is not None:
        return 0
    _check(signed.wrong() | ({} if unit_ids or parts else {"units": say("Nothing was chosen.")}))
    paper = promise(session, Lot(unit_ids, parts or {}), source=source, to=store, first="taker", key=key, by=by, at=at)
    return _sign(session, paper, signed, by=by, at=at)


def _sides(session: Session, contractor_id: int, store: Holder, by: Actor) -> Holder:
    """The contractor, with his place and the store locked. Raises NotFound for another branch's."""
    by.must("stock.change")
    outside = contractor(session, contractor_id, by)
    if store.kind != "store" or store.branch_id != outside.branch_id:
        raise NotFound
    take_turn(session, [outside.id, store.id])  # both at once: what comes back waits for what goes out, and neither for the other
    return outside


def _sign(session: Session, paper: HandOver, signed: Signed, *, by: Actor, at: datetime) -> int:
    return go_over(session, paper, Yes("signature", None, " ".join(signed.name.split()), by, at, signature=signed.points))


def _today(session: Session, store: Holder, at: datetime) -> date:
    return local_day(at, session.get_one(Branch, store.branch_id).zone)


def _wrong_day(due_on: date | None, today: date) -> dict[str, Text]:
    if due_on is None:
        return {"due_on": FILL_IN}
    return {"due_on": say("This day has passed.")} if due_on < today else {}


def _check(errors: dict[str, Text]) -> None:
    if errors:
        raise Invalid(errors)


def _not_ours_to_give(session: Session, unit_ids: Sequence[int]) -> Iterator[Text]:
    """A sentence for each unit in the store that goes to nobody outside."""
    owed = sa.select(UnitReturn.unit_id).where(UnitReturn.unit_id.in_(unit_ids), UnitReturn.status.in_(OPEN))
    to_bench = set(session.scalars(owed))
    theirs = set(session.scalars(sa.select(Unit.id).where(Unit.id.in_(unit_ids), Unit.owner == "customer")))
    for unit_id, unit in sorted(units_by_id(session, unit_ids).items()):
        if unit_id in to_bench:
            yield say("%(unit)s is owed to the repair bench.", unit=unit.number)
        elif unit_id in theirs:
            yield say("%(unit)s belongs to a customer.", unit=unit.number)
