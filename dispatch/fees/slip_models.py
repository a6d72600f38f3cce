"""Photos of slips: what finance and the person signed at a hand-in, and what the bank gave for a deposit."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key


class SlipPhoto(Base):
    """A photo or PDF of a slip (`sha256` in the store), of one hand-in or deposit; never taken away."""

    __tablename__ = "slip_photo"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(hand_in_id, bank_deposit_id) = 1", name="is_of_one"),
        sa.UniqueConstraint("hand_in_id", "sha256"),
        sa.UniqueConstraint("bank_deposit_id", "sha256"),
    )

    id: Mapped[Key]
    hand_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hand_in.id"))
    bank_deposit_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_deposit.id"))
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("stored_file.sha256"))
    media_type: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
