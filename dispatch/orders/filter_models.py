"""Filters of the order list that somebody keeps under a name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key

MOST_LETTERS = 30


class SavedFilter(Base):
    """One person's filter: `query` is what stands in the list's address after the question mark."""

    __tablename__ = "saved_filter"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "name"),
        sa.CheckConstraint(f"length(name) BETWEEN 1 AND {MOST_LETTERS}", name="name_is_short"),
        sa.CheckConstraint("query <> ''", name="filters_something"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    name: Mapped[str]
    query: Mapped[str]
    at: Mapped[datetime]
