"""Who wants to know when the facts of an order in the field have come to an end, or were corrected after it.

Features above register here; the field knows none of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.papers import count_papers


class Listener(Protocol):
    """Something that follows from the end of a visit. It runs in the same transaction, so it may ask for jobs."""

    def __call__(self, session: Session, order_id: int, *, at: datetime) -> object: ...


_listeners: list[Listener] = []


def on_visit_end(listener: Listener) -> Listener:
    """Register a listener; the same one counts once."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def tell(session: Session, order_id: int, *, at: datetime) -> None:
    """A visit of this order has ended, or something it left behind was corrected."""
    for listener in _listeners:
        listener(session, order_id, at=at)


def follow(session: Session, order: Order, *, at: datetime) -> None:
    """Something of an order that is not closed is otherwise than it was: who follows its end hears of it, if there was one."""
    session.flush()
    if order.status == "closed":
        return
    if session.scalar(sa.select(Visit.id).where(Visit.order_id == order.id, Visit.status == "finished").limit(1)):
        tell(session, order.id, at=at)
    else:
        # Before the first visit ends there is no sheet that could be wrong; one that was broken off may have left the order done.
        count_papers(session, order, at=at)
