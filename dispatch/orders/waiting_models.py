"""The times for which orders waited: why, until which day, and whether their clocks stood still."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of
from dispatch.orders.waiting_rules import WHYS


class OrderWait(Base):
    """One time of waiting; the open one of an order has no end. `pauses`: its clocks stand still meanwhile."""

    __tablename__ = "order_wait"
    __table_args__ = (
        words_of("why", tuple(WHYS)),
        sa.CheckConstraint("why <> 'other' OR btrim(words) <> ''", name="other_has_words"),
        sa.CheckConstraint("until >= since", name="ends_afterwards"),
        sa.Index("uq_order_wait_open", "order_id", unique=True, postgresql_where=sa.text("until IS NULL")),
        sa.Index("ix_order_wait_wakes", "next_on", postgresql_where=sa.text("until IS NULL")),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    why: Mapped[str]
    words: Mapped[str] = mapped_column(server_default="")
    next_on: Mapped[date]
    pauses: Mapped[bool]
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
