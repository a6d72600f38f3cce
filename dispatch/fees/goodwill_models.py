"""Goodwill (P10): a repair treated as in warranty although it is not, asked for with a reason and approved by somebody else."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

GOODWILL_STATES = ("open", "approved", "refused", "withdrawn")
OVER = ("refused", "withdrawn")
"""Came to nothing: it can be asked for anew."""


class Goodwill(Base):
    """One request for one vehicle of an order. Only approved it makes parts free; who asks does not decide.

    The levels that decide are those of its request; what was decided before there were any has none.
    """

    __tablename__ = "goodwill"
    __table_args__ = (
        words_of("state", GOODWILL_STATES),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_has_time"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_has_person"),
        sa.CheckConstraint("decided_by_id <> asked_by_id OR state = 'withdrawn'", name="two_decide"),
        sa.CheckConstraint("state <> 'open' OR request_id IS NOT NULL", name="open_has_request"),
        sa.UniqueConstraint("request_id"),
        sa.CheckConstraint("state <> 'refused' OR decision_reason IS NOT NULL", name="refused_has_reason"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_goodwill_line"),
        sa.UniqueConstraint("key"),
        sa.Index("uq_goodwill_line", "line_id", unique=True, postgresql_where=sa.text("state NOT IN ('refused', 'withdrawn')")),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    line_id: Mapped[int]
    request_id: Mapped[int | None] = mapped_column(sa.ForeignKey("approval_request.id"))
    state: Mapped[str]
    reason: Mapped[str]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_by_name: Mapped[str]
    asked_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


OWN_REQUEST = say("You have asked for this yourself: somebody else has to decide.")
ASKED_ALREADY = say("Goodwill was asked for already. Please look again.")

constraint_says("uq_goodwill_line", ASKED_ALREADY)
constraint_says("ck_goodwill_two_decide", OWN_REQUEST)
