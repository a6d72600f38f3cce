"""Recalls: proposed when an order is taken, decided by a person. Nothing about price or warranty hangs on them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.orm import Session, aliased

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.orders.models import Order, OrderLine, Recall, Visit, VisitLine
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.recall_rules import repeats_since
from dispatch.staff.rules import Actor
from dispatch.words import say


def propose_recalls(session: Session, orders: Iterable[Order], *, at: datetime) -> None:
    """For each vehicle of a repair: the last visit within the days of the rule that did something on the same terminal of it."""
    repairs = [order for order in orders if order.kind == "repair"]
    if not repairs:
        return
    asked = {
        "orders": [order.id for order in repairs],
        "since": [repeats_since(order.received_at) for order in repairs],
        "until": [order.received_at for order in repairs],
    }
    for row in session.execute(_causes(), asked):
        session.add(Recall(proposed_at=at, **row._asdict()))
    session.flush()


@cache
def _causes() -> sa.Select[int, int, int, int, int]:
    old, new = aliased(OrderLine), aliased(OrderLine)
    moment = sa.DateTime(timezone=True)
    arrays = (("orders", sa.BigInteger()), ("since", moment), ("until", moment))
    given = sa.func.unnest(*(sa.bindparam(name, type_=ARRAY(kind)) for name, kind in arrays))
    taken = given.table_valued(*(sa.column(name, kind) for name, kind in arrays), name="taken").render_derived()
    columns = (
        new.id.label("line_id"),
        new.order_id.label("order_id"),
        Visit.id.label("cause_visit_id"),
        Visit.order_id.label("cause_order_id"),
        Visit.technician_id,
    )
    same = sa.and_(old.vehicle_id == new.vehicle_id, old.role == new.role, old.order_id != new.order_id, old.status == "done")
    query = sa.select(*columns).select_from(taken).join(new, new.order_id == taken.c.orders).join(old, same)
    ended = (Visit.finished_at > taken.c.since, Visit.finished_at <= taken.c.until)
    visits = query.join(VisitLine, VisitLine.line_id == old.id).join(Visit, Visit.id == VisitLine.visit_id).where(*ended)
    return visits.order_by(new.id, Visit.finished_at.desc(), Visit.id.desc()).ext(distinct_on(new.id))


def decide_recall(
    session: Session, order_id: int, recall_id: int, *, confirmed: bool, reason: str, by: Actor, at: datetime
) -> Recall:
    """Say whether a repeat is a recall; it can be said otherwise later. The same said again changes nothing.

    Raises NotFound, Invalid without a reason where it is none, RuleBroken for the technician whose work it is about.
    """
    by.must("recall.decide")
    row = session.get(Recall, recall_id)
    if row is None or row.order_id != order_id:
        raise NotFound
    for one in sorted((order_id, row.cause_order_id)):  # both are written to, and always the older one first
        locked_order(session, one)
    session.refresh(row)
    order = session.get_one(Order, order_id)
    state = "confirmed" if confirmed else "denied"
    if row.state == state:
        return row
    if row.technician_id == by.id:
        raise RuleBroken(say("It is about your own work: somebody else has to decide."))
    if not confirmed and not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    row.state, row.reason, row.decided_by_id, row.decided_at = state, reason.strip() or None, by.id, at
    session.flush()
    _tell(session, row, order.number, confirmed=confirmed, by=by, at=at)
    return row


def _tell(session: Session, row: Recall, number: str, *, confirmed: bool, by: Actor, at: datetime) -> None:
    """Both orders tell it in their histories, each naming the other."""
    cause = locked_order(session, row.cause_order_id)
    told: dict[str, Any] = {"line": row.line_id, "number": cause.number} | ({"reason": row.reason} if row.reason else {})
    if confirmed:
        record(session, ("order", row.order_id), "recall.confirm", by=by, at=at, detail=told)
        record(session, ("order", cause.id), "recall.caused", by=by, at=at, detail={"number": number})
    else:
        record(session, ("order", row.order_id), "recall.deny", by=by, at=at, detail=told)
        record(session, ("order", cause.id), "recall.cleared", by=by, at=at, detail={"number": number})
