"""Taking all of an order that nobody has set out for off the plan at once, and putting exactly that back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.bulk_rules import NOBODY_PLANNED
from dispatch.orders.models import Visit
from dispatch.orders.operations.moves import locked_order, move_visit
from dispatch.orders.operations.visits import NewVisit, plan_visit, take_off_plan
from dispatch.staff.rules import Actor
from dispatch.words import say

IDLE = ("planned", "dispatched")


@dataclass(frozen=True)
class TakenOff:
    """A visit as it stood before it was taken off the plan."""

    new: NewVisit
    dispatched: bool

    def as_json(self) -> dict[str, Any]:
        """As it is kept in a row."""
        new = self.new
        times = {"starts_at": new.starts_at.isoformat(), "ends_at": new.ends_at.isoformat()}
        more = {"technician_id": new.technician_id, "line_ids": list(new.line_ids), "sequence": new.sequence}
        return times | more | {"by_hand": new.by_hand, "dispatched": self.dispatched}


def taken_off_from_json(order_id: int, kept: dict[str, Any]) -> TakenOff:
    """What `as_json` gave, as a visit to be planned again."""
    facts = {name: kept[name] for name in ("technician_id", "sequence", "by_hand")}
    start, end = (datetime.fromisoformat(kept[name]) for name in ("starts_at", "ends_at"))
    return TakenOff(
        NewVisit(order_id, starts_at=start, ends_at=end, line_ids=tuple(kept["line_ids"]), **facts), kept["dispatched"]
    )


def idle_visits(session: Session, order_id: int) -> list[TakenOff]:
    """The visits of an order that nobody has set out for, as they stand."""
    return [as_it_stands(visit) for visit in _idle(session, order_id)]


def _idle(session: Session, order_id: int) -> Sequence[Visit]:
    query = sa.select(Visit).where(Visit.order_id == order_id, Visit.status.in_(IDLE))
    return session.scalars(query.options(selectinload(Visit.visit_lines)).order_by(Visit.id)).all()


def as_it_stands(visit: Visit) -> TakenOff:
    """A visit as it could be planned again."""
    lines = tuple(row.line_id for row in visit.visit_lines)
    who_when = (visit.order_id, visit.technician_id, visit.starts_at, visit.ends_at, lines)
    return TakenOff(NewVisit(*who_when, sequence=visit.sequence, by_hand=visit.by_hand), visit.status == "dispatched")


def take_order_off(session: Session, order_id: int, *, version: int, reason: str, by: Actor, at: datetime) -> None:
    """Take every visit of an order that nobody has set out for off the plan, with a reason.

    Raises Conflict for a stale page, RuleBroken where there is none, Invalid without a reason.
    """
    by.must("order.plan")
    order = locked_order(session, order_id, version=version)
    visits = _idle(session, order.id)
    if not visits:
        raise RuleBroken(NOBODY_PLANNED)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    take_off_plan(session, visits, by=by, at=at, reason=reason.strip())


def put_back(session: Session, visits: Sequence[TakenOff], *, by: Actor, at: datetime) -> None:
    """Plan again what was taken off, and send it out again where it was. Raises as planning does."""
    for each in visits:
        visit = plan_visit(session, each.new, by=by, at=at)
        if each.dispatched:
            move_visit(session, visit, "dispatch", by=by, at=at)
