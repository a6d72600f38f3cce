"""Reading quotations: one, those of an order, how much of an agreed one is still to be charged, and the list of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from dispatch.customers.models import Customer
from dispatch.errors import NotFound
from dispatch.fees.models import Charge
from dispatch.fees.quote_models import Quotation, QuotationLine
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.models import Order
from dispatch.orders.queries import visible
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import Actor


def quotation_seen(session: Session, quotation_id: int, by: Actor) -> Quotation:
    """One with its lines, of an order that somebody may see. Raises NotFound."""
    query = sa.select(Quotation).join(Order, Order.id == Quotation.order_id).options(selectinload(Quotation.lines))
    found = session.scalar(query.where(Quotation.id == quotation_id, visible(by)))
    if found is None:
        raise NotFound
    return found


def quotations_of(session: Session, order_id: int) -> Sequence[Quotation]:
    """Every quotation of an order, the last one first."""
    query = sa.select(Quotation).where(Quotation.order_id == order_id).options(selectinload(Quotation.lines))
    return session.scalars(query.order_by(Quotation.id.desc())).all()


def quotation_asked(session: Session, request_id: int) -> int | None:
    """Which quotation a request is about."""
    return session.scalar(sa.select(Quotation.id).where(Quotation.request_id == request_id))


@dataclass
class Quoted:
    """What an agreed quotation says of one code, and how many of them are not charged yet."""

    line_id: int
    number: str
    unit_price: Decimal
    left: int


def quoted_prices(session: Session, order_id: int) -> dict[str, Quoted]:
    """Code -> the quoted price of an order whose quotation is agreed; what was taken back may be charged anew. One statement."""
    rows = session.execute(quoted_lines([order_id]))
    return {code: Quoted(id_, number, price, left) for _, code, id_, number, price, left in rows}


def quoted_lines(order_ids: Collection[int]) -> sa.Select[int, str, int, str, Decimal, int]:
    """SQL: the lines of agreed quotations: order_id, code, id, number, unit_price, left (how many are not charged yet)."""
    used = sa.select(sa.func.sum(Charge.quantity)).where(Charge.quoted_line_id == QuotationLine.id).scalar_subquery()
    left = (QuotationLine.quantity - sa.func.coalesce(used, 0)).label("left")
    told = (QuotationLine.code, QuotationLine.id, Quotation.number, QuotationLine.unit_price, left)
    query = sa.select(Quotation.order_id, *told).join(Quotation)
    return query.where(Quotation.order_id.in_(order_ids), Quotation.state == "agreed")


# --- the list of all


@dataclass(frozen=True)
class QuoteFilter:
    """Which quotations are asked for: of a state as it stands on a day, a maker, a branch, with words; `told`: those that expired
    and of which their maker has not said that he knows."""

    state: str = ""
    person_id: int | None = None
    branch_id: int | None = None
    words: str = ""
    told: bool = False


@dataclass(frozen=True)
class QuoteRow:
    """A quotation of the list, how it stands, what it comes to and how far it stays below the list."""

    one: Quotation
    state: str
    total: Decimal
    away: Decimal


ALL_QUOTES = QuoteFilter()


def _sum_of(amount: Any) -> sa.ColumnElement[Decimal]:
    mine = sa.select(sa.func.sum(QuotationLine.quantity * amount)).where(QuotationLine.quotation_id == Quotation.id)
    return sa.func.coalesce(mine.scalar_subquery(), 0)


_total = _sum_of(QuotationLine.unit_price).label("total")
_away = _sum_of(QuotationLine.listed_price - QuotationLine.unit_price).label("away")
QUOTE_SORTS: dict[str, tuple[Any, ...]] = {
    "at": (Quotation.at, Quotation.id),
    "until": (Quotation.valid_until, Quotation.id),
    "customer": (Customer.name, Quotation.id),
    "person": (Quotation.by_name, Quotation.id),
    "amount": (sa.literal_column("total"), Quotation.id),
    "away": (sa.literal_column("away"), Quotation.id),
}


def _stands(day: date) -> sa.ColumnElement[str]:
    """SQL: how it stands on a day, as `stands_as` says."""
    over = sa.and_(Quotation.state == "offered", Quotation.valid_until < day)
    return sa.case((over, "expired"), else_=Quotation.state)


def quotations_page(session: Session, asked: QuoteFilter, by: Actor, day: date, *, cut: Cut = FIRST) -> Part[QuoteRow]:
    """A page of the quotations that are asked for."""
    where = [*_asked(asked, by), *([_stands(day) == asked.state] if asked.state else [])]
    total = session.scalar(_joined(sa.select(sa.func.count())).where(*where)) or 0
    rows = _joined(sa.select(Quotation, _stands(day), _total, _away)).where(*where)
    whole = contains_eager(Quotation.order).options(contains_eager(Order.customer), joinedload(Order.branch))
    found = session.execute(cut.of(rows.options(whole), QUOTE_SORTS))
    return Part([QuoteRow(*row) for row in found], cut.number, total)


def _joined(rows: Any) -> Any:
    joined = rows.select_from(Quotation).join(Order, Order.id == Quotation.order_id)
    return joined.join(Customer, Customer.id == Order.customer_id)


def _asked(asked: QuoteFilter, by: Actor) -> list[sa.ColumnElement[bool]]:
    where = [visible(by)]
    where += [Quotation.by_id == asked.person_id] if asked.person_id else []
    where += [Order.branch_id == asked.branch_id] if asked.branch_id else []
    where += [untold(by)] if asked.told else []
    for word in asked.words.split():
        fields = (Quotation.number, Order.number, Customer.name)
        where.append(sa.or_(*(field.icontains(word, autoescape=True) for field in fields)))
    return where


def quote_counts(session: Session, asked: QuoteFilter, by: Actor, day: date) -> Mapping[str, int]:
    """How many of the quotations that are asked for stand how, whatever state is."""
    stands = _stands(day).label("stands")
    counted = _joined(sa.select(stands, sa.func.count())).where(*_asked(asked, by)).group_by(stands)
    return dict(session.execute(counted).all())


def quote_makers(session: Session, by: Actor) -> list[tuple[int, str]]:
    """Who has made quotations that somebody sees, by name."""
    made = sa.exists().where(Quotation.by_id == Person.id, Quotation.order_id == Order.id, visible(by))
    return [(id_, name) for id_, name in session.execute(sa.select(Person.id, Person.name).where(made).order_by(Person.name))]


def untold(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: quotations of somebody's that have expired, of which he has not said that he knows."""
    return sa.and_(Quotation.by_id == by.id, Quotation.told_at.is_not(None), Quotation.seen_at.is_(None))


def untold_count(by: Actor) -> sa.ScalarSelect[int]:
    """SQL: how many those are."""
    return sa.select(sa.func.count(Quotation.id)).where(untold(by)).scalar_subquery()


def quotations_due(session: Session, at: datetime, *, limit: int) -> Sequence[int]:
    """What is offered although its last day is over where its branch is, the oldest first."""
    today = sa.cast(sa.func.timezone(Branch.zone, at), sa.Date)
    rows = sa.select(Quotation.id).join(Order, Order.id == Quotation.order_id).join(Branch, Branch.id == Order.branch_id)
    over = rows.where(Quotation.state == "offered", Quotation.valid_until < today)
    return session.scalars(over.order_by(Quotation.valid_until, Quotation.id).limit(limit)).all()
