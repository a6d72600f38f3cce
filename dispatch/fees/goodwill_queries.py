"""Reading goodwill: what was asked for, what was approved, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Vehicle
from dispatch.fees.goodwill_models import Goodwill
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor


def goodwill_of(session: Session, order_id: int) -> dict[int, Goodwill]:
    """The request that counts for each vehicle (line) of an order: the newest."""
    query = sa.select(Goodwill).where(Goodwill.order_id == order_id).order_by(Goodwill.id)
    return {row.line_id: row for row in session.scalars(query)}


@dataclass(frozen=True)
class AskedGoodwill:
    """A request that waits, with its order and vehicle."""

    goodwill: Goodwill
    order: Order
    vehicle: Vehicle
    position: int


def goodwill_waiting(session: Session, by: Actor, *, limit: int = 200) -> Sequence[AskedGoodwill]:
    """Requests that the reader may decide, the oldest first."""
    if not by.may("favour.approve"):
        return []
    query = (
        sa.select(Goodwill, Order, Vehicle, OrderLine.position)
        .join(Order, Order.id == Goodwill.order_id)
        .join(OrderLine, OrderLine.id == Goodwill.line_id)
        .join(Vehicle, Vehicle.id == OrderLine.vehicle_id)
        .where(Goodwill.state == "open", Goodwill.asked_by_id != by.id, visible(by))
        .options(joinedload(Order.customer))
        .order_by(Goodwill.asked_at, Goodwill.id)
        .limit(limit)
    )
    return [AskedGoodwill(*row) for row in session.execute(query).unique()]
