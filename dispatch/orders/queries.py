"""Reading orders: the list, one order, what waits for a decision."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.approvals.queries import requests_count
from dispatch.errors import NotFound
from dispatch.lists import FIRST, Cut, Part
from dispatch.orders.clock_queries import DUE
from dispatch.orders.list_marks import marks_of
from dispatch.orders.models import Approval, Order, OrderLine, Visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.orders.verbal_queries import waits_for
from dispatch.permissions import permissions_of
from dispatch.search import found_in
from dispatch.staff.models import LeaveRequest, Person
from dispatch.staff.roster_queries import asks_for
from dispatch.staff.rules import Actor

ENDED = ("closed", "cancelled", "rejected", "done")
PAGE_SIZE = 50
COUNT_LIMIT = 500
RANK = sa.case({"emergency": 0, "urgent": 1}, value=Order.urgency, else_=2)
SORTS: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "newest": (Order.id.desc(),),
    "oldest": (Order.id.asc(),),
    "wanted": (Order.wanted_on.asc().nulls_last(), Order.window_from.asc().nulls_last(), Order.id.asc()),
    "wanted_late": (Order.wanted_on.desc().nulls_last(), Order.window_from.desc().nulls_last(), Order.id.desc()),
    "urgent": (RANK.asc(), Order.id.desc()),
    "not_urgent": (RANK.desc(), Order.id.desc()),
    "due": (DUE.c.due_at.asc().nulls_last(), Order.id.asc()),
    "due_late": (DUE.c.due_at.desc().nulls_last(), Order.id.desc()),
}


@dataclass(frozen=True)
class Filter:
    """What the order list shows. All None: everything the reader may see."""

    words: str = ""
    status: str | None = None
    kind: str | None = None
    urgency: str | None = None
    branch_id: int | None = None
    wanted_on: date | None = None
    owner_id: int | None = None
    customer_id: int | None = None
    backfill: bool = False
    """Only orders with an approval by word that is to be backfilled or settled."""
    overdue: bool = False
    """Only orders with a limit that is broken, at the moment of looking."""
    told: bool = False
    """Only orders of whose limits the reader was told, while they are open."""
    unplanned: bool = False
    """Only orders at work of which a vehicle waits for a visit."""
    papers: bool = False
    """Only orders that are done and lack a paper."""
    ids: frozenset[int] | None = None
    """Only these, of a list in which they were chosen."""
    why: str | None = None
    """What they wait for."""
    sort: str = "newest"


@dataclass(frozen=True)
class Page:
    """One page of the list. `total` stops counting at COUNT_LIMIT + 1."""

    orders: Sequence[Order]
    number: int
    total: int
    line_counts: dict[int, int]

    @property
    def pages(self) -> int:
        """How many pages there are to leaf through."""
        return max(1, -(-min(self.total, COUNT_LIMIT) // PAGE_SIZE))


def visible(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: the orders a person may see. The office sees its branch's (or all); a technician those he visits."""
    if by.may("branches.all"):
        return sa.true()
    if by.may("order.see"):
        return Order.branch_id == by.branch_id
    return sa.exists().where(
        Visit.order_id == Order.id, Visit.technician_id == by.id, Visit.status.not_in(("planned", "abandoned"))
    )


def _in_place(by: Actor) -> list[sa.ColumnElement[bool]]:
    """SQL: steps (joined with their orders) that `by` decides in the place of somebody absent; that is all he sees there."""
    return [sa.and_(Order.branch_id == branch_id, Approval.permission == permission) for branch_id, permission in by.places]


def _to_decide(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: open steps (joined with their orders) that `by` could decide, for himself or in somebody's place."""
    here = sa.true() if by.may("branches.all") else Order.branch_id == by.branch_id
    own = sa.and_(here, Approval.permission.in_(permissions_of(by.roles)))
    return sa.and_(Approval.decision.is_(None), sa.or_(own, *_in_place(by)))


def conditions(chosen: Filter, by: Actor, at: datetime) -> list[sa.ColumnElement[bool]]:
    """SQL: the orders that match a filter at a moment and that the reader may see."""
    found = [visible(by)]
    found += [found_in(Order.search_text, chosen.words)] if chosen.words.strip() else []
    found += [mark for name, mark in marks_of(by, at).items() if getattr(chosen, name, False)]
    found += [Order.waiting_why == chosen.why] if chosen.why else []
    found += [Order.id.in_(chosen.ids)] if chosen.ids is not None else []
    for name in ("status", "kind", "urgency", "branch_id", "wanted_on", "owner_id", "customer_id"):
        wanted = getattr(chosen, name)
        found += [getattr(Order, name) == wanted] if wanted is not None else []
    return found


def orders_page(session: Session, chosen: Filter, by: Actor, *, at: datetime, number: int = 1) -> Page:
    """Page `number` (from 1) of the orders that match at a moment."""
    where = conditions(chosen, by, at)
    capped = sa.select(Order.id).where(*where).limit(COUNT_LIMIT + 1).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0
    query = sa.select(Order).where(*where).order_by(*SORTS[chosen.sort]).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    if chosen.sort.startswith("due"):
        query = query.outerjoin(DUE, DUE.c.order_id == Order.id)
    first_line = selectinload(Order.lines.and_(OrderLine.position == 1)).joinedload(OrderLine.vehicle)
    told = (joinedload(Order.customer), joinedload(Order.site), joinedload(Order.owner), selectinload(Order.clocks))
    whole = query.options(*told, first_line)
    orders = session.scalars(whole).unique().all()
    return Page(orders, number, total, _line_counts(session, [o.id for o in orders]))


def _line_counts(session: Session, order_ids: Sequence[int]) -> dict[int, int]:
    counted = sa.select(OrderLine.order_id, sa.func.count()).where(OrderLine.order_id.in_(order_ids)).group_by(OrderLine.order_id)
    return dict(session.execute(counted).all())


@dataclass(frozen=True)
class Counts:
    """How many orders there are of each status, and of each standing list that goes across them."""

    by_status: dict[str, int]
    marks: dict[str, int]


def counts_of(session: Session, by: Actor, chosen: Filter, *, at: datetime) -> Counts:
    """For the filter chips at a moment, in one statement: `chosen` narrows them, its own status aside."""
    where = conditions(replace(chosen, status=None), by, at)
    marks = marks_of(by, at)
    counted = sa.select(Order.status, sa.func.count(), *(sa.func.count().filter(mark) for mark in marks.values()))
    rows = session.execute(counted.where(*where).group_by(Order.status)).all()
    sums = {name: sum(int(row[place]) for row in rows) for place, name in enumerate(marks, start=2)}
    return Counts({row[0]: row[1] for row in rows}, sums)


def orders_found(session: Session, words: str, by: Actor, *, limit: int = 20) -> Sequence[Order]:
    """Orders by part of anything they are looked for by, newest first, with their customers."""
    query = sa.select(Order).where(found_in(Order.search_text, words), visible(by)).options(joinedload(Order.customer))
    return session.scalars(query.order_by(Order.id.desc()).limit(limit)).all()


def order_id_of(session: Session, number: str, by: Actor) -> int:
    """The id behind a number. Raises NotFound when there is none or it is not the reader's."""
    found = session.scalar(sa.select(Order.id).where(Order.number == number, visible(by)))
    if found is None:
        raise NotFound
    return found


def approval_order(session: Session, approval_id: int, by: Actor) -> tuple[int, str]:
    """Id and number of the order that an approval is about. Raises NotFound when neither order nor decision is the reader's."""
    query = sa.select(Order.id, Order.number).join(Order.approvals).where(Approval.id == approval_id)
    query = query.where(sa.or_(visible(by), *_in_place(by)))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def names_of(session: Session, person_ids: Collection[int]) -> dict[int, str]:
    """Names of people who are named in a history: id -> name."""
    if not person_ids:
        return {}
    return dict(session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(person_ids))).all())


def orders_named(session: Session, order_ids: Collection[int]) -> dict[int, Order]:
    """Orders by id, with their customers, for lists of what belongs to them."""
    if not order_ids:
        return {}
    query = sa.select(Order).where(Order.id.in_(order_ids)).options(joinedload(Order.customer))
    return {order.id: order for order in session.scalars(query)}


def under_way_counts(session: Session, customer_ids: Collection[int]) -> dict[int, int]:
    """How many orders are still under way, per customer."""
    query = sa.select(Order.customer_id, sa.func.count()).where(Order.customer_id.in_(customer_ids), Order.status.not_in(ENDED))
    return dict(session.execute(query.group_by(Order.customer_id)).all())


def orders_of_customer(session: Session, customer_id: int, by: Actor, *, limit: int = 100) -> Sequence[Order]:
    """A customer's orders as far as the reader may see them, newest first."""
    query = sa.select(Order).where(Order.customer_id == customer_id, visible(by)).options(joinedload(Order.site))
    return session.scalars(query.order_by(Order.id.desc()).limit(limit)).all()


DECISION_SORTS = {
    "urgent": (RANK, Approval.id),
    "oldest": (Approval.id,),
    "wanted": (Order.wanted_on, Order.window_from, Approval.id),
}


def waiting_for(session: Session, by: Actor, *, cut: Cut = FIRST) -> Part[Approval]:
    """A page of the approvals that `by` could decide; his own requests too, which he cannot decide."""
    query = sa.select(Approval).join(Approval.order).where(_to_decide(by))
    order = joinedload(Approval.order)
    whole = query.options(
        joinedload(Approval.requested_by),
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        order.joinedload(Order.branch),
        order.selectinload(Order.approvals),
        order.selectinload(Order.lines).joinedload(OrderLine.vehicle),
    )
    return Part(session.scalars(cut.of(whole, DECISION_SORTS)).unique().all(), cut.number, waiting_count(session, by))


def waiting_count(session: Session, by: Actor) -> int:
    """How many of them there are."""
    return session.scalar(sa.select(_steps_for(by))) or 0


def _steps_for(by: Actor) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(Approval).join(Approval.order).where(_to_decide(by)).scalar_subquery()


def decisions_for(by: Actor, *, at: datetime | None = None) -> sa.ColumnElement[int]:
    """SQL: how many decisions wait for `by`, with approvals by word, leave and requests that are no orders."""
    words = sa.select(sa.func.count()).select_from(VerbalApproval).join(VerbalApproval.order).where(waits_for(by, at))
    asked = asks_for(by, at) if by.may("leave.decide") else sa.false()
    leave = sa.select(sa.func.count()).select_from(LeaveRequest).where(asked)
    return _steps_for(by) + words.scalar_subquery() + leave.scalar_subquery() + requests_count(by)


def lines_of_vehicle(session: Session, vehicle_id: int, by: Actor, *, limit: int = 100) -> Sequence[OrderLine]:
    """Every order a vehicle was ever in, as far as the reader may see them, newest first."""
    query = sa.select(OrderLine).join(OrderLine.order).where(OrderLine.vehicle_id == vehicle_id, visible(by))
    return session.scalars(query.options(joinedload(OrderLine.order)).order_by(Order.id.desc()).limit(limit)).all()
