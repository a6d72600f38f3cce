"""Setting limits and working hours. Orders keep the limits that held when they were taken; hours hold for all that runs."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotAllowed, NotFound
from dispatch.jobs import enqueue
from dispatch.orders.clock_models import BranchHours, ClockLimit
from dispatch.orders.clock_rules import Limit
from dispatch.staff.rules import Actor
from dispatch.words import say

RECKON = "orders.reckon_clocks"
COMPANYS = say("Limits of all branches are set by a director or an administrator. Yours are those of your branch.")


def set_limit(session: Session, limit: Limit, *, key: uuid.UUID, by: Actor, at: datetime) -> ClockLimit:
    """Ask for this limit from now on; one about the same is replaced. The same `key` again is the first one.

    Raises NotAllowed for what belongs to all branches, NotFound for another branch, Conflict where it holds already.
    """
    _check(limit.branch_id, by)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("clock limits", 0))))
    rows = session.scalars(sa.select(ClockLimit).where(sa.or_(ClockLimit.key == key, ClockLimit.ended_at.is_(None)))).all()
    saved = next((row for row in rows if row.key == key), None)
    if saved is not None:
        return saved
    before = next((row for row in rows if row.limit.scope == limit.scope), None)
    if before is not None and before.limit == limit:
        raise Conflict(say("This limit holds already."))
    if before is not None:
        _end(session, before, by=by, at=at)
    row = ClockLimit(key=key, **limit.__dict__, added_by_id=by.id or 0, added_at=at)
    session.add(row)
    session.flush()
    record(session, ("clock_limit", row.id), "clock_limit.set", by=by, at=at, detail=dict(limit.__dict__))
    return row


def end_limit(session: Session, limit_id: int, *, by: Actor, at: datetime) -> ClockLimit:
    """Ask for this limit no longer: what is said more widely holds again. Raises NotFound, Conflict once it was replaced."""
    row = session.get(ClockLimit, limit_id, with_for_update=True, populate_existing=True)
    if row is None or (row.branch_id is not None and not by.sees_branch(row.branch_id)):
        raise NotFound
    _check(row.branch_id, by)
    if row.ended_at is not None:
        raise Conflict(say("This limit was taken away already."))
    _end(session, row, by=by, at=at)
    return row


def _end(session: Session, row: ClockLimit, *, by: Actor, at: datetime) -> None:
    row.ended_by_id, row.ended_at = by.id, at
    session.flush()
    record(session, ("clock_limit", row.id), "clock_limit.end", by=by, at=at, detail=dict(row.limit.__dict__))


def set_hours(session: Session, branch_id: int, hours: str, *, by: Actor, at: datetime) -> None:
    """A branch works at these hours ("": the usual ones); its clocks are reckoned anew in the background."""
    _check(branch_id, by)
    if hours:
        facts = {"hours": hours, "by_id": by.id, "at": at}
        new = insert(BranchHours).values(branch_id=branch_id, **facts)
        session.execute(new.on_conflict_do_update(index_elements=["branch_id"], set_=facts))
    else:
        session.execute(sa.delete(BranchHours).where(BranchHours.branch_id == branch_id))
    record(session, ("branch", branch_id), "branch.hours", by=by, at=at, detail={"hours": hours})
    enqueue(session, RECKON, lock=RECKON, branch_id=branch_id)


def _check(branch_id: int | None, by: Actor) -> None:
    by.must("clock.limits")
    if branch_id is None and not by.may("branches.all"):
        raise NotAllowed(COMPANYS)
    if branch_id is not None and not by.sees_branch(branch_id):
        raise NotFound
