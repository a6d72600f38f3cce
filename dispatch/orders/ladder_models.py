"""The table of who else approves: one rule a line, added and taken away by name, never changed."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.orders.ladder_rules import ABOVE, LADDER_KINDS, MOST_ABOVE, LevelRule
from dispatch.staff.models import Branch, Person
from dispatch.words import say

_KNOWN = "[" + ", ".join(f'"{role}"' for role in ABOVE) + "]"


class ApprovalRule(Base):
    """Business of a kind, a size and a branch (None: all) needs these `roles` in turn after the manager.

    `key` is the form's own UUID. A rule that holds no longer is ended and stays readable (a trigger).
    """

    __tablename__ = "approval_rule"
    __table_args__ = (
        words_of("kind", tuple(LADDER_KINDS)),
        sa.CheckConstraint("least >= 0", name="least_is_a_size"),
        sa.CheckConstraint("most >= least", name="has_a_span"),
        sa.CheckConstraint(f"jsonb_array_length(roles) BETWEEN 1 AND {MOST_ABOVE}", name="names_somebody"),
        sa.CheckConstraint(f"roles <@ '{_KNOWN}'", name="roles_known"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_is_whole"),
        sa.UniqueConstraint("key"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    kind: Mapped[str]
    branch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("branch.id"))
    least: Mapped[Decimal]
    most: Mapped[Decimal | None]
    roles: Mapped[list[Any]]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]

    branch: Mapped[Branch | None] = relationship()
    added_by: Mapped[Person] = relationship(foreign_keys=[added_by_id])
    ended_by: Mapped[Person | None] = relationship(foreign_keys=[ended_by_id])

    @property
    def rule(self) -> LevelRule:
        """The same as plain data."""
        return LevelRule(self.kind, tuple(self.roles), self.least, self.most, self.branch_id)


constraint_says("uq_approval_rule_key", say("This rule was saved already."))
