"""Whose hands a decision goes through: in whose place a deputy decides, and who made the link by which it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.approvals.operations import steps
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import OrderFacts
from dispatch.orders.models import Approval, Order
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class Hands:
    """Beside whoever decides: the absent person in whose place he does, and who made the link that he used."""

    place: Person | None = None
    link_by: Person | None = None

    @property
    def told(self) -> dict[str, str]:
        """What the history keeps of it."""
        named = {"for": self.place, "link_by": self.link_by}
        return {key: person.name for key, person in named.items() if person is not None}


def place_of(session: Session, order: Order, step: Approval, by: Actor, at: datetime) -> Person | None:
    """The absent person for whom `by` decides the open step of an order; None where he decides for himself. Raises like that of
    every ladder."""
    return steps.place_of(session, step, order.branch_id, lambda: who_cannot(facts_of(session, order, by)), by=by, at=at)


def who_cannot(facts: OrderFacts) -> set[int | None]:
    """Who cannot decide the open level: whoever asked for the order, and whoever had a hand in an earlier level."""
    return {facts.created_by_id, facts.step_requested_by_id, *facts.asked_by, *facts.decided_by}
