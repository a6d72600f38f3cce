"""Which orders are paid jobs: those at which whoever comes has something to collect (P10, P11)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.clock import local_day
from dispatch.devices.queries import fitted
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question
from dispatch.fees.goodwill_models import Goodwill
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.terms import late_payers
from dispatch.orders.models import Order, OrderLine

LINE_TO_DO = ("open", "residual")


def paid_jobs(session: Session, order_ids: Collection[int], *, at: datetime) -> frozenset[int]:
    """Those of the orders at which something is to be collected: it is due already, the customer owes beyond his terms, or a
    vehicle to be repaired is not in warranty, so that its parts are charged. Nothing asked costs nothing."""
    if not order_ids:
        return frozenset()
    owing = frozenset(session.scalars(sa.select(Order.id).where(Order.id.in_(order_ids), sa.or_(_due(), _late(at)))))
    return owing | _out_of_warranty(session, [each for each in order_ids if each not in owing], at)


def _due() -> sa.ColumnElement[bool]:
    charged = sa.select(sa.func.sum(Charge.amount)).where(Charge.order_id == Order.id).scalar_subquery()
    received = sa.select(sa.func.sum(Receipt.amount)).where(Receipt.order_id == Order.id).scalar_subquery()
    return sa.func.coalesce(charged, 0) > sa.func.coalesce(received, 0)


def _late(at: datetime) -> sa.ColumnElement[bool]:
    return Order.customer_id.in_(late_payers(at))


def _out_of_warranty(session: Session, order_ids: Sequence[int], at: datetime) -> frozenset[int]:
    """Repairs with a vehicle to be done whose terminal no warranty covers today, and that nobody has forgiven."""
    given = sa.exists().where(Goodwill.line_id == OrderLine.id, Goodwill.state == "approved")
    rows = sa.select(OrderLine).join(OrderLine.order).where(Order.kind == "repair", Order.id.in_(order_ids), ~given)
    whole = (joinedload(OrderLine.vehicle), joinedload(OrderLine.order).joinedload(Order.branch))
    lines = session.scalars(rows.where(OrderLine.status.in_(LINE_TO_DO)).options(*whole)).all() if order_ids else []
    return frozenset(line.order_id for line in _uncovered(session, lines, at))


def _uncovered(session: Session, lines: Sequence[OrderLine], at: datetime) -> Iterable[OrderLine]:
    if not lines:
        return
    inside = fitted(session, [line.vehicle_id for line in lines])
    zone = lines[0].order.branch.zone
    held = warranties(session, {line.id: _asked(line, inside.get(line.vehicle_id, {}).get("terminal")) for line in lines}, zone)
    for line in lines:
        if not held[line.id].holds_on(local_day(at, line.order.branch.zone)):
            yield line


def _asked(line: OrderLine, terminal: object) -> Question:
    bought = line.order.purchased_on or line.vehicle.purchased_on
    unit_id = getattr(terminal, "id", None)
    return Question(line.vehicle.customer_id, unit_id, purchased_on=bought, model=line.model or line.order.product_model)
