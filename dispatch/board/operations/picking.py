"""Issuing what a day's picking list gives: to one technician or to all, by the one operation that issues."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dispatch.board.operations.runs import DAY_OVER
from dispatch.board.picked import day_list
from dispatch.board.queries import drivers_on
from dispatch.board.work import DayOfBranch, Ways
from dispatch.devices.issuing import issue
from dispatch.devices.models import Holder
from dispatch.devices.operations import bag_of
from dispatch.devices.slots import take_turn
from dispatch.errors import NotFound, RuleBroken
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class Issued:
    """What came of it: how many units went into how many bags."""

    units: int
    bags: int


def issue_picks(
    session: Session, of: DayOfBranch, ways: Ways, *, store: Holder, person_id: int | None, key: uuid.UUID, by: Actor
) -> Issued:
    """Issue what the day's list gives now, to one technician or (None) to all: the oldest units first.

    Returns nothing moved for a form that was carried out before. Raises NotFound for another branch's store, RuleBroken for a day
    that is over.
    """
    by.must("stock.change")
    if store.branch_id != of.branch_id or not by.sees_branch(of.branch_id):
        raise NotFound
    if of.day < of.today:
        raise RuleBroken(DAY_OVER)
    _take_turns(session, of, store)
    counts = []
    for bag in day_list(session, of, ways, store).bags:
        if bag.gives and person_id in (None, bag.person.id):
            own = uuid.uuid5(key, str(bag.person.id))  # each bag has a mark of its own in the store's trail
            counts.append(issue(session, store=store, person_id=bag.person.id, wanted=bag.wanted, key=own, by=by, at=of.at))
    return Issued(sum(counts), sum(1 for count in counts if count))


def _take_turns(session: Session, of: DayOfBranch, store: Holder) -> None:
    """Whoever issues from another store for the same day, or presses twice, sees what went into the bags before."""
    own = drivers_on(session, of.branch_id, *of.bounds)  # ids alone: the visits are read once all wait for us
    bags = [bag_of(session, person_id=each, branch_id=of.branch_id).id for each in own]
    take_turn(session, [store.id, *bags])
