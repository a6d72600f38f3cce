"""Outages as their pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.errors import NotFound
from dispatch.intake.models import Outage, Silence
from dispatch.staff.rules import Actor

MOST_SHOWN = 100


@dataclass(frozen=True)
class Incident:
    """An outage: how many terminals it has silenced, how many of them are silent still, of how many customers; when the first and
    when the last of them was heard.
    """

    row: Outage
    terminals: int
    still: int
    customers: int
    begun: datetime
    last: datetime

    @property
    def again(self) -> int:
        """How many report again, or are not missed any more."""
        return self.terminals - self.still


def _incidents(by: Actor) -> sa.Select[Any]:
    still = sa.func.count().filter(Silence.ended_at.is_(None))
    figures = (sa.func.count(), still, sa.func.count(Silence.customer_id.distinct()))
    heard = (sa.func.min(Silence.last_heard_at), sa.func.max(Silence.last_heard_at))
    own = sa.true() if by.may("branches.all") else Outage.branch_id == by.branch_id
    columns: tuple[Any, ...] = (Outage, *figures, *heard)
    return sa.select(*columns).join(Silence, Silence.outage_id == Outage.id).where(own).group_by(Outage.id)


def outages_now(session: Session, by: Actor) -> Sequence[Incident]:
    """Those of the reader's branch that are not over, the largest first."""
    query = _incidents(by).where(Outage.ended_at.is_(None)).order_by(sa.desc(sa.func.count()), Outage.id).limit(MOST_SHOWN)
    return [Incident(*row) for row in session.execute(query)]


def outage(session: Session, outage_id: int, by: Actor) -> Incident:
    """One, over or not. Raises NotFound."""
    found = session.execute(_incidents(by).where(Outage.id == outage_id)).first()
    if found is None:
        raise NotFound
    return Incident(*found)


def customers_of(session: Session, outage_id: int) -> Sequence[tuple[int, str, int]]:
    """Whom it concerns, those with most vehicles first: (id, name, how many)."""
    count = sa.func.count()
    query = sa.select(Customer.id, Customer.name, count).join(Silence, Silence.customer_id == Customer.id)
    query = query.where(Silence.outage_id == outage_id).group_by(Customer.id)
    return [(row[0], row[1], row[2]) for row in session.execute(query.order_by(count.desc(), Customer.name))]
