"""What orders still lack before they can be closed, and the numbers that orders are given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base


class OrderPapers(Base):
    """What an order that is done still lacks before it can be closed, as sentences; counted anew whenever one of them changes.

    Beside each sentence stand who `owes` it and the `place` where it is mended. Pages read it here. Closing itself counts again.
    """

    __tablename__ = "order_papers"

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"), primary_key=True)
    missing: Mapped[list[Any]]
    at: Mapped[datetime]


class OrderCounter(Base):
    """The last number given per kind and day, so that numbers run without gaps within a day."""

    __tablename__ = "order_counter"

    prefix: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
