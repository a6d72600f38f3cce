"""Lost parts that are found again: out of what is lost into a store or bag, by an entry that names the loss."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.audit.operations import record
from dispatch.devices.models import Holder, PartEntry
from dispatch.devices.part_moves import Move, Why, lock_parts, move_parts, moved_before
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_WORDS = 200
LOSSES = ("short", "lose")
_found, _mends, _undoes = aliased(PartEntry), aliased(PartEntry), aliased(PartEntry)


def still_lost(session: Session, entry_ids: Collection[int]) -> dict[int, int]:
    """Of those entries by which parts were lost, how many of each are lost still: entry id -> how many, without those of which
    none is."""
    undone = sa.exists().where(_undoes.corrects_id == _found.id)
    back = sa.select(sa.func.coalesce(sa.func.sum(_found.quantity), 0)).where(_found.finds_id == PartEntry.id, ~undone)
    mended = sa.exists().where(_mends.corrects_id == PartEntry.id)
    query = sa.select(PartEntry.id, PartEntry.quantity - back.scalar_subquery()).where(PartEntry.id.in_(entry_ids))
    rows = session.execute(query.where(PartEntry.reason.in_(LOSSES), ~mended))
    return {entry_id: int(count) for entry_id, count in rows if count > 0}


def find_again(
    session: Session, entry_id: int, *, count: int, store_id: int, note: str, key: uuid.UUID, by: Actor, at: datetime
) -> int:
    """So many of what an entry says is lost were found and go into a store of that branch; how many, 0 for a second press.

    Raises NotFound for another branch's, RuleBroken for an entry that is no loss, Invalid beside what is missing or too many.
    """
    by.must("stock.decide")
    loss = session.get(PartEntry, entry_id)
    if loss is None or loss.to_holder is None or not by.sees_branch(loss.to_holder.branch_id):
        raise NotFound
    lock_parts(session, [loss.part_id])
    if moved_before(session, key):
        return 0
    left = still_lost(session, [loss.id]).get(loss.id, 0)
    if not left:
        raise RuleBroken(say("Nothing of this is lost any more. Please look again."))
    store, words = session.get(Holder, store_id), note.strip()[:LONGEST_WORDS]
    errors = _missing(store, loss.to_holder, words, count, left)
    if errors or store is None:
        raise Invalid(errors)
    why = Why("found_again", by, at, words, key, finds_id=loss.id)
    move_parts(session, [Move(loss.part_id, count, loss.to_holder, store)], why)
    detail = {"part": loss.part_id, "count": count, "finds": loss.id, "to": store.id, "note": words}
    record(session, ("part", loss.part_id), "part.found_again", by=by, at=at, detail=detail)
    return count


def _missing(store: Holder | None, lost: Holder, words: str, count: int, left: int) -> dict[str, Text]:
    errors: dict[str, Text] = {}
    if store is None or store.kind != "store" or store.branch_id != lost.branch_id:
        errors["store"] = say("Choose a store.")
    if not 1 <= count <= left:
        errors["count"] = say("A whole number from 1 to %(n)s, please.", n=left)
    if not words:
        errors["reason"] = say("Please give a reason.")
    return errors
