"""Windows that are held for a caller while he makes up his mind."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.words import say

HOLD_STATES = ("held", "taken", "released", "lapsed")


class WindowHold(Base):
    """A window of a branch's day that somebody keeps free for an order until `held_until`, so that no other caller is given it.

    "taken": it was promised; "released": let go, or another was held instead; "lapsed": nobody took it in time. Of those that
    are "held" only what has not run out counts (`is_live`); an order has one at most.
    """

    __tablename__ = "window_hold"
    __table_args__ = (
        words_of("state", HOLD_STATES),
        sa.CheckConstraint("starts_at < ends_at", name="window_has_length"),
        sa.CheckConstraint("held_at < held_until", name="held_for_a_while"),
        sa.CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="ended_has_time"),
        sa.CheckConstraint("state <> 'taken' OR ended_at <= held_until", name="taken_in_time"),
        sa.Index("uq_window_hold_held", "order_id", unique=True, postgresql_where=sa.text("state = 'held'")),
        sa.Index(None, "branch_id", "day"),
    )

    id: Mapped[Key]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="held")
    held_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    held_at: Mapped[datetime]
    held_until: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
    held_by: Mapped[Person] = relationship()

    def is_live(self, at: datetime) -> bool:
        """Whether it keeps others away at a moment."""
        return self.state == "held" and self.held_until > at


constraint_says("uq_window_hold_held", say("Somebody holds a time for this order already."))
