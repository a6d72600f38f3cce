"""Reading the price list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Price


def prices_on(session: Session, day: date) -> Sequence[Price]:
    """The price of each code that is valid on a day, by code."""
    newest = sa.select(Price).where(Price.valid_from <= day).order_by(Price.code, Price.valid_from.desc())
    return session.scalars(newest.distinct(Price.code)).all()
