"""Which of a vehicle's terminals a line of an order is about, where the vehicle has several."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.slot_rules import ROLES
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.orders.models import OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.queries import ENDED
from dispatch.staff.rules import Actor
from dispatch.words import say


def point_line(session: Session, order_id: int, position: int, role: str, *, by: Actor, at: datetime) -> OrderLine:
    """Say that a line is about the terminal of this role; as it was it changes nothing.

    Raises NotFound for a line that the order does not have, Invalid for no role, RuleBroken once the line or its order is over.
    """
    by.must("order.take")
    order = locked_order(session, order_id)
    line = next((line for line in order.lines if line.position == position), None)
    if line is None:
        raise NotFound
    if role not in ROLES:
        raise Invalid({"role": say("Choose one of these.")})
    if line.role == role:
        return line
    if order.status in ENDED or line.status not in ("open", "residual"):
        raise RuleBroken(say("This vehicle is settled, so what was done at it stays as it is."))
    detail = {"line": line.id, "from": line.role, "to": role}
    line.role = role
    session.flush()
    record(session, ("order", order.id), "line.role", by=by, at=at, detail=detail)
    return line
