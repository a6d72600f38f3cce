"""Finding people and sessions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.errors import NotFound
from dispatch.lists import FIRST, Cut, Part
from dispatch.search import found_in
from dispatch.staff.deputies import places_of, stood_for
from dispatch.staff.models import Branch, Company, LoginAttempt, LoginSession, Person, PersonRole
from dispatch.staff.rules import Actor


def actor_of(person: Person) -> Actor:
    """The plain facts about a person that operations need."""
    return Actor(
        id=person.id,
        name=person.name,
        roles=person.roles,
        branch_id=person.branch_id,
        zone=person.branch.zone,
        locale=person.locale,
        theme=person.theme,
    )


def token_hash(token: str) -> bytes:
    """What is stored of a login token."""
    return hashlib.sha256(token.encode()).digest()


def signed_in(
    session: Session, token: str, *, at: datetime, idle: timedelta, absolute: timedelta
) -> tuple[LoginSession, Person, frozenset[tuple[int, str]]] | None:
    """The living login session of a token (not revoked, not idle too long, not older than the absolute limit), whose it is, and
    the places (`Actor.places`) in which he decides for others.

    None as well for somebody who no longer works here. One statement: every page begins with it.
    """
    query = sa.select(LoginSession, Person, stood_for(at)).join(Person, Person.id == LoginSession.person_id).where(Person.active)
    whole = query.options(joinedload(Person.branch), joinedload(Person.role_rows))
    row = session.execute(whole.where(LoginSession.token_hash == token_hash(token))).unique().one_or_none()
    if row is None or row[0].revoked_at or row[0].seen_at + idle < at or row[0].started_at + absolute < at:
        return None
    return row[0], row[1], places_of(row[2], row[1].roles)


def sessions_of(session: Session, person_id: int) -> Sequence[LoginSession]:
    """A person's sessions that were not revoked, newest first."""
    query = sa.select(LoginSession).where(LoginSession.person_id == person_id, LoginSession.revoked_at.is_(None))
    return session.scalars(query.order_by(LoginSession.seen_at.desc()).limit(20)).all()


def active_person(session: Session, person_id: int) -> Person | None:
    """A person who still works here, with roles and branch."""
    query = sa.select(Person).where(Person.id == person_id, Person.active)
    return session.scalars(query.options(joinedload(Person.branch), joinedload(Person.role_rows))).unique().one_or_none()


def person_called(session: Session, username: str) -> Person | None:
    """A person who still works here, by user name."""
    query = sa.select(Person).where(Person.username == username, Person.active)
    return session.scalars(query.options(joinedload(Person.branch), joinedload(Person.role_rows))).unique().one_or_none()


def failed_attempts(session: Session, *, username: str, address: str, since: datetime) -> tuple[int, int]:
    """Failed sign-ins since a moment: of this name from anywhere, of this address with any name."""
    by_name = sa.func.count().filter(LoginAttempt.username == username)
    by_address = sa.func.count().filter(LoginAttempt.address == address)
    counted = sa.select(by_name, by_address).where(
        LoginAttempt.at >= since, sa.or_(LoginAttempt.username == username, LoginAttempt.address == address)
    )
    row = session.execute(counted).one()
    return row[0], row[1]


def company_name(session: Session) -> str | None:
    """The company's name, once somebody has given it."""
    return session.scalar(sa.select(Company.name))


def nobody_yet(session: Session) -> bool:
    """True on the very first start, before the administrator exists."""
    return session.scalar(sa.select(Person.id).limit(1)) is None


def branches(session: Session) -> Sequence[Branch]:
    """All branches by code."""
    return session.scalars(sa.select(Branch).order_by(Branch.code)).all()


def headcounts(session: Session) -> dict[int, int]:
    """Branch id -> how many work there."""
    counts = (
        sa.select(Person.branch_id, sa.func.count().label("many"))
        .where(Person.active, ~Person.outside)
        .group_by(Person.branch_id)
    )
    return {row.branch_id: row.many for row in session.execute(counts.group_by(Person.branch_id))}


def branch(session: Session, branch_id: int | None, by: Actor) -> Branch:
    """A branch the reader may see. Raises NotFound."""
    found = session.get(Branch, branch_id) if branch_id is not None else None
    if found is None or not by.sees_branch(found.id):
        raise NotFound
    return found


def _people() -> sa.Select[Person]:
    whole = (joinedload(Person.branch), selectinload(Person.role_rows), selectinload(Person.skills))
    return sa.select(Person).where(~Person.outside).options(*whole)


def technicians(session: Session, branch_id: int) -> Sequence[Person]:
    """A branch's active technicians by staff number, trained or not."""
    has_role = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    query = _people().where(Person.branch_id == branch_id, Person.active, has_role)
    return session.scalars(query.order_by(Person.staff_no)).all()


PEOPLE_SORTS = {
    "number": (Person.branch_id, Person.staff_no),
    "name": (Person.name, Person.id),
    "trained": (Person.trained_on, Person.id),
}


def people(
    session: Session, by: Actor, *, words: str = "", role: str | None = None, active: bool | None = None, cut: Cut = FIRST
) -> Part[Person]:
    """The people a reader may see; `active` False are those who left."""
    where = [~Person.outside, *([] if by.may("branches.all") else [Person.branch_id == by.branch_id])]
    if words.strip():
        where.append(found_in(Person.search_text, words))
    if role is not None:
        where.append(sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == role))
    if active is not None:
        where.append(Person.active.is_(active))
    total = session.scalar(sa.select(sa.func.count()).select_from(Person).where(*where)) or 0
    return Part(session.scalars(cut.of(_people().where(*where), PEOPLE_SORTS)).all(), cut.number, total)


def people_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> Sequence[Person]:
    """People by part of a name, number or phone, with their branch only."""
    query = sa.select(Person).where(found_in(Person.search_text, words), ~Person.outside).options(joinedload(Person.branch))
    own = query if by.may("branches.all") else query.where(Person.branch_id == by.branch_id)
    return session.scalars(own.order_by(Person.staff_no).limit(limit)).all()


def people_counts(session: Session, by: Actor) -> dict[str | None, int]:
    """How many active people hold each role; None counts all of them, "" those who left. For the filter chips."""
    seen = sa.and_(~Person.outside, sa.true() if by.may("branches.all") else Person.branch_id == by.branch_id)
    held = sa.select(PersonRole.role, sa.func.count()).join(Person, Person.id == PersonRole.person_id)
    counts: dict[str | None, int] = {}
    for role, count in session.execute(held.where(seen, Person.active).group_by(PersonRole.role)):
        counts[role] = count
    active = sa.func.count().filter(Person.active)
    counts[None], counts[""] = session.execute(sa.select(active, sa.func.count() - active).where(seen)).one()
    return counts


def people_numbered(session: Session, staff_numbers: Sequence[str]) -> dict[str, Person]:
    """The people with these staff numbers, in any branch."""
    found = session.scalars(_people().where(Person.staff_no.in_(staff_numbers)))
    return {person.staff_no: person for person in found}


def person(session: Session, person_id: int, by: Actor) -> Person:
    """One person. Raises NotFound for another branch's."""
    found = session.scalars(_people().where(Person.id == person_id)).one_or_none()
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found
