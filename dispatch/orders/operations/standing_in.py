"""Whose hands a decision goes through: in whose place a deputy decides, and who made the link by which it is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.lifecycle import OrderFacts
from dispatch.orders.models import Approval, Order
from dispatch.permissions import allows
from dispatch.staff.deputies import deputies_at
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of
from dispatch.staff.rules import Actor
from dispatch.words import say


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
    """The absent person for whom `by` decides the open step; None where he decides for himself.

    Who could decide it in his own right does. Nobody decides through a deputy what he has asked for, or a second level. Raises
    RuleBroken for somebody of another branch who stands in for nobody who could decide. Whether `by` may decide is asked
    elsewhere.
    """
    if by.sees_branch(order.branch_id) and by.may(step.permission):
        return None
    rows = deputies_at(session, at, deputy_id=by.id, lock=True)
    barred = who_cannot(facts_of(session, order, by)) if rows else set()
    could = (row.person for row in rows if row.person_id not in barred and _could(row.person, order, step))
    found = next(could, None)
    if found is None and not by.sees_branch(order.branch_id):
        raise RuleBroken(say("This order is another branch's, and you stand in for nobody there who could decide it."))
    return found


def who_cannot(facts: OrderFacts) -> set[int | None]:
    """Who cannot decide the open level: whoever asked for the order, and whoever had a hand in an earlier level."""
    return {facts.created_by_id, facts.step_requested_by_id, *facts.asked_by, *facts.decided_by}


def _could(person: Person, order: Order, step: Approval) -> bool:
    return allows(person.roles, step.permission) and actor_of(person).sees_branch(order.branch_id)
