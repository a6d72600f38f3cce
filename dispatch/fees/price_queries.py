"""Reading the price list: what things cost somebody on a day, and its pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from dispatch.customers.models import Customer
from dispatch.fees.models import Price
from dispatch.fees.price_rules import ANYBODY, KeptPrice, ListedPrice, Whom, price_for, price_to_come, standing
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

MOST_NAMESAKES = 50
_SCOPE = (Price.code, Price.branch_id, Price.customer_id)


def whom_of(order: Order) -> Whom:
    """For whom the prices of an order are."""
    return Whom(order.branch_id, order.customer_id)


def prices_on(session: Session, day: date, whom: Whom = ANYBODY) -> list[ListedPrice]:
    """What each code costs somebody on a day, by code. One statement."""
    found = _by_code(session, _begun(day, whom))
    return [price for kept in found.values() if (price := price_for((one.kept for one in kept), day))]


def price_on(session: Session, code: str, day: date, whom: Whom = ANYBODY) -> ListedPrice | None:
    """What one code costs somebody on a day; None when it has no price by then."""
    kept = session.scalars(_begun(day, whom).where(Price.code == code)).all()
    return price_for((one.kept for one in kept), day)


def first_prices_after(session: Session, day: date, whom: Whom = ANYBODY) -> list[ListedPrice]:
    """The first price of each code that begins after a day."""
    found = _by_code(session, _for(whom).where(Price.valid_from > day).order_by(Price.code))
    return [price for kept in found.values() if (price := price_to_come((one.kept for one in kept), day))]


def kept_prices(session: Session, whoms: Collection[Whom], day: date) -> list[KeptPrice]:
    """All prices that any of these may be asked from a day on, by code: those that had begun by then and those to come."""
    branches, customers = ({getattr(one, name) for one in whoms} - {None} for name in ("branch_id", "customer_id"))
    everybody = sa.and_(Price.branch_id.is_(None), Price.customer_id.is_(None))
    theirs = sa.or_(everybody, Price.branch_id.in_(branches), Price.customer_id.in_(customers))
    newest = sa.select(Price.id).where(Price.valid_from <= day, theirs).order_by(*_SCOPE, Price.valid_from.desc())
    rows = sa.select(Price).where(sa.or_(Price.id.in_(newest.ext(distinct_on(*_SCOPE))), sa.and_(Price.valid_from > day, theirs)))
    whole = rows.options(joinedload(Price.branch), joinedload(Price.customer)).order_by(Price.code)
    return [one.kept for one in session.scalars(whole)]


def _for(whom: Whom) -> sa.Select[Price]:
    mine = [sa.and_(Price.branch_id.is_(None), Price.customer_id.is_(None))]
    mine += [Price.branch_id == whom.branch_id] if whom.branch_id else []
    mine += [Price.customer_id == whom.customer_id] if whom.customer_id else []
    return sa.select(Price).where(sa.or_(*mine)).options(joinedload(Price.branch), joinedload(Price.customer))


def _begun(day: date, whom: Whom) -> sa.Select[Price]:
    """Of each code and scope the price that began last."""
    newest = _for(whom).where(Price.valid_from <= day).order_by(*_SCOPE, Price.valid_from.desc())
    return newest.ext(distinct_on(*_SCOPE))


def _by_code(session: Session, rows: sa.Select[Price]) -> Mapping[str, Sequence[Price]]:
    return {code: list(kept) for code, kept in groupby(session.scalars(rows), lambda one: one.code)}


# --- the pages of the list


@dataclass(frozen=True)
class Listed:
    """One code of the list in one scope: the price that began last by a day, the next one to come, and whose they are."""

    code: str
    begun: Price | None
    next: Price | None
    holder: str
    day: date

    @property
    def shown(self) -> Price:
        """The price to name the row by."""
        found = self.begun or self.next
        assert found is not None
        return found

    @property
    def standing(self) -> str:
        """How it stands on the day."""
        return standing(self.shown.valid_from, self.shown.valid_to, next_from=None, day=self.day)

    @property
    def valid(self) -> Price | None:
        """What holds on the day."""
        return self.begun if self.standing == "valid" else None


@dataclass(frozen=True)
class PriceFilter:
    """Which prices of the list are asked for: of a key of SCOPES ("" for all), of one branch or of one customer."""

    scope: str = "everybody"
    branch_id: int | None = None
    customer_id: int | None = None
    words: str = ""


EVERYBODYS = PriceFilter()
_NAMED = ("code", "name", "category", "amount")
_shown: dict[str, sa.ColumnElement[Any]] = {name: sa.literal_column(f"shown_{name}") for name in (*_NAMED, "holder")}
PRICE_SORTS = {
    "category": (_shown["category"], _shown["code"], _shown["holder"]),
    "code": (_shown["code"], _shown["holder"]),
    "name": (_shown["name"], _shown["code"], _shown["holder"]),
    "amount": (_shown["amount"], _shown["code"], _shown["holder"]),
    "holder": (_shown["holder"], _shown["code"]),
}


def prices_by_code(session: Session, day: date, asked: PriceFilter, by: Actor, *, cut: Cut = FIRST) -> Part[Listed]:
    """A page of the codes that are asked for, each with its price on a day and the next one, scope by scope."""
    begun, later = (aliased(Price, each.subquery()) for each in _around(day))
    same = sa.and_(begun.code == later.code, *(_number(begun, name) == _number(later, name) for name in ("branch", "customer")))
    either = {
        name: sa.func.coalesce(getattr(begun, name), getattr(later, name)) for name in (*_NAMED, "branch_id", "customer_id")
    }
    holder = sa.func.coalesce(Customer.name, Branch.name, "")
    told = [either[name].label(f"shown_{name}") for name in _NAMED]
    query = sa.select(begun, later, either["code"], *told, holder.label("shown_holder"))
    query = query.select_from(begun).join(later, same, full=True)
    query = query.outerjoin(Branch, Branch.id == either["branch_id"]).outerjoin(Customer, Customer.id == either["customer_id"])
    query = query.where(*_asked(asked, either, by), *_matches(asked.words, either, holder))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows = session.execute(cut.of(query, PRICE_SORTS))
    return Part([Listed(code, now, then, holder, day) for now, then, code, *_sorts, holder in rows], cut.number, total)


def _around(day: date) -> tuple[sa.Select[Price], sa.Select[Price]]:
    """SQL: of each code and scope the price that began last, and the next to come."""
    begun = sa.select(Price).where(Price.valid_from <= day).order_by(*_SCOPE, Price.valid_from.desc())
    later = sa.select(Price).where(Price.valid_from > day).order_by(*_SCOPE, Price.valid_from)
    return begun.ext(distinct_on(*_SCOPE)), later.ext(distinct_on(*_SCOPE))


def _number(price: Any, name: str) -> sa.ColumnElement[int]:
    """SQL: whose it is, as something that can be joined on."""
    return sa.func.coalesce(getattr(price, f"{name}_id"), 0)


def _asked(asked: PriceFilter, of: Mapping[str, Any], by: Actor) -> Iterable[sa.ColumnElement[bool]]:
    branch, customer = of["branch_id"], of["customer_id"]
    scopes = {
        "everybody": sa.and_(branch.is_(None), customer.is_(None)),
        "branches": branch.is_not(None),
        "customers": customer.is_not(None),
    }
    yield seen(branch, Customer.branch_id, by)
    if asked.customer_id is not None:
        yield customer == asked.customer_id
    elif asked.branch_id is not None:
        yield branch == asked.branch_id
    elif asked.scope in scopes:
        yield scopes[asked.scope]


def seen(branch: Any, customers_branch: Any, by: Actor) -> sa.ColumnElement[bool]:
    """SQL: everybody's prices, and of branches and customers those that somebody sees."""
    if by.may("branches.all"):
        return sa.true()
    place = sa.func.coalesce(branch, customers_branch)
    return sa.or_(place.is_(None), place == by.branch_id)


def _matches(words: str, of: Mapping[str, Any], holder: Any) -> Iterable[sa.ColumnElement[bool]]:
    for word in words.split():
        fields = (of["code"], of["name"], holder)
        yield sa.or_(*(field.icontains(word, autoescape=True) for field in fields))


def prices_of(session: Session, code: str, by: Actor | None = None) -> Sequence[Price]:
    """All prices of one code that somebody sees (None: all): everybody's first, then branches and customers; the latest first."""
    rows = sa.select(Price).outerjoin(Price.branch).outerjoin(Price.customer).where(Price.code == code)
    rows = rows if by is None else rows.where(seen(Price.branch_id, Customer.branch_id, by))
    order = (Price.customer_id.is_not(None), Price.branch_id.is_not(None), sa.func.coalesce(Customer.name, Branch.name))
    whole = (contains_eager(Price.branch), contains_eager(Price.customer))
    return session.scalars(rows.options(*whole).order_by(*order, Price.customer_id, Price.valid_from.desc())).all()


def customer_called(session: Session, name: str, id_: int | None, by: Actor) -> int | Text | None:
    """Who a typed customer is: the one of the number if he is called so, else the only one of this name that somebody sees."""
    if not name:
        return None
    mine = sa.true() if by.may("branches.all") else Customer.branch_id == by.branch_id
    found = session.scalars(sa.select(Customer.id).where(Customer.name == name, mine).limit(MOST_NAMESAKES)).all()
    if id_ in found or len(found) == 1:
        return id_ if id_ in found else found[0]
    if not found:
        return say("No customer is called “%(name)s”: write the exact name.", name=name)
    return say("Several customers are called “%(name)s”: begin on the page of the one you mean.", name=name)
