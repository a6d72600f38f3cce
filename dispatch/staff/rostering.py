"""Writing calendar and roster: holidays and make-up workdays; who works on which day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import NotAllowed, NotFound, RuleBroken
from dispatch.jobs import enqueue
from dispatch.staff.calendar_forms import Entry
from dispatch.staff.models import Person
from dispatch.staff.roster_models import CalendarDay, DutyDay
from dispatch.staff.roster_rules import Duty
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say

COMPANY = ("company", 1)
FOLLOWS = "orders.reckon_clocks"
"""The job that reckons anew what hangs on the calendar."""


def set_days(session: Session, entries: Sequence[Entry], *, branch_id: int | None, by: Actor, at: datetime) -> int:
    """Write days into the calendar of the company (`branch_id` None) or of one branch; a day that stands there is replaced.

    Gives how many were new or other than before. Raises NotAllowed for a calendar that is not the person's to change.
    """
    _check_calendar(branch_id, by)
    written = []
    for entry in sorted(entries, key=lambda one: one.day):
        facts = {"kind": entry.kind, "name": entry.name}
        new = insert(CalendarDay).values(day=entry.day, branch_id=branch_id, by_id=by.id, at=at, **facts)
        other = sa.or_(CalendarDay.kind != entry.kind, CalendarDay.name != entry.name)
        kept = new.on_conflict_do_update(
            constraint="uq_calendar_day_day_branch_id", set_=facts | {"by_id": by.id, "at": at}, where=other
        )
        if session.scalar(kept.returning(CalendarDay.id)) is not None:
            written.append({"day": entry.day.isoformat(), **facts})
    if written:
        record(session, _of(branch_id), "calendar.set", by=by, at=at, detail={"days": written})
        enqueue(session, FOLLOWS, lock=FOLLOWS, branch_id=branch_id)
    return len(written)


def take_day_out(session: Session, day_id: int, *, by: Actor, at: datetime) -> CalendarDay:
    """A day is as its weekday says again. Raises NotFound when it is not there any more."""
    found = session.get(CalendarDay, day_id, with_for_update=True)
    if found is None or (found.branch_id is not None and not by.sees_branch(found.branch_id)):
        raise NotFound
    _check_calendar(found.branch_id, by)
    session.delete(found)
    session.flush()
    detail = {"day": found.day.isoformat(), "kind": found.kind, "name": found.name}
    record(session, _of(found.branch_id), "calendar.take_out", by=by, at=at, detail=detail)
    enqueue(session, FOLLOWS, lock=FOLLOWS, branch_id=found.branch_id)
    return found


def _check_calendar(branch_id: int | None, by: Actor) -> None:
    by.must("calendar.change")
    if branch_id is None and not by.may("branches.all"):
        raise NotAllowed(say("The company's calendar is kept by a director or an administrator. Yours is that of your branch."))
    if branch_id is not None and not by.sees_branch(branch_id):
        raise NotFound


def _of(branch_id: int | None) -> tuple[str, int]:
    return COMPANY if branch_id is None else ("branch", branch_id)


def set_duty(
    session: Session, person_ids: Sequence[int], days: Sequence[date], duty: Duty | None, *, today: date, by: Actor, at: datetime
) -> int:
    """Write what these people do on these days; None: as usual again. Gives how many days were other before.

    Raises NotFound for somebody of another branch, RuleBroken for a day before `today`.
    """
    if by != SYSTEM:
        by.must("roster.change")
    if any(day < today for day in days):
        raise RuleBroken(say("The roster of days that are over is not changed any more."))
    changed = 0
    for person_id in sorted(_own_people(session, person_ids, by)):
        before = {row.day: Duty(row.starts, row.ends) for row in session.scalars(_rows_of(person_id, days))}
        other = [day for day in sorted(days) if before.get(day) != duty]
        if other:
            _write(session, person_id, other, duty, by=by, at=at)
        changed += len(other)
    return changed


def _own_people(session: Session, person_ids: Sequence[int], by: Actor) -> set[int]:
    found = session.execute(sa.select(Person.id, Person.branch_id).where(Person.id.in_(person_ids), Person.active)).all()
    own = {row.id for row in found if by == SYSTEM or by.sees_branch(row.branch_id)}
    if own != set(person_ids):
        raise NotFound
    return own


def _rows_of(person_id: int, days: Sequence[date]) -> sa.Select[Any]:
    rows = sa.select(DutyDay).where(DutyDay.person_id == person_id, DutyDay.day.in_(days))
    return rows.order_by(DutyDay.day).with_for_update().execution_options(populate_existing=True)


def _write(session: Session, person_id: int, days: Sequence[date], duty: Duty | None, *, by: Actor, at: datetime) -> None:
    if duty is None:
        session.execute(sa.delete(DutyDay).where(DutyDay.person_id == person_id, DutyDay.day.in_(days)))
    else:
        facts = {"starts": duty.starts, "ends": duty.ends, "by_id": by.id, "at": at}
        new = insert(DutyDay).values([{"person_id": person_id, "day": day, **facts} for day in days])
        session.execute(new.on_conflict_do_update(index_elements=["person_id", "day"], set_=facts))
    told = {"days": [day.isoformat() for day in days], "hours": _told(duty)}
    record(session, ("person", person_id), "roster.set", by=by, at=at, detail=told)


def _told(duty: Duty | None) -> str:
    if duty is None:
        return "usual"
    return f"{duty.starts:%H:%M}-{duty.ends:%H:%M}" if duty.starts and duty.ends else "off"
