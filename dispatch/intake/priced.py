"""Whose the prices of a list are: what stands in its columns 网点 and 客户, against the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.fees.forms import PriceRow
from dispatch.fees.price_rules import ANYBODY, Whom
from dispatch.staff.queries import branches
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Refused:
    """Why a row cannot say whose price it is, and which column that is about."""

    field: str
    text: Text


Meant = Whom | Refused


def whose_prices(session: Session, rows: Sequence[PriceRow], by: Actor) -> dict[int, Meant]:
    """Row -> whose price it is, or why that is nobody's. Two statements at most."""
    places = _branches(session, by) if any(row.branch for row in rows) else {}
    customers = _customers(session, {row.customer for row in rows if row.customer}, by)
    return {row.row: _meant(row, places, customers) for row in rows}


def _branches(session: Session, by: Actor) -> Mapping[str, int]:
    """The branches that somebody sees, by code and by name."""
    mine = [one for one in branches(session) if by.sees_branch(one.id)]
    return {word.casefold(): one.id for one in mine for word in (one.code, one.name)}


def _customers(session: Session, names: set[str], by: Actor) -> Mapping[str, Sequence[int]]:
    found: dict[str, list[int]] = {}
    mine = sa.true() if by.may("branches.all") else Customer.branch_id == by.branch_id
    query = sa.select(Customer.name, Customer.id).where(Customer.name.in_(names), mine)
    for name, id_ in session.execute(query) if names else ():
        found.setdefault(name, []).append(id_)
    return found


def _meant(row: PriceRow, places: Mapping[str, int], customers: Mapping[str, Sequence[int]]) -> Meant:
    if row.customer:
        return _customers_price(row, customers.get(row.customer, ()))
    if row.contract:
        return Refused("customer", say("Whose contract is it?"))
    if not row.branch:
        return ANYBODY
    place = places.get(row.branch.casefold())
    return Whom(place) if place else Refused("branch", say("no branch of yours is called “%(name)s”", name=row.branch))


def _customers_price(row: PriceRow, ids: Sequence[int]) -> Meant:
    if row.branch:
        return Refused("branch", say("A price is for a branch or for a customer, not both."))
    if len(ids) == 1:
        return Whom(customer_id=ids[0])
    if ids:
        return Refused(
            "customer", say("several customers are called “%(name)s”: enter it on the page of prices", name=row.customer)
        )
    return Refused("customer", say("No customer is called “%(name)s”: write the exact name.", name=row.customer))
