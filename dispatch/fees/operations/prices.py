"""Changing the price list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Invalid, NotFound
from dispatch.fees.models import Price
from dispatch.fees.queries import prices_of
from dispatch.staff.rules import Actor
from dispatch.words import say


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
    replacing = fresh.on_conflict_do_update(index_elements=["code", "valid_from"], set_=changed)
    session.execute(replacing, [price.__dict__ for price in prices])
    listed = [[price.code, price.amount, price.valid_from] for price in prices]
    record(session, ("prices", 1), "prices.set", by=by, at=at, detail={"prices": listed})
    return len(prices)


def change_price(session: Session, price: NewPrice, *, known: bool, today: date, by: Actor, at: datetime) -> None:
    """Set one price from today or a later day on; what was charged before stays as it was.

    `known` says whether the code should be in the list already. Raises Invalid for a day in the past or a code that is taken.
    """
    if price.valid_from < today:
        raise Invalid({"valid_from": say("A price can be set from today on; the past stays as it was.")})
    listed = bool(prices_of(session, price.code))
    if listed and not known:
        raise Invalid({"code": say("This code is in the list already.")})
    if known and not listed:
        raise NotFound
    set_prices(session, [price], by=by, at=at)
