"""Who wants to know when the facts of an order in the field have come to an end, or were corrected after it.

Features above register here; the field knows none of them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


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
