"""Goodwill (P10): asked for with a reason, decided by the levels of its amount, and only then the vehicle's parts are free."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.operations import requests
from dispatch.approvals.operations.requests import LONGEST_REASON, Answer, Asked
from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.errors import Conflict, NotFound, RuleBroken
from dispatch.fees.goodwill_models import ASKED_ALREADY, OVER, Goodwill
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.models import Charge
from dispatch.fees.operations.charging import check_open, take_back_row
from dispatch.fees.operations.favours import decide_favour, follows
from dispatch.fees.parts import uncharged_parts
from dispatch.fees.queries import charges_of, warranty_of_line
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order
from dispatch.staff.rules import Actor
from dispatch.words import say


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
    line = _line(session, order, line_id)
    _check_askable(session, order, line, at)
    amount = _worth(session, order, line_id)
    about = say("%(vehicle)s: this repair is treated as in warranty", vehicle=_vehicle_word(line.vehicle))
    asked = Asked("goodwill", amount, about, reason, key, {"line": line_id})
    request = requests.ask(session, asked, branch_id=order.branch_id, order_id=order.id, by=by, at=at)
    row = Goodwill(order_id=order.id, line_id=line_id, state="open", reason=request.reason, key=key, request_id=request.id)
    row.asked_by_id, row.asked_by_name, row.asked_at = by.id, by.name, at
    session.add(row)
    session.flush()
    return row


def _worth(session: Session, order: Order, line_id: int) -> Decimal | None:
    """What it gives away as far as anybody knows: what stands on the bill of the vehicle, or will for what is fitted already."""
    on_bill = sum((charge.amount for charge in _charged(session, order.id, line_id)), Decimal(0))
    fitted = (part for part in uncharged_parts(session, order) if part.fitting.line_id == line_id and part.price)
    to_come = (part.price.amount for part in fitted if part.price and part.decision.rule == "part_out_of_warranty")
    return sum(to_come, on_bill) or None


def _vehicle_word(vehicle: Vehicle) -> str:
    return show_plate(vehicle.plate) if vehicle.plate else vehicle.vin or "—"


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
    if before is not None and before.state not in OVER:
        raise Conflict(ASKED_ALREADY)


def settle_goodwill(session: Session, goodwill_id: int, *, approve: bool, reason: str, by: Actor, at: datetime) -> Goodwill:
    """Approve or refuse the open level of a request. Approved by the last, the parts of the vehicle that were charged for being
    out of warranty are taken back.

    Raises NotFound, Invalid where a refusal has no reason, RuleBroken for whoever has asked, Conflict when it was decided before.
    """
    row = session.get(Goodwill, goodwill_id)
    if row is None:
        raise NotFound
    if row.request_id is None or row.state != "open":
        raise Conflict(say("%(name)s has decided this already.", name=row.decided_by_name))
    decide_favour(session, row.request_id, Answer(approve, reason), by=by, at=at)
    return row


@follows("goodwill")
def _settled(session: Session, request: Request, order: Order, answer: Answer, by: Actor, at: datetime) -> None:
    row = session.scalars(sa.select(Goodwill).where(Goodwill.request_id == request.id).with_for_update()).one()
    row.state = {"approved": "approved", "rejected": "refused", "withdrawn": "withdrawn"}[request.state]
    row.decided_by_id, row.decided_by_name, row.decided_at = by.id, by.name, at
    row.decision_reason = answer.reason.strip()[:LONGEST_REASON] or None
    session.flush()
    if row.state == "approved":
        for charge in _charged(session, row.order_id, row.line_id):
            take_back_row(session, order, charge, row.reason, by=by, at=at)
        request.state = "done"


def _charged(session: Session, order_id: int, line_id: int) -> list[Charge]:
    """What stands on the bill of the vehicle for being out of warranty."""
    charges = charges_of(session, order_id)
    back = {charge.reverses_id for charge in charges}
    return [
        charge
        for charge in charges
        if charge.line_id == line_id
        and (charge.rule == "part_out_of_warranty" or (charge.rule == "quoted_price" and charge.category == "part"))
        and charge.reverses_id is None
        and charge.id not in back
    ]
