"""Writing the rules by which swaps ask for a binding, and counting the papers of finished orders anew when they change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.audit.operations import record
from dispatch.devices.models import Fitting
from dispatch.devices.sim_binding_models import BindingRule
from dispatch.devices.sim_binding_rules import MODES
from dispatch.errors import Invalid, NotFound
from dispatch.jobs import enqueue
from dispatch.orders.models import Order
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST = 60


def write_rule(
    session: Session, *, branch_id: int | None, carrier: str, plan: str, mode: str, by: Actor, at: datetime
) -> BindingRule:
    """Write a rule for the SIMs of a branch, a carrier or a plan ("" and None: any); the one before it ends. The same again
    changes nothing. Raises Invalid beside what is missing, NotFound for an unknown branch."""
    by.must("binding.rules")
    named = {"carrier": " ".join(carrier.split())[:LONGEST] or None, "plan": " ".join(plan.split())[:LONGEST] or None}
    if mode not in MODES:
        raise Invalid({"mode": say("Choose one of these.")})
    if named["plan"] and not named["carrier"]:
        raise Invalid({"carrier": say("Name the carrier whose plan it is.")})
    if branch_id is not None and session.get(Branch, branch_id) is None:
        raise NotFound
    before = _standing(session, branch_id, **named)
    if before is not None and before.mode == mode:
        return before
    if before is not None:
        _end(before, by, at)
        session.flush()
    made = BindingRule(branch_id=branch_id, **named, mode=mode, by_id=by.id, by_name=by.name, at=at)
    session.add(made)
    session.flush()
    _tell(session, made, "write", by, at)
    return made


def end_rule(session: Session, rule_id: int, *, by: Actor, at: datetime) -> BindingRule:
    """A rule no longer counts; ended again it stays as it was. Raises NotFound."""
    by.must("binding.rules")
    rule = session.get(BindingRule, rule_id, with_for_update=True, populate_existing=True)
    if rule is None:
        raise NotFound
    if rule.ended_at is None:
        _end(rule, by, at)
        session.flush()
        _tell(session, rule, "end", by, at)
    return rule


def rules_written(session: Session) -> Sequence[BindingRule]:
    """The rules that count, those that are about most before those about least."""
    query = sa.select(BindingRule).where(BindingRule.ended_at.is_(None)).options(joinedload(BindingRule.branch))
    named = (BindingRule.branch_id, BindingRule.carrier, BindingRule.plan)
    return session.scalars(query.order_by(*(column.asc().nulls_first() for column in named))).all()


def _standing(session: Session, branch_id: int | None, *, carrier: str | None, plan: str | None) -> BindingRule | None:
    same = (
        BindingRule.branch_id.is_not_distinct_from(branch_id),
        BindingRule.carrier.is_not_distinct_from(carrier),
        BindingRule.plan.is_not_distinct_from(plan),
    )
    return session.scalar(sa.select(BindingRule).where(*same, BindingRule.ended_at.is_(None)).with_for_update())


def _end(rule: BindingRule, by: Actor, at: datetime) -> None:
    rule.ended_by_id, rule.ended_by_name, rule.ended_at = by.id, by.name, at


def _tell(session: Session, rule: BindingRule, what: str, by: Actor, at: datetime) -> None:
    detail = {name: getattr(rule, name) for name in ("branch_id", "carrier", "plan", "mode")}
    record(session, ("binding_rule", rule.id), f"binding.{what}", by=by, at=at, detail=detail)
    swapped = sa.select(Fitting.order_id).join(Order, Order.id == Fitting.order_id)
    for order_id in session.scalars(swapped.where(Order.status == "done", Fitting.kind == "swap").distinct()):
        enqueue(session, "orders.count_papers", lock=f"order:{order_id}", order_id=order_id)
