"""Counts of parts that differ from the record: what was counted, by whom, and who else has booked it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.part_models import Part
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Holder

PART_COUNT_STATUSES = ("waiting", "booked", "dropped")


class PartCount(Base):
    """Somebody has counted parts of a store or bag and found other numbers than the record's; who counted does not book them."""

    __tablename__ = "part_count"
    __table_args__ = (
        words_of("status", PART_COUNT_STATUSES),
        sa.CheckConstraint("btrim(note) <> ''", name="is_explained"),
        sa.CheckConstraint("(status = 'waiting') = (settled_at IS NULL)", name="settled_has_a_moment"),
        sa.CheckConstraint(
            "status <> 'booked' OR (settled_by_id IS NOT NULL AND settled_by_id IS DISTINCT FROM counted_by_id)",
            name="not_his_own",
        ),
        sa.UniqueConstraint("key"),
        sa.Index("uq_part_count_waiting", "holder_id", unique=True, postgresql_where=sa.text("status = 'waiting'")),
        sa.Index(None, "branch_id"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))
    status: Mapped[str]
    note: Mapped[str]
    counted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    counted_by_name: Mapped[str]
    counted_at: Mapped[datetime]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_by_name: Mapped[str | None]
    settled_at: Mapped[datetime | None]

    holder: Mapped[Holder] = relationship()
    lines: Mapped[list[PartCountLine]] = relationship(order_by="PartCountLine.part_id")


class PartCountLine(Base):
    """One part of it: how many there were by the record and how many were there; `entry_id` is the move that booked it."""

    __tablename__ = "part_count_line"
    __table_args__ = (
        sa.CheckConstraint("was >= 0 AND there >= 0 AND was <> there", name="differs"),
        sa.UniqueConstraint("entry_id"),
    )

    count_id: Mapped[int] = mapped_column(sa.ForeignKey("part_count.id"), primary_key=True)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"), primary_key=True)
    was: Mapped[int]
    there: Mapped[int]
    entry_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part_entry.id"))

    part: Mapped[Part] = relationship()


constraint_says("ck_part_count_not_his_own", say("Who counted does not book the difference. Another manager decides."))
constraint_says("uq_part_count_waiting", say("A count of these parts waits for a manager already."))
constraint_says("uq_part_count_key", say("This form was sent before. Look at what came of it and open it anew."))
