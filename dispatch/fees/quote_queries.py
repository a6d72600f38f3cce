"""Reading quotations: one, those of an order, and how much of an agreed one is still to be charged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.errors import NotFound
from dispatch.fees.models import Charge
from dispatch.fees.quote_models import Quotation, QuotationLine
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor


def quotation_seen(session: Session, quotation_id: int, by: Actor) -> Quotation:
    """One with its lines, of an order that somebody may see. Raises NotFound."""
    query = sa.select(Quotation).join(Order, Order.id == Quotation.order_id).options(selectinload(Quotation.lines))
    found = session.scalar(query.where(Quotation.id == quotation_id, visible(by)))
    if found is None:
        raise NotFound
    return found


def quotations_of(session: Session, order_id: int) -> Sequence[Quotation]:
    """Every quotation of an order, the last one first."""
    query = sa.select(Quotation).where(Quotation.order_id == order_id).options(selectinload(Quotation.lines))
    return session.scalars(query.order_by(Quotation.id.desc())).all()


def quotation_asked(session: Session, request_id: int) -> int | None:
    """Which quotation a request is about."""
    return session.scalar(sa.select(Quotation.id).where(Quotation.request_id == request_id))


@dataclass
class Quoted:
    """What an agreed quotation says of one code, and how many of them are not charged yet."""

    line_id: int
    number: str
    unit_price: Decimal
    left: int


def quoted_prices(session: Session, order_id: int) -> dict[str, Quoted]:
    """Code -> the quoted price of an order whose quotation is agreed; what was taken back may be charged anew. One statement."""
    used = sa.select(sa.func.sum(Charge.quantity)).where(Charge.quoted_line_id == QuotationLine.id).scalar_subquery()
    left = QuotationLine.quantity - sa.func.coalesce(used, 0)
    query = sa.select(QuotationLine.code, QuotationLine.id, Quotation.number, QuotationLine.unit_price, left)
    mine = query.join(Quotation).where(Quotation.order_id == order_id, Quotation.state == "agreed")
    return {code: Quoted(id_, number, price, left) for code, id_, number, price, left in session.execute(mine)}
