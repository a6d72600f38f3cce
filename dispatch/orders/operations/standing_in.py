"""In whose place a deputy decides the open step of an order, and who cannot decide it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.approvals.operations import steps
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import OrderFacts
from dispatch.orders.models import Approval, Order
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor


def place_of(session: Session, order: Order, step: Approval, by: Actor, at: datetime) -> Person | None:
    """The absent person for whom `by` decides the open step of an order; None where he decides for himself. Raises like that of
    every ladder."""
    return steps.place_of(session, step, order.branch_id, lambda: who_cannot(facts_of(session, order, by)), by=by, at=at)


def who_cannot(facts: OrderFacts) -> set[int | None]:
    """Who cannot decide the open level: whoever asked for the order, and whoever had a hand in an earlier level."""
    return {facts.created_by_id, facts.step_requested_by_id, *facts.asked_by, *facts.decided_by}
