"""Steps of a ladder, whatever it is over: in whose place somebody decides one, and writing down what was decided."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from dispatch.approvals.models import Step
from dispatch.errors import RuleBroken
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


ALONE = Hands()
Barred = Callable[[], Collection[int | None]]
DECIDED = say("Somebody else decided this a moment ago.")
DECIDED_BY_YOU = say("You have decided this already.")

OneStep = TypeVar("OneStep", bound=Step)


def place_of(session: Session, step: Step, branch_id: int, barred: Barred, *, by: Actor, at: datetime) -> Person | None:
    """The absent person for whom `by` decides an open step of a branch; None where he decides for himself.

    Who could decide it in his own right does. Nobody decides through a deputy what he has asked for, or a second level: `barred`
    tells those. Raises RuleBroken for somebody of another branch who stands in for nobody who could decide. Whether `by` may
    decide is asked elsewhere.
    """
    if by.sees_branch(branch_id) and by.may(step.permission):
        return None
    rows = deputies_at(session, at, deputy_id=by.id, lock=True)
    shut = barred() if rows else ()
    could = (row.person for row in rows if row.person_id not in shut and _could(row.person, step, branch_id))
    found = next(could, None)
    if found is None and not by.sees_branch(branch_id):
        raise RuleBroken(say("This is another branch's, and you stand in for nobody there who could decide it."))
    return found


def _could(person: Person, step: Step, branch_id: int) -> bool:
    return allows(person.roles, step.permission) and actor_of(person).sees_branch(branch_id)


def mark(step: Step, decision: str, *, by_id: int | None, at: datetime, hands: Hands = ALONE, reason: str | None = None) -> None:
    """Write down who decided a step, through whose hands, and how."""
    step.for_id = hands.place.id if hands.place else None
    step.link_by_id = hands.link_by.id if hands.link_by else None
    step.decision, step.decided_by_id, step.decided_at, step.reason = decision, by_id, at, reason


def begin(session: Session, step: OneStep, *, by_id: int | None, at: datetime) -> OneStep:
    """Open a step: it waits from now on for whoever may decide it."""
    step.requested_by_id, step.requested_at = by_id or 0, at
    session.add(step)
    session.flush()
    return step
