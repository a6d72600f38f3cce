"""Changing the price list: everybody's prices, those of branches, and what was agreed with customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.queries import customer
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.fees.models import Price
from dispatch.fees.price_queries import prices_of
from dispatch.staff.queries import branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

_PLACE = ["code", "branch_id", "customer_id", "valid_from"]
_REPLACED = ("name", "category", "amount", "tax_rate", "valid_to", "contract")


@dataclass(frozen=True)
class NewPrice:
    """A price from a day on, tax included, in yuan; `tax_rate` is a share (0.13). Of a branch, of a customer, or everybody's."""

    code: str
    name: str
    category: str
    amount: Decimal
    tax_rate: Decimal
    valid_from: date
    valid_to: date | None = None
    branch_id: int | None = None
    customer_id: int | None = None
    contract: str | None = None


def set_prices(session: Session, prices: Sequence[NewPrice], *, by: Actor, at: datetime) -> int:
    """Add prices; the same code of the same scope and day again replaces what was there. Returns how many.

    Raises NotAllowed, NotFound for a branch or customer that is not this person's.
    """
    by.must("price.change")
    _check_scopes(session, prices, by)
    fresh = insert(Price)
    changed = {name: fresh.excluded[name] for name in _REPLACED}
    replacing = fresh.on_conflict_do_update(index_elements=_PLACE, set_=changed)
    session.execute(replacing, [price.__dict__ for price in prices])
    record(session, ("prices", 1), "prices.set", by=by, at=at, detail={"prices": [_told(price) for price in prices]})
    return len(prices)


def change_price(session: Session, price: NewPrice, *, known: bool, today: date, by: Actor, at: datetime) -> None:
    """Set one price from today or a later day on; what was charged before stays as it was.

    `known` says whether the code should have prices already. Raises Invalid for a day in the past or a code that is taken.
    """
    wrong: dict[str, Text] = {}
    if price.valid_from < today:
        wrong["valid_from"] = say("A price can be set from today on; the past stays as it was.")
    if price.valid_to is not None and price.valid_to < price.valid_from:
        wrong["valid_to"] = say("This must be later than the beginning.")
    listed = [(each.branch_id, each.customer_id) for each in prices_of(session, price.code)]
    if (price.branch_id, price.customer_id) in listed and not known:
        wrong["code"] = say("This code is in the list already.")
    if wrong:
        raise Invalid(wrong)
    if known and not listed:
        raise NotFound
    set_prices(session, [price], by=by, at=at)


def end_price(session: Session, price_id: int, last: date, *, today: date, by: Actor, at: datetime) -> Price:
    """Let a price end with a day; afterwards what is said more widely holds.

    Raises NotFound, Conflict when it has ended or was followed by another, Invalid for a day in the past.
    """
    by.must("price.change")
    price = _locked(session, price_id, by)
    if (price.valid_to is not None and price.valid_to < today) or _follows(session, price, today):
        raise Conflict(say("This price is over already."))
    if last < max(today, price.valid_from):
        raise Invalid({"valid_to": say("A day on which it holds, from today on, please.")})
    price.valid_to = last
    session.flush()
    record(session, ("prices", 1), "prices.end", by=by, at=at, detail=_named(price) | {"to": last.isoformat()})
    return price


def withdraw_price(session: Session, price_id: int, *, today: date, by: Actor, at: datetime) -> str:
    """Take a price that has not begun off the list; its code. Raises NotFound, Conflict once it has begun."""
    by.must("price.change")
    price = _locked(session, price_id, by)
    if price.valid_from <= today:
        raise Conflict(say("This price has begun: it can only end."))
    record(session, ("prices", 1), "prices.withdraw", by=by, at=at, detail=_named(price))
    session.delete(price)
    session.flush()
    return price.code


def _locked(session: Session, price_id: int, by: Actor) -> Price:
    price = session.get(Price, price_id, with_for_update={"of": Price}, populate_existing=True)
    if price is None:
        raise NotFound
    _check_scope(session, price.branch_id, price.customer_id, by)
    return price


def _follows(session: Session, price: Price, today: date) -> bool:
    """Whether another price of the same scope has begun since."""
    whose = (price.branch_id, price.customer_id)
    same = (each for each in prices_of(session, price.code) if (each.branch_id, each.customer_id) == whose)
    return any(price.valid_from < each.valid_from <= today for each in same)


def _check_scopes(session: Session, prices: Sequence[NewPrice], by: Actor) -> None:
    for branch_id, customer_id in {(price.branch_id, price.customer_id) for price in prices}:
        _check_scope(session, branch_id, customer_id, by)


def _check_scope(session: Session, branch_id: int | None, customer_id: int | None, by: Actor) -> None:
    """Raises NotFound for what lies in another branch."""
    if customer_id is not None:
        customer(session, customer_id, by)
    elif branch_id is not None:
        branch(session, branch_id, by)


def _told(price: NewPrice) -> list[Any]:
    """What the trail keeps of a price; whose it is only where it is somebody's."""
    whose = {"branch": price.branch_id, "customer": price.customer_id, "contract": price.contract}
    more = {name: value for name, value in whose.items() if value is not None}
    more |= {"to": price.valid_to.isoformat()} if price.valid_to else {}
    return [price.code, price.amount, price.valid_from, *([more] if more else [])]


def _named(price: Price) -> dict[str, Any]:
    whose = {"branch": price.branch_id, "customer": price.customer_id}
    named = {"code": price.code, "amount": str(price.amount), "from": price.valid_from.isoformat()}
    return named | {name: value for name, value in whose.items() if value is not None}
