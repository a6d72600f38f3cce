"""Goodwill (P10): asked for with a reason, decided by somebody else, and only then the parts of that vehicle are free."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.goodwill_models import ASKED_ALREADY, OWN_REQUEST, Goodwill
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Charge
from dispatch.fees.operations.charging import check_open, take_back_row
from dispatch.fees.queries import charges_of, warranty_of_line
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say

LONGEST_REASON = 500


def ask_goodwill(
    session: Session, order_id: int, line_id: int, *, reason: str, key: uuid.UUID, by: Actor, at: datetime
) -> Goodwill:
    """Ask that a vehicle's repair counts as in warranty; nothing is free before somebody else has approved.

    The same `key` again is the first request. Raises NotFound, Invalid without a reason, RuleBroken where the warranty holds or
    the order is no repair at work, Conflict when it was asked for before.
    """
    by.must("goodwill.ask")
    order = locked_order(session, order_id)
    if not by.sees_branch(order.branch_id) or by.id is None:
        raise NotFound
    before = session.scalar(sa.select(Goodwill).where(Goodwill.key == key))
    if before is not None:
        return before
    _check_askable(session, order, _line(session, order, line_id), at)
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    row = Goodwill(order_id=order.id, line_id=line_id, state="open", reason=reason.strip()[:LONGEST_REASON], key=key)
    row.asked_by_id, row.asked_by_name, row.asked_at = by.id, by.name, at
    session.add(row)
    session.flush()
    detail = {"line": line_id, "goodwill": row.id, "reason": row.reason}
    record(session, ("order", order.id), "goodwill.ask", by=by, at=at, detail=detail)
    return row


def _line(session: Session, order: Order, line_id: int) -> OrderLine:
    line = session.get(OrderLine, line_id)
    if line is None or line.order_id != order.id:
        raise NotFound
    return line


def _check_askable(session: Session, order: Order, line: OrderLine, at: datetime) -> None:
    check_open(order)
    if order.kind != "repair":
        raise RuleBroken(say("Goodwill is for repairs."))
    day = local_day(at, order.branch.zone)
    found = warranty_of_line(session, order, line, day=day)
    if found.holds_on(day):
        raise RuleBroken(say("It is in warranty until %(day)s: no goodwill is needed.", day=found.until))
    before = goodwill_of(session, order.id).get(line.id)
    if before is not None and before.state != "refused":
        raise Conflict(ASKED_ALREADY)


def settle_goodwill(session: Session, goodwill_id: int, *, approve: bool, reason: str, by: Actor, at: datetime) -> Goodwill:
    """Approve or refuse a request. Approved, the parts of the vehicle that were charged for being out of warranty are taken back.

    Raises NotFound, Invalid where a refusal has no reason, RuleBroken for whoever has asked, Conflict when it was decided before.
    """
    by.must("favour.approve")
    order_id = session.scalar(sa.select(Goodwill.order_id).where(Goodwill.id == goodwill_id))
    if order_id is None:
        raise NotFound
    order = locked_order(session, order_id)
    row = session.get_one(Goodwill, goodwill_id, with_for_update=True, populate_existing=True)
    _check_decidable(row, order, by)
    if not approve and not reason.strip():
        raise Invalid({"decision": say("Please give a reason.")})
    row.state = "approved" if approve else "refused"
    row.decided_by_id, row.decided_by_name, row.decided_at = by.id, by.name, at
    row.decision_reason = reason.strip()[:LONGEST_REASON] or None
    session.flush()
    detail = {"line": row.line_id, "goodwill": row.id, "name": row.asked_by_name, "reason": row.decision_reason or row.reason}
    if approve:
        record(session, ("order", order.id), "goodwill.approve", by=by, at=at, detail=detail)
    else:
        record(session, ("order", order.id), "goodwill.refuse", by=by, at=at, detail=detail)
    for charge in _charged(session, row) if approve else ():
        take_back_row(session, order, charge, row.reason, by=by, at=at)
    return row


def _check_decidable(row: Goodwill, order: Order, by: Actor) -> None:
    if not by.sees_branch(order.branch_id):
        raise NotFound
    if row.state != "open":
        raise Conflict(say("%(name)s has decided this already.", name=row.decided_by_name))
    if row.asked_by_id == by.id:
        raise RuleBroken(OWN_REQUEST)
    check_open(order)


def _charged(session: Session, row: Goodwill) -> list[Charge]:
    """What stands on the bill of the vehicle for being out of warranty."""
    charges = charges_of(session, row.order_id)
    back = {charge.reverses_id for charge in charges}
    return [
        charge
        for charge in charges
        if charge.line_id == row.line_id
        and charge.rule == "part_out_of_warranty"
        and charge.reverses_id is None
        and charge.id not in back
    ]
