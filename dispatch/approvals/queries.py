"""Reading the ladder of approval: the rules in force, those that held once, and who could decide a level now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.models import ApprovalRule
from dispatch.approvals.rules import BUSINESS, FEN, LevelRule
from dispatch.config_values import ApprovalStep
from dispatch.permissions import PERMISSIONS
from dispatch.staff.deputies import in_force
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.roster_queries import on_leave

_fixed: tuple[LevelRule, ...] = ()


def configure(steps: Sequence[ApprovalStep]) -> None:
    """The levels that the settings ask for (APPROVALS): they come before the table's and cannot be taken away on a page."""
    global _fixed
    _fixed = tuple(LevelRule(step.kind, (step.role,), _above(step)) for step in steps)


def _above(step: ApprovalStep) -> Decimal:
    return step.above + FEN if BUSINESS[step.kind].in_yuan else Decimal(step.above + 1)


def fixed_rules() -> tuple[LevelRule, ...]:
    """What the settings ask for."""
    return _fixed


def rules_in_force(session: Session) -> list[LevelRule]:
    """What holds for whatever is sent in now: the settings' rules, then the table's in the order in which they were added."""
    query = sa.select(ApprovalRule).where(ApprovalRule.ended_at.is_(None)).order_by(ApprovalRule.id)
    return [*_fixed, *(row.rule for row in session.scalars(query))]


def all_rules(session: Session, *, ended: int = 50) -> tuple[list[ApprovalRule], list[ApprovalRule]]:
    """The table's rules in force, and the last that were ended, newest first; with branch and names."""
    named = (joinedload(ApprovalRule.branch), joinedload(ApprovalRule.added_by), joinedload(ApprovalRule.ended_by))
    rows = session.scalars(sa.select(ApprovalRule).options(*named).order_by(ApprovalRule.id)).all()
    gone = sorted((row for row in rows if row.ended_at is not None), key=lambda row: row.id, reverse=True)
    return [row for row in rows if row.ended_at is None], gone[:ended]


def deciders(session: Session, permission: str, branch_id: int) -> Sequence[Person]:
    """Who works here and could decide a level for a branch: its own people first."""
    return session.scalars(_deciders(permission, branch_id)).all()


def deciders_and_deputies(
    session: Session, permission: str, branch_id: int, at: datetime
) -> list[tuple[Person, Deputy | None, bool]]:
    """The same, each with whoever stands in for him at a moment and works here himself, and whether he is on leave then."""
    there = Deputy.deputy_id.in_(sa.select(Person.id).where(Person.active))
    query = _deciders(permission, branch_id).add_columns(Deputy, on_leave(at))
    query = query.outerjoin(Deputy, sa.and_(Deputy.person_id == Person.id, in_force(at), there))
    rows = session.execute(query.options(joinedload(Deputy.deputy).joinedload(Person.role_rows))).unique()
    return [(person, deputy, away) for person, deputy, away in rows]


def _deciders(permission: str, branch_id: int) -> sa.Select[Person]:
    held = sa.select(PersonRole.person_id)
    everywhere = held.where(PersonRole.role.in_(PERMISSIONS["branches.all"]))
    may = Person.id.in_(held.where(PersonRole.role.in_(PERMISSIONS[permission])))
    here = sa.or_(Person.branch_id == branch_id, Person.id.in_(everywhere))
    return sa.select(Person).where(Person.active, may, here).order_by(Person.branch_id != branch_id, Person.staff_no)
