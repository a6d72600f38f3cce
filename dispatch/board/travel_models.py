"""How fast a branch gets about, where it says so itself, and what its drives taught."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.board.drive_rules import LEAST, MOST, SOURCES
from dispatch.db import Base, words_of
from dispatch.geo.paces import BANDS, PARTS


class TravelSpeed(Base):
    """How a band of distance is driven by day in a branch; nothing: as is usual."""

    __tablename__ = "travel_speed"
    __table_args__ = (
        words_of("band", tuple(BANDS)),
        sa.CheckConstraint("factor BETWEEN 1 AND 5", name="factor_is_a_detour"),
        sa.CheckConstraint("speed_kmh BETWEEN 1 AND 200", name="speed_is_driven"),
    )

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    band: Mapped[str] = mapped_column(primary_key=True)
    factor: Mapped[float | None]
    speed_kmh: Mapped[float | None]


class TravelHour(Base):
    """How fast a part of the day is in a branch, in per cent of the speed by day."""

    __tablename__ = "travel_hour"
    __table_args__ = (words_of("part", tuple(PARTS)), sa.CheckConstraint("percent BETWEEN 10 AND 300", name="percent_is_driven"))

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    percent: Mapped[float]


class TravelCorrection(Base):
    """What drives of a branch taught of one band and one part of the day, about the usual figures or those of a road engine.

    `factor` is what the time is multiplied by, `drives` how many taught it; `off_before` and `off_after` say by how many per cent
    the time of the middle drive was wrong, without and with what the other half of the drives taught.
    """

    __tablename__ = "travel_correction"
    __table_args__ = (
        words_of("source", SOURCES),
        words_of("band", tuple(BANDS)),
        words_of("part", tuple(PARTS)),
        sa.CheckConstraint(f"factor BETWEEN {LEAST} AND {MOST}", name="factor_is_bounded"),
        sa.CheckConstraint("drives > 0", name="drives_taught_it"),
    )

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    band: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    factor: Mapped[float]
    drives: Mapped[int]
    off_before: Mapped[float]
    off_after: Mapped[float]
    learned_at: Mapped[datetime]


class TravelUse(Base):
    """Whether what was learned about a source of travel times is used; nothing: of the usual figures it is, of an engine not."""

    __tablename__ = "travel_use"
    __table_args__ = (words_of("source", SOURCES),)

    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    used: Mapped[bool]
