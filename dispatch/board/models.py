"""Planning runs: asked for on the page, carried out by the worker, kept with their outcome."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.board.calm_models import CalmProposal as CalmProposal
from dispatch.board.calm_models import DayEvent as DayEvent
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

RUN_STATES = ("asked", "running", "done", "failed")


class PlanRun(Base):
    """One press of *plan* for one branch and day. `outcome` holds figures and the reasons of what found no one."""

    __tablename__ = "plan_run"
    __table_args__ = (
        words_of("state", RUN_STATES),
        sa.Index(
            "uq_plan_run_under_way", "branch_id", "day", unique=True, postgresql_where=sa.text("state IN ('asked', 'running')")
        ),
        sa.Index(None, "branch_id", "day", "id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="asked")
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[dict[str, Any] | None]


constraint_says("uq_plan_run_under_way", say("This day is being planned already. Wait for the result."))
