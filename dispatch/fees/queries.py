"""Reading the price list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from dispatch.fees.models import Price


def prices_on(session: Session, day: date) -> Sequence[Price]:
    """The price of each code that is valid on a day, by code."""
    newest = sa.select(Price).where(Price.valid_from <= day).order_by(Price.code, Price.valid_from.desc())
    return session.scalars(newest.ext(distinct_on(Price.code))).all()


@dataclass(frozen=True)
class Listed:
    """One code of the list: what it costs on a day (None: not yet), and the next price to come."""

    code: str
    valid: Price | None
    next: Price | None

    @property
    def shown(self) -> Price:
        """The price to name the row by."""
        found = self.valid or self.next
        assert found is not None
        return found


def prices_by_code(session: Session, day: date) -> Sequence[Listed]:
    """Every code with its price on a day and the next one, parts first, then by code."""
    coming = sa.select(Price).where(Price.valid_from > day).order_by(Price.code, Price.valid_from)
    later = {price.code: price for price in session.scalars(coming.ext(distinct_on(Price.code)))}
    valid = {price.code: price for price in prices_on(session, day)}
    rows = [Listed(code, valid.get(code), later.get(code)) for code in valid.keys() | later.keys()]
    return sorted(rows, key=lambda row: (row.shown.category, row.code))


def prices_of(session: Session, code: str) -> Sequence[Price]:
    """All prices of one code, the latest first."""
    return session.scalars(sa.select(Price).where(Price.code == code).order_by(Price.valid_from.desc())).all()
