"""The price list. Prices include tax; a new price is a new row with its own first day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key


class Price(Base):
    """What one thing costs from a day on, tax included; `tax_rate` 0.13 means 13 %."""

    __tablename__ = "price"
    __table_args__ = (
        sa.UniqueConstraint("code", "valid_from"),
        sa.CheckConstraint("amount >= 0", name="amount_not_negative"),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 1", name="tax_rate_is_a_share"),
    )

    id: Mapped[Key]
    code: Mapped[str]
    name: Mapped[str]
    category: Mapped[str]
    amount: Mapped[Decimal]
    tax_rate: Mapped[Decimal] = mapped_column(sa.Numeric(5, 4))
    valid_from: Mapped[date]
