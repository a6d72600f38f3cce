"""Who writes a day's plan locks it first, and the orders of its visits all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.board.queries import replaceable
from dispatch.board.work import DayOfBranch
from dispatch.orders.models import Order, Visit

NO_OVERLAP = "ex_visit_no_overlap"


def lock_day(session: Session, of: DayOfBranch) -> None:
    """Writers of one branch's day go one after the other: what was checked stays true until it is written."""
    key = f"board:{of.branch_id}:{of.day.isoformat()}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


def replaceable_visits(session: Session, of: DayOfBranch) -> Sequence[Visit]:
    """The visits that a new plan may replace, as of now."""
    start, end = of.bounds
    query = sa.select(Visit).where(Visit.branch_id == of.branch_id, replaceable(start, end, of.midnight))
    return session.scalars(query.options(sa.orm.selectinload(Visit.visit_lines)).order_by(Visit.order_id, Visit.id)).all()


def may_go(visit: Visit) -> bool:
    """Looked at once more, now that its order is locked."""
    return visit.status == "planned" and not visit.by_hand


@contextmanager
def changing_places(session: Session) -> Iterator[None]:
    """Visits that change places overlap between two statements: whether they do is asked at the end."""
    session.execute(sa.text(f"SET CONSTRAINTS {NO_OVERLAP} DEFERRED"))
    yield
    session.flush()
    session.execute(sa.text(f"SET CONSTRAINTS {NO_OVERLAP} IMMEDIATE"))


def lock_orders(session: Session, order_ids: Iterable[int]) -> None:
    """Lock orders: all at once and in one order, so that two writers never wait for each other; their visits are read anew."""
    query = sa.select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    session.execute(query.execution_options(populate_existing=True))
    visits = sa.select(Visit).where(Visit.order_id.in_(order_ids))
    session.execute(visits.execution_options(populate_existing=True))
