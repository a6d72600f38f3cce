"""Units and counted parts that one technician hands to another: promised, and the giver's until the taker says he has them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Holder, Unit
    from dispatch.devices.part_paper_models import HandOverPart

HAND_OVER_STATUSES = ("offered", "accepted", "declined", "withdrawn")


class HandOver(Base):
    """What was offered to whom, and what became of it. `key` is the form's own: sent twice it counts once."""

    __tablename__ = "hand_over"
    __table_args__ = (
        words_of("status", HAND_OVER_STATUSES),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name="has_two_sides"),
        sa.CheckConstraint("(status = 'offered') = (settled_at IS NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint("status <> 'declined' OR reason IS NOT NULL", name="declined_has_reason"),
        sa.UniqueConstraint("key"),
        sa.Index(None, "to_holder_id", postgresql_where=sa.text("status = 'offered'")),
        sa.Index(None, "from_holder_id", postgresql_where=sa.text("status = 'offered'")),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    from_holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    to_holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    status: Mapped[str]
    note: Mapped[str | None]
    reason: Mapped[str | None]
    offered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    offered_by_name: Mapped[str]
    offered_at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    from_holder: Mapped[Holder] = relationship(foreign_keys=[from_holder_id])
    to_holder: Mapped[Holder] = relationship(foreign_keys=[to_holder_id])
    units: Mapped[list[HandOverUnit]] = relationship(order_by="HandOverUnit.unit_id")
    parts: Mapped[list[HandOverPart]] = relationship(order_by="HandOverPart.part_id")


class HandOverUnit(Base):
    """One unit of it. It is `open` while it is promised: until the hand-over is settled, or the unit has gone elsewhere."""

    __tablename__ = "hand_over_unit"
    __table_args__ = (
        sa.Index("uq_hand_over_unit_open", "unit_id", unique=True, postgresql_where=sa.text("open")),
        sa.Index(None, "unit_id"),
    )

    hand_over_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_over.id"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    open: Mapped[bool] = mapped_column(server_default=sa.true())

    unit: Mapped[Unit] = relationship()


constraint_says("uq_hand_over_unit_open", say("One of these is offered to somebody already."))
