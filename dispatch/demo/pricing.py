"""Prices of a branch, and what was agreed with customers: some in force, one to come, one that has ended; discounts by role."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.clock import local_day
from dispatch.demo.company import PRICES, Company
from dispatch.fees.operations import NewDiscount, NewPrice, set_discount_limit, set_prices
from dispatch.orders.models import Order, Visit
from dispatch.staff.models import Person

BRANCH = (("S004", 56),)
FLEET = (("S003", 130), ("P003", 42), ("P001", 640))
CONTRACT = "HT-2026-018"
DISCOUNTS = (("specialist", 5), ("supervisor", 10), ("manager", 20))
EXPERIENCED = "资深调度，可自行让价一成"
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
    _discounts(company, since, moment)


def _discounts(company: Company, since: date, moment: datetime) -> None:
    """What roles may give by themselves, and one person more than his role."""
    chen, wang = company.people["chen"], company.people["wang"]
    limits = [NewDiscount(role, None, None, Decimal(percent), since) for role, percent in DISCOUNTS]
    for number, limit in enumerate(limits):
        set_discount_limit(company.session, limit, key=_key(number), by=chen, at=moment)
    own = NewDiscount(None, None, company.people["lin"].id, Decimal(10), since, reason=EXPERIENCED)
    set_discount_limit(company.session, own, key=_key(len(limits)), by=wang, at=moment)


def _key(number: int) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, f"discount/{number}")


def _price(code: str, amount: int, first: date, last: date | None = None, **whose: object) -> NewPrice:
    name, category, tax = next((name, category, tax) for known, name, category, _, tax in PRICES if known == code)
    return NewPrice(code, name, category, Decimal(amount), Decimal(tax), first, last, **whose)  # type: ignore[arg-type]


def _where_su_is() -> sa.Select[int]:
    inside = sa.select(Order.customer_id).join(Visit, Visit.order_id == Order.id).join(Person, Person.id == Visit.technician_id)
    return inside.where(Person.username == "su", Visit.status == "on_site")
