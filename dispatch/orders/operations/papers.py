"""Counting what an order lacks before it can be closed, for the pages that show it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.orders.facts import owed_papers
from dispatch.orders.models import Order, OrderPapers
from dispatch.words import text_to_json


def count_papers(session: Session, order: Order, *, at: datetime) -> None:
    """Write down what is missing now; to be called in the transaction that changed it."""
    session.flush()
    missing = [{**text_to_json(p.text), "owes": p.owes, "place": p.place} for p in owed_papers(session, order)]
    row = insert(OrderPapers).values(order_id=order.id, missing=missing, at=at)
    session.execute(row.on_conflict_do_update(index_elements=[OrderPapers.order_id], set_={"missing": missing, "at": at}))
