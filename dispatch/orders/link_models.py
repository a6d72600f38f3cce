"""Links by which one person decides one level of one order without signing in, once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says
from dispatch.staff.models import Person
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.orders.models import Approval


class ApprovalLink(Base):
    """One link. Only the hash of its token is stored, so a stolen table opens nothing. One is alive for a person and a level."""

    __tablename__ = "approval_link"
    __table_args__ = (
        sa.CheckConstraint("expires_at > made_at", name="lasts"),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
        sa.CheckConstraint("used_at <= expires_at", name="used_in_time"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_is_whole"),
        sa.ForeignKeyConstraint(["approval_id", "order_id"], ["approval.id", "approval.order_id"], name="fk_approval_link_step"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            "uq_approval_link_alive",
            "approval_id",
            "approver_id",
            unique=True,
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    token_hash: Mapped[bytes]
    order_id: Mapped[int]
    approval_id: Mapped[int]
    approver_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    step: Mapped[Approval] = relationship()
    approver: Mapped[Person] = relationship(foreign_keys=[approver_id])
    made_by: Mapped[Person] = relationship(foreign_keys=[made_by_id])


constraint_says("uq_approval_link_alive", say("Somebody made a link for the same person just now. Please look again."))
