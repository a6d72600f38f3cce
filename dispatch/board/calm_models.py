"""What happens in the middle of a day that no system can know, and what is proposed about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

EVENT_KINDS = ("ill", "late", "traffic")
PROPOSAL_STATES = ("open", "accepted", "declined", "replaced", "lapsed", "none")


class DayEvent(Base):
    """Somebody tells that a technician is ill or so many minutes behind, or that drives take so many percent of their time, in
    one district or everywhere. It holds for the rest of the day, unless it is taken back.
    """

    __tablename__ = "day_event"
    __table_args__ = (
        words_of("kind", EVENT_KINDS),
        sa.CheckConstraint("(kind = 'traffic') = (technician_id IS NULL)", name="of_somebody"),
        sa.CheckConstraint("(kind = 'late') = (minutes IS NOT NULL)", name="late_by_minutes"),
        sa.CheckConstraint("(kind = 'traffic') = (percent IS NOT NULL)", name="traffic_by_percent"),
        sa.CheckConstraint("minutes BETWEEN 1 AND 720 AND percent BETWEEN 101 AND 500", name="within_reason"),
        sa.Index(None, "branch_id", "day"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    kind: Mapped[str]
    technician_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    minutes: Mapped[int | None]
    percent: Mapped[int | None]
    area: Mapped[str | None]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    over_at: Mapped[datetime | None]


class CalmProposal(Base):
    """What is proposed about what has happened, one open at most for a branch and day.

    `reasons` are what happened (`calm_rules.Happened`), `moves` every visit that comes, goes or changes (`calm_rules.Move`),
    `figures` the day before and after, `standing` the versions of the visits that it rests on. "none": nothing better was found.
    """

    __tablename__ = "calm_proposal"
    __table_args__ = (
        words_of("state", PROPOSAL_STATES),
        sa.CheckConstraint("(state IN ('open', 'none')) = (decided_at IS NULL)", name="decided_has_time"),
        sa.Index("uq_calm_proposal_open", "branch_id", "day", unique=True, postgresql_where=sa.text("state = 'open'")),
        sa.Index(None, "branch_id", "day", "id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    state: Mapped[str]
    reasons: Mapped[list[Any]]
    moves: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    standing: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


constraint_says("uq_calm_proposal_open", say("Another proposal for this day is open already."))
