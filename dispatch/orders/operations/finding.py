"""Keeping orders findable: when a customer or vehicle gets another name, its orders are looked for by the new one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.customers.operations import on_renamed
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.operations.taking import searchable


@on_renamed
def renew_search(session: Session, *, customer_id: int | None = None, vehicle_id: int | None = None) -> None:
    """Write the search words of all orders of a customer or a vehicle anew; their versions stay."""
    query = sa.select(Order).options(
        joinedload(Order.customer), joinedload(Order.site), selectinload(Order.lines).joinedload(OrderLine.vehicle)
    )
    if customer_id is not None:
        query = query.where(Order.customer_id == customer_id)
    if vehicle_id is not None:
        query = query.where(Order.id.in_(sa.select(OrderLine.order_id).where(OrderLine.vehicle_id == vehicle_id)))
    for order in session.scalars(query.order_by(Order.id)):
        words = searchable(order, order.customer, order.site, (line.vehicle for line in order.lines))
        session.execute(sa.update(Order.__table__).where(Order.__table__.c.id == order.id).values(search_text=words))  # type: ignore[arg-type]
