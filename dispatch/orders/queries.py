"""Reading orders: the list, one order, what waits for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from dispatch.errors import NotFound
from dispatch.orders.models import Approval, Order, OrderLine, Visit, VisitLine
from dispatch.permissions import permissions_of
from dispatch.search import found_in
from dispatch.staff.rules import Actor

PAGE_SIZE = 50
COUNT_LIMIT = 1000
SORTS = {"newest": (Order.id.desc(),), "oldest": (Order.id,), "wanted": (Order.wanted_on.nulls_last(), Order.id)}


@dataclass(frozen=True)
class Filter:
    """What the order list shows. All None: everything the reader may see."""

    words: str = ""
    status: str | None = None
    kind: str | None = None
    urgency: str | None = None
    branch_id: int | None = None
    wanted_on: date | None = None
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
    return sa.exists().where(Visit.order_id == Order.id, Visit.technician_id == by.id, Visit.status.not_in(("planned", "abandoned")))


def _conditions(chosen: Filter, by: Actor) -> list[sa.ColumnElement[bool]]:
    conditions = [visible(by)]
    conditions += [found_in(Order.search_text, chosen.words)] if chosen.words.strip() else []
    for name in ("status", "kind", "urgency", "branch_id", "wanted_on"):
        wanted = getattr(chosen, name)
        conditions += [getattr(Order, name) == wanted] if wanted is not None else []
    return conditions


def orders_page(session: Session, chosen: Filter, by: Actor, *, number: int = 1) -> Page:
    """Page `number` (from 1) of the orders that match."""
    where = _conditions(chosen, by)
    capped = sa.select(Order.id).where(*where).limit(COUNT_LIMIT + 1).subquery()
    total = session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0
    query = sa.select(Order).where(*where).order_by(*SORTS[chosen.sort]).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    first_line = selectinload(Order.lines.and_(OrderLine.position == 1)).joinedload(OrderLine.vehicle)
    whole = query.options(joinedload(Order.customer), joinedload(Order.site), joinedload(Order.owner), first_line)
    orders = session.scalars(whole).unique().all()
    return Page(orders, number, total, _line_counts(session, [o.id for o in orders]))


def _line_counts(session: Session, order_ids: Sequence[int]) -> dict[int, int]:
    counted = sa.select(OrderLine.order_id, sa.func.count()).where(OrderLine.order_id.in_(order_ids)).group_by(OrderLine.order_id)
    return {order_id: count for order_id, count in session.execute(counted)}


def status_counts(session: Session, by: Actor) -> dict[str, int]:
    """How many orders stand in each status, for the filter chips."""
    counted = sa.select(Order.status, sa.func.count()).where(visible(by)).group_by(Order.status)
    return {status: count for status, count in session.execute(counted)}


def order_numbered(session: Session, number: str, by: Actor) -> Order:
    """One order with customer, site, lines, visits and approvals. Raises NotFound when there is none or it is not the reader's."""
    vehicles = selectinload(Order.lines).joinedload(OrderLine.vehicle)
    visits = selectinload(Order.visits)
    query = sa.select(Order).where(Order.number == number, visible(by))
    whole = query.options(
        joinedload(Order.customer),
        joinedload(Order.site),
        joinedload(Order.owner),
        joinedload(Order.created_by),
        joinedload(Order.branch),
        vehicles,
        visits.joinedload(Visit.technician),
        visits.selectinload(Visit.visit_lines),
        selectinload(Order.approvals).joinedload(Approval.decided_by),
        selectinload(Order.approvals).joinedload(Approval.requested_by),
    )
    found = session.scalars(whole).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def waiting_for(session: Session, by: Actor, *, limit: int = 200) -> Sequence[Approval]:
    """Approvals that `by` could decide, the most urgent and oldest first; one's own requests are shown too, but cannot be decided."""
    own = Order.branch_id == by.branch_id if not by.may("branches.all") else sa.true()
    query = sa.select(Approval).join(Approval.order).where(Approval.decision.is_(None), own)
    query = query.where(Approval.permission.in_(permissions_of(by.roles)))
    rank = sa.case({"emergency": 0, "urgent": 1}, value=Order.urgency, else_=2)
    order = joinedload(Approval.order)
    whole = query.options(
        joinedload(Approval.requested_by),
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        order.selectinload(Order.lines).joinedload(OrderLine.vehicle),
    )
    return session.scalars(whole.order_by(rank, Approval.id).limit(limit)).unique().all()


def waiting_count(session: Session, by: Actor) -> int:
    """How many decisions wait for `by`."""
    own = Order.branch_id == by.branch_id if not by.may("branches.all") else sa.true()
    query = sa.select(sa.func.count()).select_from(Approval).join(Approval.order)
    return session.scalar(query.where(Approval.decision.is_(None), Approval.permission.in_(permissions_of(by.roles)), own)) or 0


def open_orders_of_vehicles(session: Session, vehicle_ids: Sequence[int], *, limit: int = 20) -> Sequence[OrderLine]:
    """Lines of orders still under way for these vehicles, newest first: is this call about one of them?"""
    query = sa.select(OrderLine).join(OrderLine.order).where(OrderLine.vehicle_id.in_(vehicle_ids))
    under_way = query.where(Order.status.not_in(("closed", "cancelled", "rejected", "done")))
    return session.scalars(under_way.options(joinedload(OrderLine.order)).order_by(Order.id.desc()).limit(limit)).all()


def lines_of_vehicle(session: Session, vehicle_id: int, *, limit: int = 100) -> Sequence[OrderLine]:
    """Every order a vehicle was ever in, newest first."""
    query = sa.select(OrderLine).join(OrderLine.order).where(OrderLine.vehicle_id == vehicle_id)
    return session.scalars(query.options(joinedload(OrderLine.order)).order_by(Order.id.desc()).limit(limit)).all()


def visits_between(session: Session, branch_id: int, start: datetime, end: datetime) -> Sequence[Visit]:
    """A branch's visits that start within [start, end), by technician and time, whatever their status."""
    query = sa.select(Visit).where(Visit.branch_id == branch_id, Visit.starts_at >= start, Visit.starts_at < end)
    order = joinedload(Visit.order)
    whole = query.options(
        joinedload(Visit.technician),
        order.joinedload(Order.customer),
        order.joinedload(Order.site),
        selectinload(Visit.visit_lines).joinedload(VisitLine.line).options(joinedload(OrderLine.vehicle), joinedload(OrderLine.own_site)),
    )
    return session.scalars(whole.order_by(Visit.technician_id, Visit.starts_at)).unique().all()
