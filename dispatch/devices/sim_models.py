"""Top-ups of SIMs (充卡): an append-only record; a wrong one is taken back by a row of the opposite sign that names it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says
from dispatch.words import say


class SimTopUp(Base):
    """What was put on a SIM, by whom and against which receipt; `until` is the day to which the period then ran."""

    __tablename__ = "sim_top_up"
    __table_args__ = (
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.CheckConstraint("(corrects_id IS NOT NULL) = (amount < 0)", name="negative_corrects"),
        sa.CheckConstraint("corrects_id IS NULL OR reason IS NOT NULL", name="correction_has_reason"),
        sa.CheckConstraint("btrim(receipt) <> ''", name="has_receipt"),
        sa.UniqueConstraint("corrects_id"),
        sa.UniqueConstraint("key"),
        sa.Index(None, "unit_id"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("sim.unit_id"))
    amount: Mapped[Decimal]
    receipt: Mapped[str]
    until: Mapped[date | None]
    until_before: Mapped[date | None]
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sim_top_up.id"))
    reason: Mapped[str | None]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


constraint_says("uq_sim_top_up_corrects_id", say("Somebody has taken this top-up back already."))
