"""Reading purchases: the list, one of them, and what is under way of things that are to be ordered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload

from dispatch.approvals.models import ALIVE, Request
from dispatch.devices.models import Purchase
from dispatch.errors import NotFound
from dispatch.staff.rules import Actor

STANDING = ("open", "approved", "rejected", "done", "withdrawn")
"""The looks of the list."""
SORTS: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "newest": (Purchase.id.desc(),),
    "oldest": (Purchase.id.asc(),),
    "most": (Request.amount.desc(), Purchase.id.desc()),
    "least": (Request.amount.asc(), Purchase.id.asc()),
    "supplier": (Purchase.supplier.asc(), Purchase.id.desc()),
    "supplier_down": (Purchase.supplier.desc(), Purchase.id.desc()),
}


def _visible(by: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if by.may("branches.all") else Request.branch_id == by.branch_id


def purchases(
    session: Session, by: Actor, *, state: str | None = None, sort: str = "newest", limit: int, offset: int = 0
) -> Sequence[Purchase]:
    """Purchases of one's branch (or of all), with requests and who asked."""
    query = sa.select(Purchase).join(Purchase.request).where(_visible(by))
    if state is not None:
        query = query.where(Request.state == state)
    request = contains_eager(Purchase.request)
    whole = query.options(request.joinedload(Request.asked_by), request.joinedload(Request.branch))
    return session.scalars(whole.order_by(*SORTS[sort]).limit(limit).offset(offset)).all()


def purchase_counts(session: Session, by: Actor) -> dict[str | None, int]:
    """How many stand how; None: all."""
    query = sa.select(Request.state, sa.func.count()).where(Request.kind == "purchase", _visible(by)).group_by(Request.state)
    found = dict(session.execute(query).all())
    return {None: sum(found.values()), **{state: found.get(state, 0) for state in STANDING}}


def purchase_of(session: Session, request_id: int) -> Purchase:
    """The purchase that a request is about. Raises NotFound."""
    query = (
        sa.select(Purchase)
        .where(Purchase.request_id == request_id)
        .options(joinedload(Purchase.store), joinedload(Purchase.entry))
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound
    return found


def under_way(session: Session, branch_id: int) -> dict[str, Purchase]:
    """Thing -> the newest purchase of it that waits for approval or for its delivery."""
    query = sa.select(Purchase).join(Purchase.request).where(Request.branch_id == branch_id, Request.state.in_(ALIVE))
    rows = session.scalars(query.options(contains_eager(Purchase.request)).order_by(Purchase.id))
    return {row.key: row for row in rows}
