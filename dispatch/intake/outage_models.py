"""Outages: many terminals of one carrier, or of one area, that fell silent together. Each is one incident and not many orders."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of

OUTAGE_KINDS = ("carrier", "area")
OUTAGE_ENDS = ("reported", "person")


class Outage(Base):
    """One incident: its terminals were last heard between `from_at` and `to_at`, over one carrier or around one place (WGS-84).

    Its silences name it. It ends when its terminals report again, or when somebody says so; those that are silent still are
    then proposed one by one. `told_words` is what the customers were told, once.
    """

    __tablename__ = "outage"
    __table_args__ = (
        words_of("kind", OUTAGE_KINDS),
        words_of("ended_by", OUTAGE_ENDS),
        sa.CheckConstraint("kind <> 'carrier' OR carrier IS NOT NULL", name="carrier_is_named"),
        sa.CheckConstraint("(kind = 'area') = (lat IS NOT NULL) AND (kind = 'area') = (lon IS NOT NULL)", name="area_has_place"),
        sa.CheckConstraint("from_at <= to_at", name="begins_before_end"),
        sa.CheckConstraint("num_nulls(told_at, told_words, told_by_id, told_by_name) IN (0, 4)", name="told_is_whole"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_has_cause"),
        sa.CheckConstraint(
            "(ended_by IS NOT DISTINCT FROM 'person') = (end_reason IS NOT NULL) "
            "AND num_nulls(end_reason, ended_by_id, ended_by_name) IN (0, 3)",
            name="person_says_why",
        ),
        sa.UniqueConstraint("id", "branch_id"),
        sa.Index("ix_outage_open", "branch_id", postgresql_where=sa.text("ended_at IS NULL")),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    kind: Mapped[str]
    carrier: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
    found_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    told_words: Mapped[str | None]
    told_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    told_by_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    end_reason: Mapped[str | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    ended_by_name: Mapped[str | None]
