"""Clocks of orders, the limits they run against, and who was told when one ran out."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.orders.clock_rules import LONGEST_MINUTES, RECKONED, STAGES, STATES, TELLINGS, Limit
from dispatch.orders.rules import KINDS, URGENCIES
from dispatch.staff.models import Branch, Person
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.orders.models import Order


class ClockLimit(Base):
    """How long a stage may take: one rule a line, replaced by a newer one about the same, never changed (a trigger).

    `key` is the form's own UUID. "" of kind, urgency and area is all of them; no `branch_id` every branch; no minutes no clock.
    """

    __tablename__ = "clock_limit"
    __table_args__ = (
        words_of("stage", tuple(STAGES)),
        words_of("reckoned", tuple(RECKONED)),
        words_of("kind", ("", *KINDS)),
        words_of("urgency", ("", *URGENCIES)),
        sa.CheckConstraint(f"minutes BETWEEN 0 AND {LONGEST_MINUTES}", name="minutes_are_sane"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_is_whole"),
        sa.UniqueConstraint("key"),
        sa.Index(
            "uq_clock_limit_in_force",
            "stage",
            "kind",
            "urgency",
            "area",
            "branch_id",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    stage: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="")
    urgency: Mapped[str] = mapped_column(server_default="")
    area: Mapped[str] = mapped_column(server_default="")
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    minutes: Mapped[int]
    reckoned: Mapped[str]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship()
    added_by: Mapped[Person] = relationship(foreign_keys=[added_by_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def limit(self) -> Limit:
        """The same as plain data."""
        return Limit(self.stage, self.minutes, self.reckoned, self.kind, self.urgency, self.area, self.branch_id)


class BranchHours(Base):
    """The working hours of a branch where they are not those of the settings, as they are typed: 08:30-12:00,13:00-17:30."""

    __tablename__ = "branch_hours"

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    hours: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class OrderClock(Base):
    """One clock of one order, with the limit that held when it began. What is `met` keeps when that was, in time or late."""

    __tablename__ = "order_clock"
    __table_args__ = (
        words_of("stage", tuple(STAGES)),
        words_of("reckoned", tuple(RECKONED)),
        words_of("state", STATES),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="met_has_moment"),
        sa.CheckConstraint("warn_at <= due_at", name="warned_before"),
        sa.Index("ix_order_clock_running", "due_at", "order_id", postgresql_where=sa.text("state = 'running'")),
        sa.Index("ix_order_clock_met", "met_at", postgresql_where=sa.text("state = 'met'")),
    )

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    minutes: Mapped[int]
    reckoned: Mapped[str]
    warn_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="running")
    met_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship(back_populates="clocks")
    notices: Mapped[list[ClockNotice]] = relationship(order_by="ClockNotice.at.desc(), ClockNotice.person_id", viewonly=True)

    def mark(self, at: datetime) -> str | None:
        """ "breached" once it has run out or was met too late, "risk" when that is near; None when all is well."""
        if self.state == "met":
            return "breached" if self.met_at is not None and self.met_at > self.due_at else None
        if self.state != "running":
            return None
        if self.due_at < at:
            return "breached"
        return "risk" if self.warn_at <= at else None


class ClockNotice(Base):
    """Who was told of a limit: once for each person, level and moment at which it was due."""

    __tablename__ = "clock_notice"
    __table_args__ = (
        words_of("level", tuple(TELLINGS)),
        sa.ForeignKeyConstraint(
            ["order_id", "stage"], ["order_clock.order_id", "order_clock.stage"], name="fk_clock_notice_clock"
        ),
        sa.Index(None, "person_id", "at"),
    )

    order_id: Mapped[int] = mapped_column(primary_key=True)
    stage: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime]

    person: Mapped[Person] = relationship()


constraint_says("uq_clock_limit_key", say("This limit was saved already."))
constraint_says("uq_clock_limit_in_force", say("Somebody else has set this limit a moment ago. Look at it, and set it again."))
