"""Naming another owner for a difference, or for a line or money of ours in the work list: with a reason, and on record.

Locks: the row that the owner stands in, its audit head, then the new owner's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import HandIn
from dispatch.fees.operations.reversing import reason_given
from dispatch.fees.settling_queries import owed_by_hand_in, settled_sum
from dispatch.finance.match_models import LineMatch, MatchItem
from dispatch.finance.models import Statement, StatementLine
from dispatch.finance.owed_queries import owed_by_match
from dispatch.permissions import PERMISSIONS, allows
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor
from dispatch.words import say

ANSWERS = "fee.take"
"""Who may be named: whoever takes money, since he has a page that tells him."""


@dataclass(frozen=True)
class Kind:
    """Something that has an owner: its table, the columns that name him, and whose history tells of it."""

    table: Any
    owner: str
    name: str
    subject: str


KINDS: dict[str, Kind] = {
    "hand_in": Kind(HandIn, "difference_owner_id", "difference_owner_name", "hand_in"),
    "match": Kind(LineMatch, "owner_id", "owner_name", "line_match"),
    "line": Kind(StatementLine, "owner_id", "owner_name", "statement_line"),
    "item": Kind(MatchItem, "owner_id", "owner_name", "match_item"),
}


def assign(session: Session, kind: str, row_id: int, owner_id: int | None, *, reason: str, by: Actor, at: datetime) -> Any:
    """Name another owner; he sees it among what he answers for, with who named him and why. Gives the row.

    Raises NotFound, NotAllowed for what is one's own, Invalid beside what is wrong, RuleBroken where nothing is open, Conflict
    when he is the owner already.
    """
    by.must("difference.assign")
    what = KINDS[kind]
    row = session.get(what.table, row_id, with_for_update={"of": what.table}, populate_existing=True)
    if row is None or not by.sees_branch(row.branch_id):
        raise NotFound
    before = _owner(session, kind, row)
    if before[0] == by.id:
        raise NotAllowed(say("Nobody gives his own difference to somebody else."))
    owner = _wanted(session, owner_id, row.branch_id, reason)
    if not _is_open(session, kind, row):
        raise RuleBroken(say("Nothing of it is open any more."))
    if owner.id == before[0]:
        raise Conflict(say("%(name)s answers for it already.", name=owner.name))
    setattr(row, what.owner, owner.id)
    setattr(row, what.name, owner.name)
    session.flush()
    told = {"from": before[1], "name": owner.name, "reason": reason_given(reason)}
    record(session, (what.subject, row.id), "difference.assign", by=by, at=at, detail=told)
    record(session, ("person", owner.id), "difference.given", by=by, at=at, detail={**told, "kind": kind, "id": row.id})
    return row


def _wanted(session: Session, owner_id: int | None, branch_id: int, reason: str) -> Person:
    """The new owner: somebody who works in the branch and takes money. Raises Invalid."""
    wrong = {}
    owner = session.get(Person, owner_id) if owner_id else None
    if owner is None or not owner.active or owner.branch_id != branch_id or not allows(owner.roles, ANSWERS):
        wrong["owner"] = say("Who answers for the difference?")
    if not reason.strip():
        wrong["reason"] = say("Please give a reason.")
    if wrong or owner is None:
        raise Invalid(wrong)
    return owner


def _owner(session: Session, kind: str, row: Any) -> tuple[int | None, str]:
    """Who answers for it now: whoever was named, else who took the money or sent the statement."""
    what = KINDS[kind]
    if getattr(row, what.owner) is not None:
        return getattr(row, what.owner), getattr(row, what.name) or ""
    sent = session.get(Statement, row.statement_id) if kind == "line" else row if kind == "item" else None
    return (sent.by_id, sent.by_name) if sent is not None else (None, "")


def _is_open(session: Session, kind: str, row: Any) -> bool:
    if kind in ("line", "item"):
        return bool(row.state == "open")
    if kind == "match" and row.why != "owed":
        return False
    owed = owed_by_hand_in(row) if kind == "hand_in" else owed_by_match(session, row)
    return bool(owed.open(settled_sum(session, owed)))


def people_to_name(session: Session, branch_id: int) -> list[tuple[str, str]]:
    """Whom one may name, for a form."""
    may = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role.in_(PERMISSIONS[ANSWERS]))
    people = sa.select(Person.id, Person.name).where(Person.branch_id == branch_id, Person.active, may)
    return [("", "—"), *((str(id_), name) for id_, name in session.execute(people.order_by(Person.name)))]
