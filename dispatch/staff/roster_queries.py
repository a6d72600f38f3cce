"""Reading calendar, roster and leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.clock import moment_of
from dispatch.errors import NotFound
from dispatch.staff.calendar_rules import Calendar, Named
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_models import CalendarDay, DutyDay, LeaveRequest
from dispatch.staff.roster_rules import Duty, Leave, Presence, Roster, presence
from dispatch.staff.rules import Actor

AHEAD = timedelta(days=40)
"""So far the calendar is read beyond a day, for the workday after it: no holidays last longer."""


def calendar_of(session: Session, branch_id: int | None, first: date, last: date) -> Calendar:
    """The calendar of a branch (None: the company's own) for the whole years of these days; a branch's word goes first."""
    return _calendar(session.execute(_named_days(branch_id, first, last)))


def roster_of(
    session: Session,
    branch_id: int,
    person_ids: Collection[int],
    first: date,
    last: date,
    zone: str,
    *,
    today: date | None = None,
) -> Roster:
    """All that says when these people of a branch are there from `first` to `last`, in one statement.

    With `today` the calendar is good for the workdays after that, too.
    """
    before = first - timedelta(days=1)
    known = min(before, today or before), max(last, today or last) + AHEAD
    duty = _row("duty", DutyDay.person_id, DutyDay.day, hours=(DutyDay.starts, DutyDay.ends))
    duty = duty.where(DutyDay.person_id.in_(person_ids), DutyDay.day.between(before, last))
    away = _away(person_ids, moment_of(0, first, zone), moment_of(0, last + timedelta(days=1), zone))
    rows = session.execute(sa.union_all(_named_days(branch_id, *known), duty, away)).all()
    leaves: dict[int, list[Leave]] = {}
    for row in rows:
        if row.what == "leave":
            leaves.setdefault(row.who, []).append(Leave(row.kind, row.starts_at, row.ends_at))
    return Roster(
        _calendar(row for row in rows if row.what == "calendar"),
        {(row.who, row.day): Duty(row.starts, row.ends) for row in rows if row.what == "duty"},
        {who: tuple(sorted(each, key=lambda leave: leave.starts_at)) for who, each in leaves.items()},
    )


def leaves_within(session: Session, person_ids: Collection[int], start: datetime, end: datetime) -> dict[int, list[Leave]]:
    """Person id -> the leaves that take something of a time."""
    found: dict[int, list[Leave]] = {}
    for row in session.execute(_away(person_ids, start, end)):
        found.setdefault(row.who, []).append(Leave(row.kind, row.starts_at, row.ends_at))
    return found


def presences(people: Iterable[Person], day: date, zone: str, roster: Roster) -> dict[int, Presence]:
    """When each of these people is there on a day that the roster was read for."""
    return {one.id: presence(one.id, (one.shift_from, one.shift_to), day, zone, roster) for one in people}


def _away(person_ids: Collection[int], start: datetime, end: datetime) -> sa.Select[Any]:
    """Approved leave that touches a time; where somebody came back early, until then."""
    until = _until()
    query = _row("leave", LeaveRequest.person_id, None, LeaveRequest.kind, moments=(LeaveRequest.starts_at, until))
    return query.where(LeaveRequest.person_id.in_(person_ids), _held(), LeaveRequest.starts_at < end, until > start)


def on_leave(at: datetime) -> sa.ColumnElement[bool]:
    """SQL, for a query of people: approved leave covers a moment."""
    mine = sa.exists().where(LeaveRequest.person_id == Person.id, _held())
    return mine.where(LeaveRequest.starts_at <= at, _until() > at).correlate(Person)


def _held() -> sa.ColumnElement[bool]:
    back = sa.and_(LeaveRequest.state == "withdrawn", LeaveRequest.decided_at.is_not(None), _until() > LeaveRequest.starts_at)
    return sa.or_(LeaveRequest.state == "approved", back)


def _until() -> sa.ColumnElement[datetime]:
    return sa.func.least(LeaveRequest.ends_at, LeaveRequest.withdrawn_at)


def _named_days(branch_id: int | None, first: date, last: date) -> sa.Select[Any]:
    of = sa.or_(CalendarDay.branch_id.is_(None), CalendarDay.branch_id == branch_id)
    years = CalendarDay.day.between(date(first.year, 1, 1), date(last.year, 12, 31))
    return _row("calendar", CalendarDay.branch_id, CalendarDay.day, CalendarDay.kind, CalendarDay.name).where(of, years)


def _row(
    what: str,
    who: Any,
    day: Any,
    kind: Any = None,
    name: Any = None,
    hours: tuple[Any, Any] = (None, None),
    moments: tuple[Any, Any] = (None, None),
) -> sa.Select[Any]:
    """One kind of row among others: columns that it does not have are empty."""
    moment = sa.DateTime(timezone=True)
    columns = (
        ("what", sa.Text(), sa.literal(what)),
        ("who", sa.BigInteger(), who),
        ("day", sa.Date(), day),
        ("kind", sa.Text(), kind),
        ("name", sa.Text(), name),
        ("starts", sa.Time(), hours[0]),
        ("ends", sa.Time(), hours[1]),
        ("starts_at", moment, moments[0]),
        ("ends_at", moment, moments[1]),
    )
    cells = [sa.cast(sa.null() if value is None else value, type_).label(label) for label, type_, value in columns]
    return cast("sa.Select[Any]", sa.select(*cells))


def _calendar(rows: Iterable[Any]) -> Calendar:
    """The branch's rows are laid over the company's; only these publish a year."""
    ordered = sorted(rows, key=lambda row: row.who is not None)
    published = frozenset(row.day.year for row in ordered if row.who is None)
    return Calendar({row.day: Named(row.kind, row.name) for row in ordered}, published)


# --- the pages


def calendar_days(session: Session, year: int, branch_id: int | None) -> Sequence[CalendarDay]:
    """What stands in the calendar for a year: the company's days, and those of the branch; by day."""
    query = sa.select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    of = sa.or_(CalendarDay.branch_id.is_(None), CalendarDay.branch_id == branch_id)
    return session.scalars(query.where(of).order_by(CalendarDay.day, CalendarDay.branch_id.nulls_first())).all()


def rostered_people(session: Session, branch_id: int) -> Sequence[Person]:
    """A branch's active people, technicians first, by staff number."""
    technician = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    query = sa.select(Person).where(Person.branch_id == branch_id, Person.active, ~Person.outside)
    return session.scalars(query.order_by(technician.desc(), Person.staff_no)).all()


def leaves_of(session: Session, person_id: int, *, limit: int = 30) -> Sequence[LeaveRequest]:
    """What somebody asked for, the latest days first."""
    query = sa.select(LeaveRequest).where(LeaveRequest.person_id == person_id).options(joinedload(LeaveRequest.decided_by))
    return session.scalars(query.order_by(LeaveRequest.starts_at.desc(), LeaveRequest.id.desc()).limit(limit)).all()


def managed(person_id: Any, branch_id: Any, at: datetime | None) -> sa.ColumnElement[bool]:
    """SQL: whether a branch has an active manager other than this person who is not on leave at a moment, if one is given."""
    manager, role, leave = (sa.alias(table.__table__) for table in (Person, PersonRole, LeaveRequest))
    there = sa.and_(manager.c.branch_id == branch_id, manager.c.active, manager.c.id != person_id)
    if at is not None:
        then = sa.and_(leave.c.state == "approved", leave.c.starts_at <= at, leave.c.ends_at > at)
        there = sa.and_(there, ~sa.exists().where(leave.c.person_id == manager.c.id, then))
    return sa.exists().where(role.c.person_id == manager.c.id, role.c.role == "manager", there)


def asks_for(by: Actor, at: datetime | None) -> sa.ColumnElement[bool]:
    """SQL: leave that waits for a decision of `by` at a moment; `roster_rules.decides` says the same of one."""
    person, roles = sa.alias(Person.__table__), sa.alias(PersonRole.__table__)
    active = sa.exists().where(person.c.id == LeaveRequest.person_id, person.c.active)
    of_branch = active.where(person.c.branch_id == by.branch_id) if "manager" in by.roles else sa.false()
    leading = sa.exists().where(roles.c.person_id == LeaveRequest.person_id, roles.c.role.in_(("manager", "director")))
    alone = active.where(~managed(person.c.id, person.c.branch_id, at))
    above = sa.or_(sa.and_(active, leading), alone) if "director" in by.roles else sa.false()
    return sa.and_(LeaveRequest.state == "asked", LeaveRequest.person_id != by.id, sa.or_(of_branch, above))


def leaves_asked(session: Session, by: Actor, *, at: datetime) -> int:
    """How many wait for a decision of `by`."""
    if not by.may("leave.decide"):
        return 0
    return session.scalar(sa.select(sa.func.count()).select_from(LeaveRequest).where(asks_for(by, at))) or 0


def leaves_waiting(session: Session, by: Actor, *, at: datetime, limit: int = 100) -> Sequence[LeaveRequest]:
    """Leave that waits for a decision of `by`, what begins first before the others."""
    query = sa.select(LeaveRequest).where(asks_for(by, at)).options(joinedload(LeaveRequest.person))
    return session.scalars(query.order_by(LeaveRequest.starts_at, LeaveRequest.id).limit(limit)).all()


def leaves_decided(session: Session, branch_id: int, *, since: datetime, limit: int = 50) -> Sequence[LeaveRequest]:
    """What was decided or withdrawn at a branch for days that are not over since then, newest first."""
    query = sa.select(LeaveRequest).join(LeaveRequest.person).where(Person.branch_id == branch_id, LeaveRequest.state != "asked")
    whole = query.where(LeaveRequest.ends_at > since).options(
        joinedload(LeaveRequest.person), joinedload(LeaveRequest.decided_by)
    )
    return session.scalars(whole.order_by(LeaveRequest.id.desc()).limit(limit)).all()


def leave_to_decide(session: Session, leave_id: int) -> LeaveRequest:
    """One leave, locked until the end of the transaction. Raises NotFound."""
    found = session.get(LeaveRequest, leave_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found
