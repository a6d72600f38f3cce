"""How far below the list somebody may quote without being asked, by role or person."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.discount_rules import DatedDiscount
from dispatch.permissions import ROLES
from dispatch.staff.models import Branch, Person
from dispatch.words import say


class DiscountLimit(Base):
    """At most so many per cent below the list, from a day on: of a role, in one branch or all, or of one person.

    A personal one has a reason, and is nobody's own doing. Never changed; it is ended by somebody, or by the day it ends on.
    """

    __tablename__ = "discount_limit"
    __table_args__ = (
        words_of("role", tuple(ROLES)),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name="percent_is_a_share"),
        sa.CheckConstraint("valid_to >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("num_nonnulls(role, person_id) = 1", name="of_role_or_person"),
        sa.CheckConstraint("person_id IS NULL OR branch_id IS NULL", name="branch_has_role"),
        sa.CheckConstraint("person_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name="exception_has_reason"),
        sa.CheckConstraint("person_id <> by_id", name="not_his_own"),
        sa.CheckConstraint("num_nonnulls(ended_at, ended_by_id) IN (0, 2)", name="ended_is_whole"),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "person_id"),
    )

    id: Mapped[Key]
    request_key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    role: Mapped[str | None]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    percent: Mapped[Decimal] = mapped_column(sa.Numeric(5, 2))
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
    def dated(self) -> DatedDiscount:
        """The same as plain data."""
        whose = (self.branch_id, self.role, self.person_id)
        return DatedDiscount(self.id, self.percent, *whose, self.valid_from, self.valid_to)


NOT_OWN_DISCOUNT = say("Nobody decides about his own discounts. Ask somebody else.")
constraint_says("ck_discount_limit_not_his_own", NOT_OWN_DISCOUNT)
constraint_says("uq_discount_limit_request_key", say("This limit is set already."))
