"""What still stands as a change left it, and why the rest does not go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from dispatch.board.operations.writing import kept_visit
from dispatch.board.outcome import Json
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Visit
from dispatch.orders.operations.taking_off import IDLE
from dispatch.words import Text, say

BEGUN = say("The technician has set out for it already.")
SENT = say("It is on the technician's phone already.")
LOCKED = say("It was locked since.")
CHANGED = say("It was changed since.")
LEFT_OVER = say("Its time has passed.")

Stays = Sequence[tuple[int, Text]]
"""Orders of visits that stay, and why."""


@dataclass(frozen=True)
class Left:
    """The visits that stand as they came, each as it was kept; those that do not; the vehicles of these."""

    intact: tuple[tuple[Json, Visit], ...]
    stays: tuple[tuple[int, Text], ...]
    line_ids: frozenset[int]


def as_left(session: Session, came: Sequence[Json]) -> Left:
    """Look at what came."""
    query = sa.select(Visit).where(Visit.order_id.in_({one["order"] for one in came}), Visit.status.in_(VISIT_LIVE))
    now = session.scalars(query.options(selectinload(Visit.visit_lines)).order_by(Visit.order_id, Visit.id)).all()
    standing = {_same(kept_visit(visit)): visit for visit in now}
    rows = [(one, found, _why_stays(found, one)) for one in came for found in (standing.get(_same(one)),)]
    intact = tuple((one, found) for one, found, why in rows if found is not None and why is None)
    stays = [(one, why) for one, _, why in rows if why is not None]
    lines = frozenset(line_id for one, _ in stays for line_id in one["line_ids"])
    return Left(intact, tuple((one["order"], why) for one, why in stays), lines)


def _why_stays(visit: Visit | None, one: Json) -> Text | None:
    if visit is None:
        return CHANGED
    if visit.status not in IDLE:
        return BEGUN
    if visit.status == "dispatched" and not one["dispatched"]:
        return SENT
    return LOCKED if visit.by_hand and not one["by_hand"] else None


def _same(one: Json) -> tuple[object, ...]:
    times = (datetime.fromisoformat(one["starts_at"]), datetime.fromisoformat(one["ends_at"]))
    return one["order"], one["technician_id"], *times, frozenset(one["line_ids"])
