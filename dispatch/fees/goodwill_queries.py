"""Reading goodwill: what was asked for and approved."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.goodwill_models import Goodwill


def goodwill_of(session: Session, order_id: int) -> dict[int, Goodwill]:
    """The request that counts for each vehicle (line) of an order: the newest."""
    query = sa.select(Goodwill).where(Goodwill.order_id == order_id).order_by(Goodwill.id)
    return {row.line_id: row for row in session.scalars(query)}
