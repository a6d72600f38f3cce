"""Which orders are paid jobs: those at which whoever comes has something to collect (P10, P11)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.customers.models import Vehicle
from dispatch.devices.models import CustodyPosition, Holder, Unit
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question
from dispatch.fees.goodwill_models import Goodwill
from dispatch.fees.models import Charge, Receipt
from dispatch.fees.terms import late_payers
from dispatch.orders.models import Order, OrderLine
from dispatch.staff.models import Branch

LINE_TO_DO = ("open", "residual")


def paid_jobs(session: Session, order_ids: Collection[int], *, at: datetime) -> frozenset[int]:
    """Those of the orders at which something is to be collected: it is due already, the customer owes beyond his terms, or a
    vehicle to be repaired is not in warranty, so that its parts are charged. Two statements at most; nothing asked costs nothing.
    """
    rows = session.execute(_asked(order_ids, at)).all() if order_ids else []
    owing = {row.order_id for row in rows if row.owes}
    repairs = [row for row in rows if row.line_id and row.order_id not in owing]
    return frozenset(owing | {row.order_id for row in _uncovered(session, repairs, at)})


def _asked(order_ids: Collection[int], at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """SQL: the orders, whether something is owed, and of repairs each vehicle to be done that nobody has forgiven."""
    given = sa.exists().where(Goodwill.line_id == OrderLine.id, Goodwill.state == "approved")
    to_do = sa.and_(OrderLine.order_id == Order.id, Order.kind == "repair", OrderLine.status.in_(LINE_TO_DO), ~given)
    columns = (
        Order.id.label("order_id"),
        Branch.zone,
        OrderLine.id.label("line_id"),
        Vehicle.customer_id,
        sa.func.coalesce(Order.purchased_on, Vehicle.purchased_on).label("bought"),
        sa.func.coalesce(OrderLine.model, Order.product_model).label("model"),
        _terminal().label("unit_id"),
        sa.or_(_due(), Order.customer_id.in_(late_payers(at))).label("owes"),
    )
    rows = sa.select(*columns).select_from(Order).join(Branch, Branch.id == Order.branch_id).outerjoin(OrderLine, to_do)
    return rows.outerjoin(Vehicle, Vehicle.id == OrderLine.vehicle_id).where(Order.id.in_(order_ids))


def _due() -> sa.ColumnElement[bool]:
    charged = sa.select(sa.func.sum(Charge.amount)).where(Charge.order_id == Order.id).scalar_subquery()
    received = sa.select(sa.func.sum(Receipt.amount)).where(Receipt.order_id == Order.id).scalar_subquery()
    return sa.func.coalesce(charged, 0) > sa.func.coalesce(received, 0)


def _terminal() -> sa.ScalarSelect[int]:
    """SQL: the terminal that is in the place of a vehicle which a line is about."""
    inside = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    inside = inside.join(Unit, Unit.id == CustodyPosition.unit_id).where(Unit.kind == "terminal")
    here = (Holder.vehicle_id == OrderLine.vehicle_id, Holder.role == OrderLine.role)
    return inside.where(*here).limit(1).correlate(OrderLine).scalar_subquery()


def _uncovered(session: Session, rows: Sequence[Any], at: datetime) -> Iterator[Any]:
    """Those of the vehicles whose terminal no warranty covers today, as far as anybody knows."""
    if rows:
        asked = {row.line_id: Question(row.customer_id, row.unit_id, purchased_on=row.bought, model=row.model) for row in rows}
        held = warranties(session, asked, rows[0].zone)
        yield from (row for row in rows if not held[row.line_id].holds_on(local_day(at, row.zone)))
