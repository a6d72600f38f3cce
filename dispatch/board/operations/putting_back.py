"""Putting single visits back as they were: those that came go, those that changed change back, those that went come again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.board.models import PlanChange
from dispatch.board.operations.left_intact import LEFT_OVER, Left, Stays
from dispatch.board.operations.locking import changing_places
from dispatch.board.operations.writing import TAKEN_BACK
from dispatch.board.outcome import Json
from dispatch.board.work import DayOfBranch
from dispatch.db import refusal_for
from dispatch.errors import Refusal
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Visit
from dispatch.orders.operations.taking_off import put_back, taken_off_from_json
from dispatch.orders.operations.visits import change_visit, take_off_plan
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

IN_THE_WAY = say("Another visit stands in its old place.")


@dataclass(frozen=True)
class _Return:
    """A visit that goes back to whom and when it was."""

    visit: Visit
    technician_id: int
    starts_at: datetime
    ends_at: datetime
    by_hand: bool

    def meets(self, who: int, start: datetime, end: datetime) -> bool:
        """Whether he would be in two places at once."""
        return self.technician_id == who and self.starts_at < end and start < self.ends_at


def put_steps_back(session: Session, of: DayOfBranch, change: PlanChange, left: Left, by: Actor) -> tuple[int, Stays]:
    """How many went back, and what stays. The day and the orders must be locked."""
    before = {one.get("visit"): one for one in change.went}
    changed = [(visit, before[one.get("visit")]) for one, visit in left.intact if one.get("visit") in before]
    new = [visit for one, visit in left.intact if one.get("visit") not in before]
    take_off_plan(session, new, by=by, at=of.at, reason=str(TAKEN_BACK))
    moved, stuck = _change_back(session, of, change, changed, by)
    came = {one.get("visit") for one in change.came}
    again, missing = _come_again(session, of, change, [one for one in change.went if one.get("visit") not in came], by)
    return len(new) + moved + again, [*left.stays, *stuck, *missing]


def _change_back(
    session: Session, of: DayOfBranch, change: PlanChange, changed: Iterable[tuple[Visit, Json]], by: Actor
) -> tuple[int, Stays]:
    """All at once; one that cannot may keep others from their old places."""
    wanted, stays = [], []
    for visit, one in changed:
        if _has_passed(one, change, of):
            stays.append((visit.order_id, LEFT_OVER))
        else:
            wanted.append(_return_of(visit, one))
    while True:
        wanted, met = _free(session, wanted)
        stays += [(one.visit.order_id, IN_THE_WAY) for one in met]
        refused = _tried(session, of, wanted, by)
        if refused is None:
            return len(wanted), stays
        stays.append((refused[0].visit.order_id, refused[1]))
        wanted = [one for one in wanted if one is not refused[0]]


def _has_passed(one: Json, change: PlanChange, of: DayOfBranch) -> bool:
    return change.at < datetime.fromisoformat(one["ends_at"]) <= of.at


def _return_of(visit: Visit, one: Json) -> _Return:
    start, end = (datetime.fromisoformat(one[name]) for name in ("starts_at", "ends_at"))
    return _Return(visit, one["technician_id"], start, end, one["by_hand"])


def _free(session: Session, wanted: Sequence[_Return]) -> tuple[list[_Return], list[_Return]]:
    """Those whose old places are free, and those where somebody stays."""
    whose = {one.technician_id for one in wanted}
    going = {one.visit.id for one in wanted}
    query = sa.select(Visit.technician_id, Visit.starts_at, Visit.ends_at)
    query = query.where(Visit.technician_id.in_(whose), Visit.status.in_(VISIT_LIVE), Visit.id.not_in(going))
    stand = [(who, start, end) for who, start, end in session.execute(query)]
    free, met = list(wanted), []
    while found := next((one for one in free if any(one.meets(*row) for row in stand)), None):
        free.remove(found)
        met.append(found)
        stand.append((found.visit.technician_id, found.visit.starts_at, found.visit.ends_at))
    return free, met


def _tried(session: Session, of: DayOfBranch, wanted: Sequence[_Return], by: Actor) -> tuple[_Return, Text] | None:
    """Change them; the first that may not be changed undoes all of it."""
    attempt = session.begin_nested()
    with changing_places(session):
        for one in wanted:
            try:
                _change(session, of, one, by)
            except Refusal as refusal:
                attempt.rollback()
                return one, refusal.text
    attempt.commit()
    return None


def _change(session: Session, of: DayOfBranch, one: _Return, by: Actor) -> None:
    why = str(TAKEN_BACK)
    change_visit(session, one.visit, technician_id=one.technician_id, starts_at=one.starts_at, by=by, at=of.at, reason=why)
    one.visit.by_hand = one.by_hand


def _come_again(
    session: Session, of: DayOfBranch, change: PlanChange, gone: Sequence[Json], by: Actor
) -> tuple[int, list[tuple[int, Text]]]:
    stays = []
    for one in gone:
        why = LEFT_OVER if _has_passed(one, change, of) else _planned_again(session, of, one, by)
        if why is not None:
            stays.append((one["order"], why))
    return len(gone) - len(stays), stays


def _planned_again(session: Session, of: DayOfBranch, one: Json, by: Actor) -> Text | None:
    try:
        with session.begin_nested():
            put_back(session, [taken_off_from_json(one["order"], one)], by=by, at=of.at)
    except Refusal as refusal:
        return refusal.text
    except IntegrityError as error:
        refused = refusal_for(error)
        if refused is None:
            raise
        return refused.text
    return None
