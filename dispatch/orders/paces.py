"""How long technicians take for what was planned, as their finished visits show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.orders.models import Visit

LEAST_VISITS = 5
"""Fewer say nothing."""


@dataclass(frozen=True)
class PaceShown:
    """Per cent of the planned time that he was on site, in the middle of so many finished visits."""

    percent: int
    visits: int


def pace_shown(session: Session, person_id: int, *, since: datetime) -> PaceShown | None:
    """Of somebody's visits since a moment; None where they are too few."""
    planned = sa.extract("epoch", Visit.ends_at - Visit.starts_at)
    taken = sa.extract("epoch", Visit.finished_at - Visit.arrived_at)
    middle = sa.func.percentile_cont(0.5).within_group(taken / planned)
    query = sa.select(middle, sa.func.count()).where(Visit.technician_id == person_id, Visit.status == "finished")
    told = query.where(Visit.finished_at > Visit.arrived_at, Visit.ends_at > Visit.starts_at, Visit.starts_at >= since)
    share, visits = session.execute(told).one()
    return PaceShown(round(float(share) * 100), visits) if visits >= LEAST_VISITS else None
