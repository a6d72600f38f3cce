"""Reading what was chosen in the order list, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.errors import NotFound
from dispatch.orders.bulk_models import BulkAct, BulkItem
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.rules import Actor


def orders_chosen(session: Session, order_ids: Collection[int], by: Actor) -> Sequence[Order]:
    """Those of the orders that the reader may see, newest first as in the list."""
    query = sa.select(Order).where(Order.id.in_(order_ids), visible(by)).order_by(Order.id.desc())
    return session.scalars(query.options(joinedload(Order.customer), joinedload(Order.owner))).all()


def ids_visible(session: Session, order_ids: Collection[int], by: Actor) -> Sequence[int]:
    """The same by their ids alone, in the order in which they are to be locked."""
    return session.scalars(sa.select(Order.id).where(Order.id.in_(order_ids), visible(by)).order_by(Order.id)).all()


@dataclass(frozen=True)
class Done:
    """What somebody did to several orders: the act, and each order's item with its number."""

    act: BulkAct
    items: Sequence[tuple[BulkItem, str]]

    @property
    def done(self) -> list[tuple[BulkItem, str]]:
        """Those to which it was done."""
        return [(item, number) for item, number in self.items if item.refused is None]

    @property
    def to_undo(self) -> list[int]:
        """The orders for which it can still be taken back."""
        return [item.order_id for item, _number in self.done if item.undone_at is None]


def bulk_done(session: Session, act_id: int, by: Actor) -> Done:
    """One's own act with all its orders. Raises NotFound for somebody else's."""
    query = sa.select(BulkAct, BulkItem, Order.number).join(BulkItem, BulkItem.act_id == BulkAct.id)
    query = query.join(Order, Order.id == BulkItem.order_id).where(BulkAct.id == act_id, BulkAct.by_id == by.id)
    rows = session.execute(query.order_by(Order.id.desc())).all()
    if not rows:
        raise NotFound
    return Done(rows[0][0], [(item, number) for _act, item, number in rows])
