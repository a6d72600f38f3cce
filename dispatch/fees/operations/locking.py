"""The order of a charge or receipt, locked: with that everything begins that is done about one of them."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound
from dispatch.fees.models import Charge, Receipt
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor


def locked_order_of(session: Session, kind: type[Charge] | type[Receipt], row_id: int, by: Actor) -> Order:
    """The order of a charge or receipt under its lock. Raises NotFound for what is not this person's to see."""
    order_id = session.scalar(sa.select(kind.order_id).join(Order).where(kind.id == row_id, visible(by)))
    if order_id is None:
        raise NotFound
    return locked_order(session, order_id)
