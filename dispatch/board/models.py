"""Planning runs, the plans that are proposed, and what changed a day's plan, so that it can be taken back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.board.calm_models import CalmProposal as CalmProposal
from dispatch.board.calm_models import DayEvent as DayEvent
from dispatch.board.hold_models import WindowHold as WindowHold
from dispatch.board.travel_models import TravelSpeed as TravelSpeed
from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

RUN_STATES = ("asked", "running", "proposed", "done", "dropped", "failed")
PROPOSAL_STATES = ("open", "accepted", "declined")
CHANGES = ("plan", "assign", "move", "take_off", "now", "calm")


class PlanRun(Base):
    """One press of *plan* for one branch and day. `outcome` holds figures and the reasons of what found no one.

    `writes`: at its end the plan is written; otherwise it waits as a proposal until somebody accepts it. `hurried`: somebody
    takes the best so far, so that the search ends now.
    """

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
    writes: Mapped[bool] = mapped_column(server_default=sa.true())
    hurried: Mapped[bool] = mapped_column(server_default=sa.false())
    begun_at: Mapped[datetime | None]


class ProposedPlan(Base):
    """A whole plan of one branch's day that somebody may accept: what a run found so far. What is proposed about something that
    has happened to a running day changes single visits, and is a `CalmProposal`.

    `routes` are the trips by technician (`board/proposed.py` reads and writes them), `figures` the sums that are compared,
    `outcome` what a run keeps. `rounds` counts how often it became better. `standing`: the visits of the day as they were when it
    was begun, id -> version, by which is told that it is stale.
    """

    __tablename__ = "proposed_plan"
    __table_args__ = (
        words_of("state", PROPOSAL_STATES),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_time"),
        sa.Index("uq_proposed_plan_run_id", "run_id", unique=True),
        sa.Index(None, "branch_id", "day", "id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("plan_run.id"))
    state: Mapped[str] = mapped_column(server_default="open")
    rounds: Mapped[int] = mapped_column(server_default="1")
    routes: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    outcome: Mapped[dict[str, Any]]
    standing: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class PlanChange(Base):
    """One change of a day's plan: the visits that `went` and those that `came`, each as `TakenOff.as_json` with its order and its
    id: a visit that was changed stands in both. `calm_id`: the proposal that was accepted; by rule, where `by_id` is none.
    """

    __tablename__ = "plan_change"
    __table_args__ = (
        words_of("kind", CHANGES),
        sa.CheckConstraint("(kind = 'calm') = (calm_id IS NOT NULL)", name="calm_is_known"),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name="undone_by_somebody"),
        sa.Index(None, "branch_id", "day", "id"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    kind: Mapped[str]
    went: Mapped[list[Any]]
    came: Mapped[list[Any]]
    calm_id: Mapped[int | None] = mapped_column(sa.ForeignKey("calm_proposal.id"))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


constraint_says("uq_plan_run_under_way", say("This day is being planned already. Wait for the result."))
