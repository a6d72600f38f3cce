"""Changing who else approves. What was sent in before keeps the levels that held then."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import ApprovalRule
from dispatch.approvals.rules import BUSINESS, LevelRule
from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.words import say


def add_rule(session: Session, rule: LevelRule, *, key: uuid.UUID, by: Actor, at: datetime) -> ApprovalRule:
    """Ask for these levels from now on. The same `key` again is the first rule.

    Raises Invalid where it names nobody, somebody twice or an empty span, Conflict where the same rule holds already.
    """
    by.must("approval.rules")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("approval rules", 0))))
    rows = session.scalars(sa.select(ApprovalRule).where(sa.or_(ApprovalRule.key == key, ApprovalRule.ended_at.is_(None)))).all()
    before = next((row for row in rows if row.key == key), None)
    if before is not None:
        return before
    _check(rule)
    if any(row.rule == rule for row in rows):
        raise Conflict(say("This rule holds already."))
    row = ApprovalRule(key=key, kind=rule.kind, branch_id=rule.branch_id, least=rule.least, most=rule.most)
    row.roles, row.added_by_id, row.added_at = list(rule.roles), by.id or 0, at
    session.add(row)
    session.flush()
    record(session, ("approval_rule", row.id), "approval_rule.add", by=by, at=at, detail=_as_kept(row))
    return row


def end_rule(session: Session, rule_id: int, *, by: Actor, at: datetime) -> ApprovalRule:
    """Ask for these levels no longer. Raises NotFound, and Conflict once somebody has ended it."""
    by.must("approval.rules")
    row = session.get(ApprovalRule, rule_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.ended_at is not None:
        raise Conflict(say("This rule was taken away already."))
    row.ended_by_id, row.ended_at = by.id, at
    session.flush()
    record(session, ("approval_rule", row.id), "approval_rule.end", by=by, at=at, detail=_as_kept(row))
    return row


def _check(rule: LevelRule) -> None:
    wrong, business = {}, BUSINESS[rule.kind]
    if not set(rule.roles) <= set(business.names):
        wrong["first"] = say("Choose one of these.")
    elif not rule.roles and not business.usual:
        wrong["first"] = say("Say who approves after the first.")
    elif len(set(rule.roles)) < len(rule.roles):
        wrong["first"] = say("Nobody approves twice: name each only once.")
    if rule.most is not None and rule.most < rule.least:
        wrong["most"] = say("This is less than the beginning.")
    if wrong:
        raise Invalid(wrong)


def _as_kept(row: ApprovalRule) -> dict[str, object]:
    sizes = {"least": str(row.least), "most": str(row.most) if row.most is not None else None}
    return {"kind": row.kind, "branch": row.branch_id, "roles": list(row.roles), **sizes}
