"""Reading what orders that are done still lack, by who owes it. What the pages count is what operations counted last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.orders.models import Order, OrderLine, OrderPapers, Visit
from dispatch.orders.queries import PAGE_SIZE, visible
from dispatch.staff.rules import Actor

COMPLETE = "complete"
OWERS = (COMPLETE, "technician", "office", "finance")
"""The groups in the order of the page; what is complete owes nothing."""


@dataclass(frozen=True)
class Wanted:
    """Which part of the page is shown: one group, and of the technicians one by name. All None: everything."""

    owes: str | None = None
    who: str | None = None


@dataclass(frozen=True)
class Group:
    """Somebody who owes papers (a technician by name), and of how many orders."""

    owes: str
    who: str | None
    orders: int


@dataclass(frozen=True)
class Owing:
    """One order in one group: since when its work has ended, and the papers as they are kept."""

    order: Order
    owes: str
    who: str | None
    since: datetime | None
    papers: Sequence[dict[str, Any]]


def _owed(by: Actor) -> sa.Subquery:
    """SQL: one row for each order that is done and each who owes it something (one `complete` row where nobody does)."""
    papers = sa.func.jsonb_array_elements(OrderPapers.missing).table_valued(sa.column("value", JSONB), name="paper")
    paper = papers.c.value
    owes = sa.case((paper.is_(None), COMPLETE), else_=sa.func.coalesce(paper["owes"].astext, "office"))
    who = sa.case((paper["owes"].astext == "technician", paper[("params", "who")].astext))
    rows = sa.select(Order.id, owes.label("owes"), who.label("who")).select_from(Order)
    joined = rows.outerjoin(OrderPapers, OrderPapers.order_id == Order.id).outerjoin(papers, sa.true())
    return joined.where(Order.status == "done", visible(by)).distinct().subquery()


def _since(order_id: sa.SQLColumnExpression[int]) -> sa.ColumnElement[datetime]:
    """SQL: when the last visit of an order ended; where nobody went, when its papers were counted."""
    ended = sa.select(sa.func.max(Visit.finished_at)).where(Visit.order_id == order_id).scalar_subquery()
    counted = sa.select(OrderPapers.at).where(OrderPapers.order_id == order_id).scalar_subquery()
    return sa.func.coalesce(ended, counted)


def groups(session: Session, by: Actor) -> list[Group]:
    """Everybody who owes something, in the order of the page."""
    owed = _owed(by)
    query = sa.select(owed.c.owes, owed.c.who, sa.func.count()).group_by(owed.c.owes, owed.c.who)
    found = (Group(*row) for row in session.execute(query))
    return sorted(found, key=lambda group: (OWERS.index(group.owes), group.who or ""))


def owing_orders(session: Session, by: Actor) -> dict[str | None, int]:
    """How many orders each kind of ower keeps from being closed, and under None how many there are in all: each counted once."""
    owed = _owed(by)
    query = sa.select(owed.c.owes, sa.func.count(owed.c.id.distinct())).group_by(sa.func.rollup(owed.c.owes))
    return {None: 0} | {row[0]: row[1] for row in session.execute(query)}


def outstanding(session: Session, by: Actor, wanted: Wanted, *, number: int = 1) -> list[Owing]:
    """Page `number` (from 1): by group, in each the oldest first."""
    owed = _owed(by)
    rank = sa.case({name: place for place, name in enumerate(OWERS)}, value=owed.c.owes)
    since = _since(owed.c.id).label("since")
    query = sa.select(owed, since).order_by(rank, owed.c.who.nulls_first(), since, owed.c.id)
    if wanted.owes:
        query = query.where(owed.c.owes == wanted.owes)
    if wanted.who:
        query = query.where(owed.c.who == wanted.who)
    rows = session.execute(query.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)).all()
    orders = _orders(session, [row.id for row in rows])
    papers = _papers(session, [row.id for row in rows])
    return [Owing(orders[row.id], row.owes, row.who, row.since, _of_group(papers.get(row.id, []), row)) for row in rows]


def _orders(session: Session, ids: Sequence[int]) -> dict[int, Order]:
    first = selectinload(Order.lines.and_(OrderLine.position == 1)).joinedload(OrderLine.vehicle)
    query = sa.select(Order).where(Order.id.in_(ids)).options(joinedload(Order.customer), first)
    return {order.id: order for order in session.scalars(query)}


def _papers(session: Session, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    query = sa.select(OrderPapers.order_id, OrderPapers.missing).where(OrderPapers.order_id.in_(ids))
    return dict(session.execute(query).all())


def _of_group(papers: Sequence[dict[str, Any]], row: Any) -> list[dict[str, Any]]:
    mine = (paper for paper in papers if paper.get("owes", "office") == row.owes)
    return [paper for paper in mine if row.owes != "technician" or paper["params"].get("who") == row.who]


def complete_orders(session: Session, by: Actor, *, limit: int) -> Sequence[tuple[int, str]]:
    """Id and number of orders that lack nothing as counted last, the oldest first."""
    owed = _owed(by)
    query = sa.select(Order.id, Order.number).join(owed, owed.c.id == Order.id).where(owed.c.owes == COMPLETE)
    return [(row.id, row.number) for row in session.execute(query.order_by(_since(Order.id), Order.id).limit(limit))]


def complete_since(session: Session, moment: datetime, *, limit: int) -> Sequence[int]:
    """Orders of every branch that were counted as complete before a moment and have not changed since."""
    query = sa.select(Order.id).join(OrderPapers, OrderPapers.order_id == Order.id)
    complete = query.where(Order.status == "done", OrderPapers.missing == sa.text("'[]'::jsonb"), OrderPapers.at <= moment)
    return session.scalars(complete.order_by(OrderPapers.at, Order.id).limit(limit)).all()
