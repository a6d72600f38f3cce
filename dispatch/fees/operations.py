"""Changing the price list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.fees.models import Price
from dispatch.staff.rules import Actor


@dataclass(frozen=True)
class NewPrice:
    """A price from a day on, tax included, in yuan; `tax_rate` is a share (0.13)."""

    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    valid_from: date


def set_prices(session: Session, prices: Sequence[NewPrice], *, by: Actor, at: datetime) -> int:
    """Add prices; the same code and day again replaces what was there. Returns how many."""
    by.must("price.change")
    fresh = insert(Price)
    changed = {name: fresh.excluded[name] for name in ("name", "category", "amount", "tax_rate")}
    session.execute(fresh.on_conflict_do_update(index_elements=["code", "valid_from"], set_=changed), [p.__dict__ for p in prices])
    record(session, ("prices", 1), "prices.set", by=by, at=at, detail={"prices": [[p.code, p.amount, p.valid_from] for p in prices]})
    return len(prices)
