"""Standing in for each other: naming a deputy, ending it, and who stands in for whom at a moment."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.permissions import PERMISSIONS, permissions_of
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor
from dispatch.words import say

DELEGATED = tuple(permission for permission in PERMISSIONS if permission.startswith("order.approve"))
"""What a deputy decides in somebody's place, as far as he holds the same himself: one of these he has to hold."""
COMES_ALONG = ("favour.approve",)
"""What he decides in that place, too, where he holds it."""


@dataclass(frozen=True)
class Absence:
    """From when until when somebody else decides, who, and why."""

    deputy_id: int
    starts_at: datetime
    ends_at: datetime
    reason: str
    key: uuid.UUID


def delegated_by(roles: Iterable[str]) -> frozenset[str]:
    """What somebody with these roles can leave to a deputy."""
    return permissions_of(roles) & set(DELEGATED)


def name_deputy(session: Session, absence: Absence, *, by: Actor, at: datetime) -> Deputy:
    """Let somebody with the same permission decide in one's place. The same `key` again is the first.

    Raises Invalid beside what cannot be, and Conflict (from the database) where another one stands in meanwhile.
    """
    by.must(*DELEGATED)
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(absence.key), 0))))
    before = session.scalar(sa.select(Deputy).where(Deputy.key == absence.key, Deputy.person_id == by.id))
    if before is not None:
        return before
    _check(session, absence, by, at)
    row = Deputy(key=absence.key, person_id=by.id, deputy_id=absence.deputy_id, named_at=at, reason=absence.reason.strip())
    row.starts_at, row.ends_at = max(absence.starts_at, at), absence.ends_at
    session.add(row)
    session.flush()
    record(session, ("person", row.person_id), "deputy.name", by=by, at=at, detail=_as_kept(row))
    return row


def _check(session: Session, absence: Absence, by: Actor, at: datetime) -> None:
    wrong = {}
    if absence.deputy_id not in {person.id for person in possible_deputies(session, by)}:
        wrong["deputy"] = say("Choose somebody who may decide the same.")
    if absence.ends_at <= max(absence.starts_at, at):
        wrong["ends_at"] = say("This must be later than the beginning, and still to come.")
    if not absence.reason.strip():
        wrong["reason"] = say("Please give a reason.")
    if wrong:
        raise Invalid(wrong)


def revoke_deputy(session: Session, deputy_id: int, *, by: Actor, at: datetime) -> Deputy:
    """End it now; only whoever named the deputy does. Raises NotFound, Conflict when it is over."""
    row = session.get(Deputy, deputy_id, with_for_update=True, populate_existing=True)
    if row is None or row.person_id != by.id:
        raise NotFound
    if row.over(at):
        raise Conflict(say("This has ended already."))
    row.revoked_at, row.revoked_by_id = at, by.id
    session.flush()
    record(session, ("person", row.person_id), "deputy.revoke", by=by, at=at, detail=_as_kept(row))
    return row


def _as_kept(row: Deputy) -> dict[str, Any]:
    span = {"from": row.starts_at.isoformat(), "until": row.ends_at.isoformat()}
    return {"deputy": row.deputy_id, "name": row.deputy.name, "reason": row.reason, **span}


# --- reading


def possible_deputies(session: Session, by: Actor) -> Sequence[Person]:
    """Who could decide in one's place: works here and holds one of the same permissions; the own branch first. With branch."""
    roles = {role for permission in delegated_by(by.roles) for role in PERMISSIONS[permission]}
    held = sa.select(PersonRole.person_id).where(PersonRole.role.in_(roles))
    query = sa.select(Person).where(Person.active, Person.id.in_(held), Person.id != (by.id or 0))
    whole = query.options(joinedload(Person.branch)).order_by(Person.branch_id != by.branch_id, Person.staff_no)
    return session.scalars(whole).all()


def in_force(at: datetime) -> sa.ColumnElement[bool]:
    """SQL: it holds at a moment, as far as time tells."""
    return sa.and_(Deputy.revoked_at.is_(None), Deputy.starts_at <= at, Deputy.ends_at > at)


def stood_for(at: datetime) -> sa.ScalarSelect[Any]:
    """SQL, for a query of people: branch and role of everybody in whose place each decides at a moment, as JSON."""
    absent = aliased(Person)
    pair = sa.func.jsonb_build_array(absent.branch_id, PersonRole.role)
    query = sa.select(sa.cast(sa.func.jsonb_agg(pair), sa.Text)).select_from(Deputy).join(absent, absent.id == Deputy.person_id)
    query = query.join(PersonRole, PersonRole.person_id == absent.id)
    return query.where(Deputy.deputy_id == Person.id, absent.active, in_force(at)).correlate(Person).scalar_subquery()


def places_of(told: str | None, roles: Iterable[str]) -> frozenset[tuple[int, str]]:
    """Branch and permission that a deputy with these `roles` decides in somebody's place, out of what `stood_for` gives."""
    own, pairs = permissions_of(roles) & {*DELEGATED, *COMES_ALONG}, json.loads(told or "[]")
    return frozenset((branch_id, one) for branch_id, role in pairs for one in own if role in PERMISSIONS[one])


def deputies_at(session: Session, at: datetime, *, deputy_id: int | None = None, lock: bool = False) -> Sequence[Deputy]:
    """Who stands in for whom at a moment (for one deputy, where he is named), both still working here; with both people.

    `lock` keeps them from being revoked before this transaction ends.
    """
    absent, deputy = aliased(Person), aliased(Person)
    query = sa.select(Deputy).join(absent, absent.id == Deputy.person_id).join(deputy, deputy.id == Deputy.deputy_id)
    query = query.where(in_force(at), absent.active, deputy.active).order_by(Deputy.id)
    if deputy_id is not None:
        query = query.where(Deputy.deputy_id == deputy_id)
    if lock:
        return session.scalars(query.with_for_update(read=True, of=Deputy)).all()
    people = (joinedload(Deputy.person).joinedload(Person.role_rows), joinedload(Deputy.deputy).joinedload(Person.role_rows))
    return session.scalars(query.options(*people)).unique().all()


def deputies_of(session: Session, by: Actor, *, limit: int = 50) -> Sequence[Deputy]:
    """Whom one has named, and who has named oneself, newest first; with both people."""
    mine = sa.or_(Deputy.person_id == by.id, Deputy.deputy_id == by.id)
    query = sa.select(Deputy).where(mine).options(joinedload(Deputy.person), joinedload(Deputy.deputy))
    return session.scalars(query.order_by(Deputy.id.desc()).limit(limit)).all()
