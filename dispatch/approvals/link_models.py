"""Links by which one person decides one level of a ladder without signing in, once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.schema import SchemaItem

from dispatch.db import Base, Key, constraint_says
from dispatch.staff.models import Person
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.approvals.models import RequestStep

TWO_AT_ONCE = say("Somebody made a link for the same person just now. Please look again.")


class Link:
    """One link, to whatever it is a level of. Only the hash of its token is stored, so a stolen table opens nothing."""

    if TYPE_CHECKING:
        id: Mapped[Any]
        step: Mapped[Any]
        approver: Mapped[Person]
        made_by: Mapped[Person]

    token_hash: Mapped[bytes]
    approver_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


def rules_of(name: str, step: str) -> tuple[SchemaItem, ...]:
    """What holds in a table of links; one is alive for a person and a level, which stands in column `step`."""
    return (
        sa.CheckConstraint("expires_at > made_at", name="lasts"),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
        sa.CheckConstraint("used_at <= expires_at", name="used_in_time"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name="revoked_is_whole"),
        sa.UniqueConstraint("token_hash"),
        sa.Index(
            f"uq_{name}_alive",
            step,
            "approver_id",
            unique=True,
            postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
        ),
    )


class RequestLink(Link, Base):
    """A link to decide one level of a request."""

    __tablename__ = "approval_request_link"
    __table_args__ = rules_of("approval_request_link", "step_id")

    id: Mapped[Key]
    step_id: Mapped[int] = mapped_column(sa.ForeignKey("approval_request_step.id"))

    step: Mapped[RequestStep] = relationship()
    approver: Mapped[Person] = relationship(foreign_keys="RequestLink.approver_id")
    made_by: Mapped[Person] = relationship(foreign_keys="RequestLink.made_by_id")


constraint_says("uq_approval_request_link_alive", TWO_AT_ONCE)
