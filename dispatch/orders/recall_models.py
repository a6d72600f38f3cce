"""Recalls (返工): a repeat about the same vehicle, tied to the visit that caused it; proposed by rule, decided by a person."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, words_of
from dispatch.orders.recall_rules import RECALL_STATES
from dispatch.staff.models import Person

if TYPE_CHECKING:
    from dispatch.orders.models import Order, OrderLine, Visit


class Recall(Base):
    """One vehicle of an order and the earlier visit whose work it repeats. It says nothing about the warranty of a part."""

    __tablename__ = "recall"
    __table_args__ = (
        words_of("state", tuple(RECALL_STATES)),
        sa.CheckConstraint("order_id <> cause_order_id", name="of_another_order"),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name="decided_has_moment"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("state <> 'denied' OR btrim(coalesce(reason, '')) <> ''", name="denied_has_reason"),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_recall_line"),
        sa.ForeignKeyConstraint(["cause_visit_id", "cause_order_id"], ["visit.id", "visit.order_id"], name="fk_recall_cause"),
        sa.UniqueConstraint("line_id"),
        sa.Index(None, "order_id"),
        sa.Index(None, "cause_order_id"),
        sa.Index(None, "technician_id"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    line_id: Mapped[int]
    cause_visit_id: Mapped[int]
    cause_order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    technician_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(server_default="proposed")
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]

    order: Mapped[Order] = relationship(foreign_keys=[order_id], viewonly=True)
    line: Mapped[OrderLine] = relationship(primaryjoin="foreign(Recall.line_id) == OrderLine.id", viewonly=True)
    cause: Mapped[Visit] = relationship(primaryjoin="foreign(Recall.cause_visit_id) == Visit.id", viewonly=True)
    cause_order: Mapped[Order] = relationship(foreign_keys=[cause_order_id], viewonly=True)
    technician: Mapped[Person] = relationship(foreign_keys=[technician_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
