"""Reading what a day came to. Every query is bounded by the days it shows, except the count of what is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dispatch.audit.models import AuditEntry
from dispatch.fees.models import Account, Charge, HandIn, HandInBack, Posting, Receipt, Voucher
from dispatch.orders.lifecycle import ORDER
from dispatch.orders.models import Approval, Order, OrderClock, OrderLine, Recall, Visit, VisitLine
from dispatch.orders.queries import ENDED
from dispatch.reports.rules import Hand, Repeated, Scope, Share, Taken, VisitTimes
from dispatch.staff.models import Person

EVENTS = {
    "approved": ("order.approve", "order.approve_by_word"),
    "planned": ("visit.plan",),
    "done": ("order.follow",),
    "closed": ("order.close", "order.auto_close"),
}
"""Figure -> the entries of an order's history that count for it; `order.follow` only where it ends at done."""

MOVES = [f"order.{row.action}" for row in ORDER]

YES = ("approved", "by_word")

Counts = dict[date, dict[str, int]]


def _of(branch_id: InstrumentedAttribute[int], scope: Scope) -> sa.ColumnElement[bool]:
    return branch_id == scope.branch_id if scope.branch_id is not None else sa.true()


def _day(moment: Any, scope: Scope) -> sa.ColumnElement[date]:
    return sa.cast(sa.func.timezone(scope.zone, moment), sa.Date)


def _on_record() -> sa.ColumnElement[bool]:
    return sa.and_(AuditEntry.subject_kind == "order", AuditEntry.subject_id == Order.id)


def counts(session: Session, scope: Scope) -> Counts:
    """Day -> figure -> how many orders, for the days of the trend: received, approved, planned, done, closed."""
    found: Counts = defaultdict(dict)
    for day, name, count in [*_received(session, scope), *_events(session, scope)]:
        found[day][name] = count
    return found


def _received(session: Session, scope: Scope) -> list[tuple[date, str, int]]:
    day = _day(Order.received_at, scope)
    within = (Order.received_at >= scope.trend_start, Order.received_at < scope.bounds[1], _of(Order.branch_id, scope))
    rows = session.execute(sa.select(day, sa.func.count()).where(*within).group_by(sa.literal_column("1")))
    return [(on, "received", count) for on, count in rows]


def _events(session: Session, scope: Scope) -> list[tuple[date, str, int]]:
    names = {action: name for name, actions in EVENTS.items() for action in actions}
    name = sa.case(names, value=AuditEntry.action)
    query = (
        sa.select(_day(AuditEntry.at, scope), name, sa.func.count(sa.distinct(AuditEntry.subject_id)))
        .join(Order, _on_record())
        .where(AuditEntry.at >= scope.trend_start, AuditEntry.at < scope.bounds[1], _of(Order.branch_id, scope))
        .where(AuditEntry.action.in_(names), sa.or_(AuditEntry.action != "order.follow", _to_done()))
        .group_by(sa.literal_column("1"), sa.literal_column("2"))
    )
    return [(on, found, count) for on, found, count in session.execute(query)]


def _to_done() -> sa.ColumnElement[bool]:
    ends: sa.ColumnElement[bool] = AuditEntry.detail["to"].astext == "done"
    return ends


@dataclass(frozen=True)
class Totals:
    """What is told by one number each: orders open at the end, orders left over, and what was charged."""

    open: int
    left_over: int
    charged: Decimal


def totals(session: Session, scope: Scope) -> Totals:
    """The three of a day."""
    asked = (_open_at_end(scope), _left_over(scope), _charged(scope))
    open_, left, charged = session.execute(sa.select(*(query.scalar_subquery() for query in asked))).one()
    return Totals(open_, left, charged or Decimal(0))


def _open_at_end(scope: Scope) -> sa.Select[int]:
    """How many orders were open when the day ended (now, if it has not): by what each has become, and what it was before then."""
    end = scope.bounds[1]
    later = (
        sa.select(AuditEntry.subject_id, AuditEntry.detail["from"].astext.label("status"))
        .where(AuditEntry.at >= end, AuditEntry.subject_kind == "order", AuditEntry.action.in_(MOVES))
        .order_by(AuditEntry.subject_id, AuditEntry.seq)
    )
    first_later = later.ext(distinct_on(AuditEntry.subject_id)).subquery()
    then = sa.func.coalesce(first_later.c.status, Order.status)
    query = sa.select(sa.func.count()).select_from(Order)
    if end <= scope.at:
        query = query.outerjoin(first_later, first_later.c.subject_id == Order.id).where(then.not_in(ENDED))
    else:
        query = query.where(Order.status.not_in(ENDED))
    return query.where(Order.received_at < end, _of(Order.branch_id, scope))


def _left_over(scope: Scope) -> sa.Select[int]:
    """Orders that had a visit on the day and were not done by its end."""
    start, end = scope.bounds
    done = sa.exists().where(_on_record(), AuditEntry.at < end, AuditEntry.action == "order.follow", _to_done())
    visited = sa.select(Visit.order_id).where(Visit.starts_at >= start, Visit.starts_at < end, _of(Visit.branch_id, scope))
    return sa.select(sa.func.count()).select_from(Order).where(Order.id.in_(visited), Order.status != "cancelled", ~done)


def visits_of(session: Session, scope: Scope) -> list[VisitTimes]:
    """Visits that set out, arrived or ended on the day."""
    start, end = scope.bounds
    other = aliased(Visit)
    first = {
        name: sa.select(sa.func.min(getattr(other, name)))
        .where(other.order_id == Visit.order_id)
        .correlate(Visit)
        .scalar_subquery()
        for name in ("departed_at", "arrived_at")
    }
    approved = (
        sa.select(sa.func.max(Approval.decided_at))
        .where(Approval.order_id == Visit.order_id, Approval.decision.in_(YES), Approval.decided_at <= first["departed_at"])
        .correlate(Visit)
    )
    vehicles = (
        sa.select(sa.func.count())
        .select_from(VisitLine)
        .join(OrderLine, OrderLine.id == VisitLine.line_id)
        .where(VisitLine.visit_id == Visit.id, OrderLine.status == "done")
    )
    happened = (sa.and_(moment >= start, moment < end) for moment in (Visit.departed_at, Visit.arrived_at, Visit.finished_at))
    query = (
        sa.select(
            Order.number,
            Visit.technician_id,
            Person.name,
            Order.received_at,
            approved.scalar_subquery(),
            Visit.departed_at,
            Visit.arrived_at,
            Visit.finished_at,
            first["departed_at"],
            first["arrived_at"],
            vehicles.scalar_subquery(),
        )
        .join(Order, Order.id == Visit.order_id)
        .join(Person, Person.id == Visit.technician_id)
        .where(sa.or_(*happened), _of(Visit.branch_id, scope))
    )
    return [VisitTimes(*row) for row in session.execute(query)]


def visits_of_repairs_done(session: Session, scope: Scope) -> Sequence[int]:
    """Of each repair that was done on the day: how many finished visits it took until then."""
    start, end = scope.bounds
    finished = sa.select(sa.func.count()).where(Visit.order_id == Order.id, Visit.finished_at < end).scalar_subquery()
    done = sa.exists().where(
        _on_record(), AuditEntry.at >= start, AuditEntry.at < end, AuditEntry.action == "order.follow", _to_done()
    )
    repairs = sa.select(finished).select_from(Order).where(Order.kind == "repair", done, _of(Order.branch_id, scope))
    return session.scalars(repairs).all()


def taken(session: Session, scope: Scope) -> list[Taken]:
    """Money of the days of the trend by day, channel and person."""
    day = _day(Receipt.at, scope)
    query = sa.select(day, Receipt.channel, Receipt.by_id, sa.func.min(Receipt.by_name), sa.func.sum(Receipt.amount))
    within = (Receipt.at >= scope.trend_start, Receipt.at < scope.bounds[1], _of(Receipt.branch_id, scope))
    grouped = query.where(*within).group_by(sa.literal_column("1"), Receipt.channel, Receipt.by_id)
    return [Taken(*row) for row in session.execute(grouped)]


def hands(session: Session, scope: Scope) -> list[Hand]:
    """Whose cash finance confirmed on the day, and who held any at its end (now, if it has not ended)."""
    after, handed = _moved_after(scope), _handed_in(scope)
    sums = [sa.func.coalesce(total, 0) for total in (handed.c.sum, Account.balance - sa.func.coalesce(after.c.sum, 0))]
    query = (
        sa.select(Person.id, Person.name, *sums)
        .join(Account, sa.and_(Account.person_id == Person.id, Account.kind == "cash_in_hand"))
        .outerjoin(after, after.c.account_id == Account.id)
        .outerjoin(handed, handed.c.person_id == Person.id)
        .where(_of(Person.branch_id, scope), sa.or_(*(total != 0 for total in sums)))
    )
    return [Hand(*row) for row in session.execute(query)]


def _moved_after(scope: Scope) -> sa.Subquery:
    """Account -> what went into a hand and out of it after the day; nothing has, while the day lasts."""
    moved = sa.select(Posting.account_id, sa.func.sum(Posting.amount).label("sum")).join(Voucher).join(Account)
    end = scope.bounds[1]
    later = Voucher.at >= end if end <= scope.at else sa.false()
    return moved.where(later, Account.kind == "cash_in_hand").group_by(Posting.account_id).subquery()


def _handed_in(scope: Scope) -> sa.Subquery:
    """Person -> what finance confirmed on the day, less what it took back on it, whenever that was confirmed."""
    start, end = scope.bounds
    came = sa.select(HandIn.person_id, HandIn.counted.label("sum"))
    came = came.where(HandIn.status == "confirmed", HandIn.confirmed_at >= start, HandIn.confirmed_at < end)
    went = sa.select(HandIn.person_id, (-HandIn.counted).label("sum")).join(HandInBack, HandInBack.hand_in_id == HandIn.id)
    moved = sa.union_all(came, went.where(HandInBack.at >= start, HandInBack.at < end)).subquery()
    return sa.select(moved.c.person_id, sa.func.sum(moved.c.sum).label("sum")).group_by(moved.c.person_id).subquery()


def _charged(scope: Scope) -> sa.Select[Decimal]:
    """What the charges of the day come to."""
    start, end = scope.bounds
    query = sa.select(sa.func.sum(Charge.amount)).join(Order, Order.id == Charge.order_id)
    return query.where(Charge.at >= start, Charge.at < end, _of(Order.branch_id, scope))


def kept_and_repeated(session: Session, scope: Scope) -> tuple[dict[str, Share], list[Repeated]]:
    """Stage -> of the clocks that were met on the day, how many in time; and whose work the orders that came in on it repeat."""
    rows = session.execute(sa.union_all(_kept(scope), _repeated(scope))).all()
    shares = {row.what: Share(row.part, row.whole) for row in rows if row.person_id is None}
    return shares, [Repeated(row.person_id, row.what, row.part) for row in rows if row.person_id is not None]


def _kept(scope: Scope) -> sa.Select[int, str, int, int]:
    start, end = scope.bounds
    in_time = sa.func.count().filter(OrderClock.met_at <= OrderClock.due_at)
    nobody = sa.cast(sa.null(), sa.BigInteger).label("person_id")
    columns = (nobody, OrderClock.stage.label("what"), in_time.label("part"), sa.func.count().label("whole"))
    query = sa.select(*columns).join(Order, Order.id == OrderClock.order_id)
    met = (OrderClock.state == "met", OrderClock.met_at >= start, OrderClock.met_at < end)
    return query.where(*met, _of(Order.branch_id, scope)).group_by(OrderClock.stage)


def _repeated(scope: Scope) -> sa.Select[int, str, int, int]:
    start, end = scope.bounds
    query = sa.select(Person.id, Person.name, sa.func.count(), sa.func.count()).join(Recall, Recall.technician_id == Person.id)
    query = query.join(Order, Order.id == Recall.order_id).where(Recall.state == "confirmed")
    within = (Order.received_at >= start, Order.received_at < end, _of(Order.branch_id, scope))
    return query.where(*within).group_by(Person.id)


@dataclass(frozen=True)
class Figures:
    """Everything that the page of a day shows, as it was read."""

    scope: Scope
    counts: Counts
    totals: Totals
    visits: list[VisitTimes]
    repairs: Sequence[int]
    taken: list[Taken]
    hands: list[Hand]
    kept: dict[str, Share]
    recalls: list[Repeated]

    @property
    def empty(self) -> bool:
        """Nothing at all happened on the day."""
        money = any(row.day == self.scope.day for row in self.taken) or any(hand.handed_in for hand in self.hands)
        return not (self.counts.get(self.scope.day) or self.visits or money or self.totals.charged or self.totals.left_over)


def figures(session: Session, scope: Scope) -> Figures:
    """The figures of a day, in eight queries."""
    return Figures(
        scope,
        counts(session, scope),
        totals(session, scope),
        visits_of(session, scope),
        visits_of_repairs_done(session, scope),
        taken(session, scope),
        hands(session, scope),
        *kept_and_repeated(session, scope),
    )
