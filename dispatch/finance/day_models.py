"""Days that finance has closed: their figures as they were then, chained per branch; and who reopened one and why."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says
from dispatch.words import say


class DayClose(Base):
    """A branch's day as it was closed. A row stands until it is reopened; it is never changed otherwise, nor deleted.

    `hash` follows that of the day before (`prev_hash`) and is in the trail, too.
    """

    __tablename__ = "day_close"
    __table_args__ = (
        sa.CheckConstraint(
            "num_nulls(reopened_by_id, reopened_by_name, reopened_at, reopened_reason) IN (0, 4)", name="reopened_is_whole"
        ),
        sa.CheckConstraint("btrim(reopened_reason) <> ''", name="reopened_has_reason"),
        sa.Index("uq_day_close_stands", "branch_id", "day", unique=True, postgresql_where=sa.text("reopened_at IS NULL")),
        sa.Index(None, "branch_id", "day"),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    day: Mapped[date]
    figures: Mapped[dict[str, Any]]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    reopened_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reopened_by_name: Mapped[str | None]
    reopened_at: Mapped[datetime | None]
    reopened_reason: Mapped[str | None]

    @property
    def expected(self) -> Decimal:
        """What should have been collected: charged, less what went on account."""
        return self._sum("charged") - self._sum("on_account")

    @property
    def collected(self) -> Decimal:
        """What was taken by all channels."""
        return sum((Decimal(text) for text in self.figures["ledger"]["collected"].values()), Decimal("0.00"))

    @property
    def received(self) -> Decimal:
        """What finance had of it when the day was closed: counted or matched."""
        return sum((Decimal(text) for text in self.figures["received"].values()), Decimal("0.00"))

    @property
    def seal(self) -> str:
        """The beginning of its hash, by which a printed figure can be told from another."""
        return self.hash.hex()[:16]

    def _sum(self, name: str) -> Decimal:
        return Decimal(self.figures["ledger"][name])


constraint_says("uq_day_close_stands", say("Somebody has closed this day already."))
