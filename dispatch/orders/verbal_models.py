"""Approvals that somebody gave by word, so that the work could go on: recorded at once, backfilled by the named person."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.orders.verbal_rules import STEPS, VERBAL_CHANNELS, VERBAL_DECISIONS
from dispatch.staff.models import Person
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.orders.models import Order

STILL_OPEN = "decision IS NULL OR (decision = 'refused' AND settled_at IS NULL)"
"""SQL: nobody has confirmed it yet, or it was refused and nobody has said how that was settled."""


class VerbalApproval(Base):
    """One approval by word (P13, Q14). `key` is the form's own UUID, or that of the fact: sent twice it counts once.

    `approval_id` is the open step it stands for, None for what was allowed during the work. `permission` is the level at which it
    was given: who answers for it when the named person has left. What is recorded, decided and settled never changes (a trigger).
    """

    __tablename__ = "verbal_approval"
    __table_args__ = (
        words_of("channel", tuple(VERBAL_CHANNELS)),
        words_of("permission", STEPS),
        words_of("decision", VERBAL_DECISIONS),
        sa.CheckConstraint("btrim(what_for) <> ''", name="is_for_something"),
        sa.CheckConstraint("recorded_by_id <> approver_id", name="not_ones_own_word"),
        sa.CheckConstraint("said_at <= recorded_at + interval '5 minutes'", name="was_said"),
        sa.CheckConstraint("due_at >= recorded_at", name="due_afterwards"),
        sa.CheckConstraint("num_nonnulls(decision, decided_by_id, decided_at) IN (0, 3)", name="decided_is_whole"),
        sa.CheckConstraint("decided_by_id <> recorded_by_id", name="not_by_its_recorder"),
        sa.CheckConstraint("decision <> 'refused' OR btrim(decision_reason) <> ''", name="refused_has_words"),
        sa.CheckConstraint("decision <> 'refused' OR decision_reason IS NOT NULL", name="refused_has_reason"),
        sa.CheckConstraint("num_nonnulls(settled_by_id, settled_at, settled_reason) IN (0, 3)", name="settled_is_whole"),
        sa.CheckConstraint("settled_at IS NULL OR decision IS NOT DISTINCT FROM 'refused'", name="only_refused_is_settled"),
        sa.CheckConstraint("settled_by_id <> recorded_by_id", name="not_settled_by_its_recorder"),
        sa.ForeignKeyConstraint(
            ["approval_id", "order_id"], ["approval.id", "approval.order_id"], name="fk_verbal_approval_step"
        ),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("approval_id"),
        sa.Index(None, "order_id"),
        sa.Index("ix_verbal_approval_open", "order_id", postgresql_where=sa.text(STILL_OPEN)),
        sa.Index("ix_verbal_approval_owed", "approver_id", "due_at", postgresql_where=sa.text("decision IS NULL")),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    approval_id: Mapped[int | None]
    approver_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    permission: Mapped[str]
    channel: Mapped[str]
    said_at: Mapped[datetime]
    what_for: Mapped[str]
    recorded_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    decision: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_at: Mapped[datetime | None]
    settled_reason: Mapped[str | None]

    order: Mapped[Order] = relationship(back_populates="verbal_approvals", foreign_keys=[order_id])
    approver: Mapped[Person] = relationship(foreign_keys=[approver_id])
    recorded_by: Mapped[Person] = relationship(foreign_keys=[recorded_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
    settled_by: Mapped[Person | None] = relationship(foreign_keys=[settled_by_id])

    @property
    def waits(self) -> bool:
        """Nobody has confirmed or refused it yet."""
        return self.decision is None

    @property
    def disowned(self) -> bool:
        """It was refused afterwards, and nobody has said how that was settled."""
        return self.decision == "refused" and self.settled_at is None

    def overdue(self, at: datetime) -> bool:
        """Whether it should have been backfilled by `at`."""
        return self.waits and self.due_at < at


def undecided() -> sa.ColumnElement[bool]:
    """SQL: nobody has confirmed or refused it yet."""
    return VerbalApproval.decision.is_(None)


def disowned() -> sa.ColumnElement[bool]:
    """SQL: refused afterwards, and nobody has said how that was settled."""
    return sa.and_(VerbalApproval.decision == "refused", VerbalApproval.settled_at.is_(None))


constraint_says("uq_verbal_approval_approval_id", say("Somebody else decided this a moment ago."))
constraint_says("uq_verbal_approval_key", say("This was recorded already."))
