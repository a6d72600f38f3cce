"""The business calendar, the duty roster and leave."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.staff import calendar_rules, roster_rules
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.staff.models import Person


class CalendarDay(Base):
    """A day that is not as its weekday says: for the whole company or, with `branch_id`, for one branch, which goes first."""

    __tablename__ = "calendar_day"
    __table_args__ = (
        words_of("kind", tuple(calendar_rules.KINDS)),
        sa.CheckConstraint("btrim(name) <> ''", name="has_name"),
        sa.UniqueConstraint("day", "branch_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Key]
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    kind: Mapped[str]
    name: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class DutyDay(Base):
    """What the roster says about one day of one person; without hours he is off. Hours that do not end later go over midnight."""

    __tablename__ = "duty_day"
    __table_args__ = (
        sa.CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="hours_are_whole"),
        sa.CheckConstraint("starts <> ends", name="hours_have_length"),
        sa.Index(None, "day"),
    )

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class LeaveRequest(Base):
    """Leave that somebody asks for; what is asked for or approved never overlaps. `request_key`: the form's own UUID.

    Approved leave that was withdrawn after it had begun holds until then: he came back early.
    """

    __tablename__ = "leave_request"
    __table_args__ = (
        words_of("kind", tuple(roster_rules.KINDS)),
        words_of("state", tuple(roster_rules.STATES)),
        sa.CheckConstraint("ends_at > starts_at", name="has_length"),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("decided_by_id <> person_id", name="not_by_himself"),
        sa.CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("state NOT IN ('approved', 'refused') OR decided_at IS NOT NULL", name="is_decided"),
        sa.CheckConstraint("state <> 'refused' OR coalesce(btrim(answer), '') <> ''", name="refused_has_reason"),
        sa.CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_is_whole"),
        ExcludeConstraint(
            (sa.column("person_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_leave_request_no_overlap",
            using="gist",
            where=sa.text("state IN ('asked', 'approved')"),
        ),
        sa.Index("ix_leave_request_waiting", "id", postgresql_where=sa.text("state = 'asked'")),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="asked")
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    withdrawn_at: Mapped[datetime | None]
    request_key: Mapped[uuid.UUID] = mapped_column(sa.Uuid, unique=True)

    @property
    def last(self) -> datetime:
        """The last moment of it: of whole days the end of the last of them."""
        return self.ends_at - timedelta(seconds=1)

    @property
    def cut_short(self) -> bool:
        """Whether it had begun, with approval, when it was withdrawn."""
        return self.withdrawn_at is not None and self.decided_at is not None and self.starts_at < self.withdrawn_at

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])


constraint_says("uq_calendar_day_day_branch_id", say("This day stands in the calendar already."))
constraint_says(
    "ex_leave_request_no_overlap", say("There is leave for this time already. Withdraw it first, or choose another time.")
)
constraint_says("uq_leave_request_request_key", say("This leave was asked for already."))
