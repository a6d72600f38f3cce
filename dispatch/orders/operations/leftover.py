"""Vehicles that did not come get an order of their own, so that the first one can end (fleet installations)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from dispatch.errors import Invalid, RuleBroken
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.moves import locked_order, move_line
from dispatch.orders.operations.taking import NewLine, NewOrder, order_saved, take_order
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class LeftOver:
    """What the form asks: the day wanted, a note, the version of the order that was read, and the form's own UUID."""

    wanted_on: date | None
    note: str | None
    version: int
    key: uuid.UUID


def carry_over(session: Session, order_id: int, wanted: LeftOver, *, by: Actor, at: datetime, zone: str, today: date) -> Order:
    """Make an order of the vehicles that were left over, as the first one describes them; it needs its own approval (P3).

    The same key again is the order that it made. Raises RuleBroken where nothing is left over, Conflict for an old page,
    Invalid for a day that is over.
    """
    by.must("order.take")
    made = order_saved(session, wanted.key)
    if made is not None:
        return made
    first = locked_order(session, order_id, version=wanted.version)
    left = [line for line in first.lines if line.status == "residual"]
    if not left:
        raise RuleBroken(say("No vehicle of this order is left over."))
    _check_day(wanted.wanted_on, today)
    lines, new = [_again(line) for line in left], _as_before(first, wanted)
    order = take_order(session, new=new, customer=first.customer, site=first.site, lines=lines, by=by, at=at, zone=zone)
    order.left_from_id = first.id
    for line in left:
        move_line(session, line, "carry_over", by=by, at=at, reason=f"→ {order.number}")
    return order


def _check_day(day: date | None, today: date) -> None:
    if day and day < today:
        raise Invalid({"wanted_on": say("This day is over: choose one from today on.")})


def _as_before(first: Order, wanted: LeftOver) -> NewOrder:
    return NewOrder(
        kind=first.kind,
        contact_name=first.contact_name,
        contact_phone=first.contact_phone,
        request_key=wanted.key,
        urgency=first.urgency,
        channel=first.channel,
        wanted_on=wanted.wanted_on,
        product_model=first.product_model,
        purchased_on=first.purchased_on,
        symptom=first.symptom,
        symptom_text=first.symptom_text,
        diagnosis=first.diagnosis,
        note=wanted.note,
    )


def _again(line: OrderLine) -> NewLine:
    return NewLine(
        vehicle=line.vehicle,
        model=line.model,
        role=line.role,
        site=line.own_site,
        source_row=line.source_row,
        parking=line.parking,
        remark=line.remark,
        attention=line.attention,
    )
