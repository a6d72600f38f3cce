"""Reorder points (安全库存): below how many of a thing a store is to be filled up, and to how many."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says
from dispatch.devices.part_models import Part
from dispatch.words import say


class ReorderPoint(Base):
    """One terminal model, the SIMs of one carrier ("": of all carriers together), or one counted part, in one store."""

    __tablename__ = "reorder_point"
    __table_args__ = (
        sa.ForeignKeyConstraint(["store_id", "store_kind"], ["holder.id", "holder.kind"], name="fk_reorder_point_store"),
        sa.CheckConstraint("store_kind = 'store'", name="is_of_a_store"),
        sa.CheckConstraint("num_nonnulls(model, carrier, part_id) = 1", name="names_one_thing"),
        sa.CheckConstraint("minimum >= 1", name="minimum_counts"),
        sa.CheckConstraint("target >= minimum", name="fills_up"),
        sa.UniqueConstraint("store_id", "model"),
        sa.UniqueConstraint("store_id", "carrier"),
        sa.UniqueConstraint("store_id", "part_id"),
    )

    id: Mapped[Key]
    store_id: Mapped[int]
    store_kind: Mapped[str] = mapped_column(server_default="store")
    model: Mapped[str | None] = mapped_column(sa.ForeignKey("terminal_model.name"))
    carrier: Mapped[str | None]
    part_id: Mapped[int | None] = mapped_column(sa.ForeignKey("part.id"))
    minimum: Mapped[int]
    target: Mapped[int]
    set_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    set_by_name: Mapped[str]
    set_at: Mapped[datetime]

    part: Mapped[Part | None] = relationship()


constraint_says("ck_reorder_point_fills_up", say("The store is filled up to at least the minimum."))
