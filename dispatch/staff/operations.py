"""Adding people, signing in and out, ending sessions."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, RuleBroken
from dispatch.search import normalise
from dispatch.staff.models import Branch, Company, LoginAttempt, LoginSession, Person, PersonRole, PersonSkill
from dispatch.staff.queries import failed_attempts, nobody_yet, token_hash
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import say

ADDRESS_FACTOR = 10
"""An address may fail this many times as often as one name: a whole office can stand behind it."""

# Any number will do, as long as nothing else locks it.
_FOUNDING = 7_016_001


@dataclass(frozen=True)
class NewPerson:
    """The facts of a person.

    `skills` maps a skill to its level 1-5, `expiries` to its last day; `home` is (lat, lon) in WGS-84.
    """

    staff_no: str
    name: str
    roles: frozenset[str]
    phone: str | None = None
    username: str | None = None
    password_hash: str | None = None
    home_address: str | None = None
    home: tuple[float, float] | None = None
    skills: dict[str, int] = field(default_factory=dict)
    expiries: dict[str, date] = field(default_factory=dict)
    shift: tuple[time, time] = (time(8, 30), time(17, 30))
    lunch: tuple[time, time] | None = (time(11, 30), time(13, 30))
    trained_on: date | None = None
    outside: bool = False


def add_branch(session: Session, *, code: str, name: str, zone: str, phone: str | None = None, by: Actor, at: datetime) -> Branch:
    """Add a service branch; the first one is the system's. Raises Conflict when the code is taken."""
    if by != SYSTEM:
        by.must("branch.change")
    branch = Branch(code=code, name=name, zone=zone, phone=phone)
    session.add(branch)
    session.flush()
    record(session, ("branch", branch.id), "branch.add", by=by, at=at, detail={"code": code, "name": name})
    return branch


def change_branch(
    session: Session, branch: Branch, *, name: str, zone: str, phone: str | None = None, by: Actor, at: datetime
) -> None:
    """Give a branch another name, zone or number to call. Its code stays: it is part of receipt numbers."""
    by.must("branch.change")
    before, after = (branch.name, branch.zone, branch.phone), (name, zone, phone)
    if before != after:
        names = ("name", "zone", "phone")
        detail = {"before": dict(zip(names, before, strict=True)), **dict(zip(names, after, strict=True))}
        branch.name, branch.zone, branch.phone = after
        session.flush()
        record(session, ("branch", branch.id), "branch.change", by=by, at=at, detail=detail)


def add_person(session: Session, *, branch: Branch, new: NewPerson, by: Actor, at: datetime) -> Person:
    """Add somebody to a branch. Raises Conflict when the staff number or user name is taken."""
    person = Person(staff_no=new.staff_no, branch_id=branch.id, created_at=at, role_rows=[], skills=[], outside=new.outside)
    session.add(person)
    _write(person, new)
    session.flush()
    record(
        session, ("person", person.id), "person.add", by=by, at=at, detail={"staff_no": new.staff_no, "roles": sorted(new.roles)}
    )
    return person


def change_person(session: Session, person: Person, *, new: NewPerson, by: Actor, at: datetime) -> Person:
    """Bring a person's facts up to date; user name and password stay unless given."""
    _write(person, new)
    session.flush()
    record(
        session, ("person", person.id), "person.change", by=by, at=at, detail={"roles": sorted(new.roles), "skills": new.skills}
    )
    return person


def _write(person: Person, new: NewPerson) -> None:
    for name in ("staff_no", "name", "phone", "home_address", "trained_on"):
        setattr(person, name, getattr(new, name))
    person.username = new.username or person.username
    person.password_hash = new.password_hash or person.password_hash
    person.home_lat, person.home_lon = new.home or (None, None)
    person.shift_from, person.shift_to = new.shift
    person.lunch_from, person.lunch_to = new.lunch or (None, None)
    person.role_rows = _kept(person.role_rows, new.roles)
    levels = {row.skill: row for row in person.skills}
    person.skills = [levels.get(skill) or PersonSkill(skill=skill) for skill in sorted(new.skills)]
    for row in person.skills:
        row.level, row.expires_on = new.skills[row.skill], new.expiries.get(row.skill)
    person.search_text = normalise(person.staff_no, person.name, person.phone, person.username)


def _kept(rows: Iterable[PersonRole], roles: frozenset[str]) -> list[PersonRole]:
    kept = [row for row in rows if row.role in roles]
    return kept + [PersonRole(role=role) for role in sorted(roles - {row.role for row in kept})]


def first_comes(session: Session) -> bool:
    """True for the one who may found the company in this transaction: nobody is there, and others who would are kept waiting."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_FOUNDING)))
    return nobody_yet(session)


def found_company(
    session: Session, *, name: str, branch_code: str, branch_name: str, zone: str, administrator: NewPerson, at: datetime
) -> Person:
    """The first start: the company's name, its first branch and its administrator. Raises Conflict once anybody exists."""
    if not first_comes(session):
        raise Conflict(say("The company is set up already. Please sign in."))
    _name(session, name, by=SYSTEM, at=at)
    branch = add_branch(session, code=branch_code, name=branch_name, zone=zone, by=SYSTEM, at=at)
    return add_person(session, branch=branch, new=administrator, by=SYSTEM, at=at)


def name_company(session: Session, name: str, *, by: Actor, at: datetime) -> None:
    """The company is called so from now on; papers that are out keep the name they bear."""
    by.must("branch.change")
    _name(session, name, by=by, at=at)


def _name(session: Session, name: str, *, by: Actor, at: datetime) -> None:
    named = insert(Company).values(id=1, name=name)
    session.execute(named.on_conflict_do_update(index_elements=["id"], set_={"name": name}))
    record(session, ("company", 1), "company.name", by=by, at=at, detail={"name": name})


def check_attempts(session: Session, *, username: str, address: str, at: datetime, most: int, window: timedelta) -> None:
    """Raises RuleBroken when this name, or this address, failed too often within the window."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"sign-in:{username}", 0))))
    by_name, by_address = failed_attempts(session, username=username, address=address, since=at - window)
    if by_name >= most or by_address >= most * ADDRESS_FACTOR:
        minutes = int(window.total_seconds() // 60)
        raise RuleBroken(say("Too many wrong passwords. Please wait %(minutes)s minutes and try again.", minutes=minutes))


def note_failure(session: Session, *, username: str, address: str, at: datetime) -> None:
    """Remember a failed sign-in."""
    session.add(LoginAttempt(username=username, address=address, at=at))


def start_session(session: Session, person: Person, *, address: str | None, browser: str | None, at: datetime) -> str:
    """Open a login session and return its token, which is stored nowhere but in the browser."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            token_hash=token_hash(token), person_id=person.id, started_at=at, seen_at=at, address=address, browser=browser
        )
    )
    session.execute(sa.delete(LoginAttempt).where(LoginAttempt.username == person.username))
    record(session, ("person", person.id), "session.start", by=SYSTEM, at=at, detail={"address": address})
    return token


def end_session(session: Session, hashed: bytes, *, person_id: int, at: datetime) -> None:
    """Revoke one of a person's sessions; one that is gone or another's is left as it is."""
    own = sa.update(LoginSession).where(LoginSession.token_hash == hashed, LoginSession.person_id == person_id)
    session.execute(own.where(LoginSession.revoked_at.is_(None)).values(revoked_at=at))


def set_password(
    session: Session, person: Person, *, password_hash: str, keep: bytes | None, by: Actor, at: datetime, given: bool = False
) -> None:
    """Store a new password and revoke every session but the one in hand. `given`: he has to choose one of his own first."""
    person.password_hash, person.password_given = password_hash, given
    others = sa.update(LoginSession).where(LoginSession.person_id == person.id, LoginSession.revoked_at.is_(None))
    session.execute((others.where(LoginSession.token_hash != keep) if keep else others).values(revoked_at=at))
    record(session, ("person", person.id), "person.password", by=by, at=at)


def set_taste(session: Session, person: Person, *, locale: str | None, theme: str) -> None:
    """Remember the language and colours a person likes."""
    person.locale, person.theme = locale, theme


def sweep_sessions(session: Session, *, before: datetime) -> int:
    """Delete sessions and failed attempts that are older than any limit; returns how many sessions went."""
    session.execute(sa.delete(LoginAttempt).where(LoginAttempt.at < before))
    gone = session.execute(sa.delete(LoginSession).where(LoginSession.seen_at < before))
    return int(gone.rowcount)  # type: ignore[attr-defined]
