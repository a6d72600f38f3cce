"""What somebody did to several orders at once, so that he can be told of it and take exactly that back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of
from dispatch.orders.bulk_rules import BULK


class BulkAct(Base):
    """One press. `given` is what was chosen with it; `key` stands for the press, so that a second one finds the first."""

    __tablename__ = "bulk_act"
    __table_args__ = (words_of("kind", tuple(BULK)),)

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid, unique=True)
    kind: Mapped[str]
    given: Mapped[dict[str, Any]]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]


class BulkItem(Base):
    """One order of it: `before` is what undoing needs, `left_at` the version in which the act left the order.

    `refused` is the sentence for which it was not done; `not_undone` the one for which it was not taken back.
    """

    __tablename__ = "bulk_item"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(left_at, refused) = 1", name="done_or_refused"),
        sa.CheckConstraint("undone_at IS NULL OR left_at IS NOT NULL", name="done_before_undone"),
        sa.CheckConstraint("num_nonnulls(undone_at, not_undone) < 2", name="undone_or_not"),
    )

    act_id: Mapped[int] = mapped_column(sa.ForeignKey("bulk_act.id"), primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    before: Mapped[dict[str, Any]] = mapped_column(server_default=sa.text("'{}'"))
    left_at: Mapped[int | None]
    refused: Mapped[dict[str, Any] | None]
    undone_at: Mapped[datetime | None]
    not_undone: Mapped[dict[str, Any] | None]
