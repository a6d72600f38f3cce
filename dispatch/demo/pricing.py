"""Prices of a branch, and what was agreed with customers: some in force, one to come, one that has ended."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.clock import local_day
from dispatch.demo.company import PRICES, Company
from dispatch.fees.operations import NewPrice, set_prices
from dispatch.orders.models import Order, Visit
from dispatch.staff.models import Person

BRANCH = (("S004", 56),)
FLEET = (("S003", 130), ("P003", 42), ("P001", 640))
CONTRACT = "HT-2026-018"
AGREED_DAYS, ENDED_DAYS = 40, 200


def build(company: Company, moment: datetime) -> None:
    """For the first branch, its first customer, and the one at whose place Su is."""
    today = local_day(moment, company.zone)
    since, long_ago = today - timedelta(days=AGREED_DAYS), today - timedelta(days=ENDED_DAYS)
    first = company.customers["SZ"][0].id
    prices = [_price(code, amount, since, branch_id=company.branches["SZ"].id) for code, amount in BRANCH]
    for customer_id in dict.fromkeys((first, *company.session.scalars(_where_su_is()))):
        prices += [_price(code, amount, since, customer_id=customer_id, contract=CONTRACT) for code, amount in FLEET]
    prices.append(_price("S003", 125, today + timedelta(days=30), customer_id=first, contract=CONTRACT))
    prices.append(_price("S004", 50, long_ago, since, customer_id=first))
    set_prices(company.session, prices, by=company.people["wang"], at=moment)


def _price(code: str, amount: int, first: date, last: date | None = None, **whose: object) -> NewPrice:
    name, category, tax = next((name, category, tax) for known, name, category, _, tax in PRICES if known == code)
    return NewPrice(code, name, category, Decimal(amount), Decimal(tax), first, last, **whose)  # type: ignore[arg-type]


def _where_su_is() -> sa.Select[int]:
    inside = sa.select(Order.customer_id).join(Visit, Visit.order_id == Order.id).join(Person, Person.id == Visit.technician_id)
    return inside.where(Person.username == "su", Visit.status == "on_site")
