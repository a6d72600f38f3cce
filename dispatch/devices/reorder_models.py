"""Reorder points (安全库存): below how many of a thing a store is to be filled up, and to how many."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says
from dispatch.words import say


class ReorderPoint(Base):
    """One terminal model, or the SIMs of one carrier ("": of all carriers together), in one store."""

    __tablename__ = "reorder_point"
    __table_args__ = (
        sa.ForeignKeyConstraint(["store_id", "store_kind"], ["holder.id", "holder.kind"], name="fk_reorder_point_store"),
        sa.CheckConstraint("store_kind = 'store'", name="is_of_a_store"),
        sa.CheckConstraint("num_nonnulls(model, carrier) = 1", name="names_one_thing"),
        sa.CheckConstraint("minimum >= 1", name="minimum_counts"),
        sa.CheckConstraint("target >= minimum", name="fills_up"),
        sa.UniqueConstraint("store_id", "model"),
        sa.UniqueConstraint("store_id", "carrier"),
    )

    id: Mapped[Key]
    store_id: Mapped[int]
    store_kind: Mapped[str] = mapped_column(server_default="store")
    model: Mapped[str | None] = mapped_column(sa.ForeignKey("terminal_model.name"))
    carrier: Mapped[str | None]
    minimum: Mapped[int]
    target: Mapped[int]
    set_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    set_by_name: Mapped[str]
    set_at: Mapped[datetime]


constraint_says("ck_reorder_point_fills_up", say("The store is filled up to at least the minimum."))
