"""Deputies: who decides in whose place while he is away."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.staff.models import Person


class Deputy(Base):
    """`deputy` decides in the place of `person` from `starts_at` until `ends_at`, unless it is revoked before.

    A person has one deputy at a time. `key` is the form's own UUID.
    """

    __tablename__ = "deputy"
    __table_args__ = (
        sa.CheckConstraint("person_id <> deputy_id", name="is_somebody_else"),
        sa.CheckConstraint("starts_at < ends_at", name="has_length"),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_is_whole"),
        ExcludeConstraint(
            (sa.column("person_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_deputy_one_at_a_time",
            using="gist",
            where=sa.text("revoked_at IS NULL"),
        ),
        sa.UniqueConstraint("key"),
        sa.Index(None, "deputy_id", "ends_at"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    deputy_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    named_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    deputy: Mapped[Person] = relationship(foreign_keys=[deputy_id])

    def over(self, at: datetime) -> bool:
        """It was revoked, or its time has gone by."""
        return self.revoked_at is not None or self.ends_at <= at


constraint_says("ex_deputy_one_at_a_time", say("You have a deputy for a part of this time already. End that first."))
constraint_says("uq_deputy_key", say("This was saved already."))
