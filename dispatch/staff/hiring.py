"""What the people page does: hire, change, give a password, let go and take back. Each checks who may and leaves a trail."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.db import STALE
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.models import Branch, LoginSession, Person
from dispatch.staff.operations import NewPerson, add_person, change_person, set_password
from dispatch.staff.rules import Actor, check_may_change
from dispatch.words import say

LETTERS_IN_PASSWORD = 12
LONGEST_NAME = 34
READABLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are mistaken for one another when read aloud."""


@dataclass(frozen=True)
class Ties:
    """What still hangs on a person, as higher features count it: visits not finished, units and kinds of parts in his bag."""

    visits: int = 0
    units: int = 0
    parts: int = 0


def hire(session: Session, *, new: NewPerson, branch: Branch, by: Actor, at: datetime) -> Person:
    """Add somebody to a branch. Raises Conflict when the staff number or user name is taken."""
    check_may_change(by, person_id=None, before=frozenset(), after=new.roles)
    _check_branch(branch.id, by)
    return add_person(session, branch=branch, new=new, by=by, at=at)


def revise(
    session: Session, person_id: int, *, new: NewPerson, branch: Branch, ties: Ties, version: int, by: Actor, at: datetime
) -> Person:
    """Change a person's facts.

    Raises Conflict when the form is stale, RuleBroken with ties left for a move to another branch or for taking away the
    technician's role, with visits left for taking away the training.
    """
    person = locked(session, person_id, by)
    if person.version != version:
        raise Conflict(STALE)
    check_may_change(by, person_id=person.id, before=person.roles, after=new.roles)
    if branch.id != person.branch_id:
        _check_branch(branch.id, by)
        _check_ties(ties)
        person.branch = branch
    if "technician" in person.roles - new.roles:
        _check_ties(ties)
    if person.trained_on and new.trained_on is None:
        _check_ties(Ties(visits=ties.visits))
    return change_person(session, person, new=new, by=by, at=at)


def give_password(session: Session, person_id: int, *, password_hash: str, by: Actor, at: datetime) -> Person:
    """Store a password that somebody else made for a person; all his sessions end."""
    person = locked(session, person_id, by)
    check_may_change(by, person_id=person.id, before=person.roles, after=person.roles)
    if not person.username:
        raise RuleBroken(say("Give a user name first."))
    if not person.active:
        raise RuleBroken(say("This person has left."))
    set_password(session, person, password_hash=password_hash, keep=None, by=by, at=at)
    return person


def give_first_passwords(session: Session, hashes: Mapping[int, str], *, by: Actor, at: datetime) -> list[Person]:
    """Store first passwords that somebody else made for several people, whom it gives their staff number as a user name where
    they have none; each has to choose one of his own as he signs in. Whoever has a password keeps it, and is not answered.
    """
    people = [locked(session, person_id, by) for person_id in sorted(hashes)]
    new = [person for person in people if person.active and not person.password_hash]
    for person in new:
        check_may_change(by, person_id=person.id, before=person.roles, after=person.roles)
        person.username = person.username or _free_username(session, person.staff_no)
        set_password(session, person, password_hash=hashes[person.id], keep=None, by=by, at=at, given=True)
    return new


def _free_username(session: Session, staff_no: str) -> str:
    """The staff number as a user name; with a number behind it where somebody else has that."""
    plain = (re.sub(r"[^\w.@-]", "", staff_no.lower())[:LONGEST_NAME] or "p").ljust(2, "0")
    like = sa.select(Person.username).where(Person.username.startswith(plain, autoescape=True))
    taken = set(session.scalars(like))
    return next(name for name in chain([plain], (f"{plain}-{number}" for number in count(2))) if name not in taken)


def let_go(session: Session, person_id: int, *, ties: Ties, by: Actor, at: datetime) -> None:
    """Somebody leaves: he cannot sign in any more and his sessions end. Raises RuleBroken while something hangs on him."""
    person = locked(session, person_id, by)
    check_may_change(by, person_id=person.id, before=person.roles, after=person.roles)
    if person.id == by.id:
        raise RuleBroken(say("You cannot end your own access."))
    _check_ties(ties)
    if not person.active:
        return
    person.active = False
    living = sa.update(LoginSession).where(LoginSession.person_id == person.id, LoginSession.revoked_at.is_(None))
    session.execute(living.values(revoked_at=at))
    record(session, ("person", person.id), "person.leave", by=by, at=at)


def take_back(session: Session, person_id: int, *, by: Actor, at: datetime) -> None:
    """Somebody who left works here again; he signs in with his old name and password."""
    person = locked(session, person_id, by)
    check_may_change(by, person_id=person.id, before=person.roles, after=person.roles)
    if not person.active:
        person.active = True
        record(session, ("person", person.id), "person.return", by=by, at=at)


def show_phone(session: Session, person: Person, *, by: Actor, at: datetime) -> str:
    """A person's whole phone number; that somebody asked for it is kept."""
    record(session, ("person", person.id), "person.phone_shown", by=by, at=at)
    return person.phone or ""


def new_password() -> str:
    """A random password that can be read aloud."""
    return "".join(secrets.choice(READABLE) for _ in range(LETTERS_IN_PASSWORD))


def locked(session: Session, person_id: int, by: Actor) -> Person:
    """A person's row, held until the end: no visit can be planned for him meanwhile. Raises NotFound for another branch's."""
    found = session.get(Person, person_id, with_for_update=True, populate_existing=True)
    if found is None or not by.sees_branch(found.branch_id):
        raise NotFound
    return found


def _check_branch(branch_id: int, by: Actor) -> None:
    if not by.sees_branch(branch_id):
        raise Invalid({"branch_id": say("Choose one of your branches.")})


def _check_ties(ties: Ties) -> None:
    if ties.visits:
        raise RuleBroken(
            say("There are still %(n)s visits planned or under way. Give them to somebody else first.", n=ties.visits)
        )
    if ties.units:
        raise RuleBroken(say("The bag still holds %(n)s terminals and SIMs. Return them to a store first.", n=ties.units))
    if ties.parts:
        raise RuleBroken(say("The bag still holds parts of %(n)s kinds. Return them to a store first.", n=ties.parts))
