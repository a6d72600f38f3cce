"""Keeping a filter of the order list under a name, and forgetting it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.errors import Invalid, NotFound
from dispatch.orders.filter_models import MOST_LETTERS, SavedFilter
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

MOST = 12
"""More than this nobody finds again in a menu."""


def keep_filter(session: Session, name: str, query: str, *, by: Actor, at: datetime) -> None:
    """Keep `query` (what stands in the list's address) under a name; the same name again means the new one. Raises Invalid."""
    by.must("order.see")
    refused = _refused(session, name, query, by)
    if refused:
        raise Invalid({"name": refused})
    row = insert(SavedFilter).values(person_id=by.id, name=name, query=query, at=at)
    session.execute(row.on_conflict_do_update(index_elements=["person_id", "name"], set_={"query": query, "at": at}))


def _refused(session: Session, name: str, query: str, by: Actor) -> Text | None:
    if not query:
        return say("Nothing is filtered or sorted: choose something first.")
    if not name:
        return say("Give the filter a name.")
    if len(name) > MOST_LETTERS:
        return say("A name has at most %(n)s letters.", n=MOST_LETTERS)
    others = sa.select(sa.func.count()).where(SavedFilter.person_id == by.id, SavedFilter.name != name)
    if session.scalars(others).one() >= MOST:
        return say("You keep %(n)s filters already. Forget one first.", n=MOST)
    return None


def forget_filter(session: Session, filter_id: int, *, by: Actor) -> str:
    """Forget one's own filter; gives its name. Raises NotFound."""
    row = session.get(SavedFilter, filter_id)
    if row is None or row.person_id != by.id:
        raise NotFound
    session.delete(row)
    return row.name
