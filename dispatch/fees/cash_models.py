"""How much cash may be held and how long, by branch and person; and whom a manager has let pass over it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says
from dispatch.fees.cash_rules import Dated, Limit
from dispatch.staff.models import Branch, Person
from dispatch.words import say


class CashLimit(Base):
    """At most so much cash for so many hours (none: at once on return), from a day on: of everybody, a branch, or one person.

    A personal one has a reason, and is nobody's own doing. Never changed; it is ended by somebody, or by the day it ends on.
    """

    __tablename__ = "cash_limit"
    __table_args__ = (
        sa.CheckConstraint("most >= 0", name="most_not_negative"),
        sa.CheckConstraint("hours > 0", name="hours_above_zero"),
        sa.CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("person_id IS NULL OR branch_id IS NULL", name="of_person_or_branch"),
        sa.CheckConstraint("person_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name="exception_has_reason"),
        sa.CheckConstraint("person_id <> by_id", name="not_his_own"),
        sa.CheckConstraint("num_nonnulls(ended_at, ended_by_id) IN (0, 2)", name="ended_is_whole"),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[Key]
    request_key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    most: Mapped[Decimal]
    hours: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 2))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    reason: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship()
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def dated(self) -> Dated:
        """The same as plain data."""
        limit = Limit(self.most, self.hours, self.id, self.person_id is not None)
        return Dated(limit, self.branch_id, self.person_id, self.valid_from, self.valid_to)


class CashPass(Base):
    """A manager lets somebody who is over his limit take further paid jobs, for a reason: until his next hand-in."""

    __tablename__ = "cash_pass"
    __table_args__ = (
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("person_id <> by_id", name="not_his_own"),
        sa.Index(None, "person_id", "at"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    cash: Mapped[Decimal]
    reason: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


NOT_OWN = say("Nobody decides about his own cash. Ask somebody else.")
constraint_says("ck_cash_limit_not_his_own", NOT_OWN)
constraint_says("ck_cash_pass_not_his_own", NOT_OWN)
constraint_says("uq_cash_limit_request_key", say("This limit is set already."))
