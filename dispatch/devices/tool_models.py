"""Tools with a number of their own: in somebody's custody like a terminal, and good only while their calibration holds."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says
from dispatch.devices.tool_rules import state
from dispatch.words import say

if TYPE_CHECKING:
    from dispatch.devices.models import Unit


class Tool(Base):
    """What it is, the number on it, and the last day its calibration holds; without a day it needs none."""

    __tablename__ = "tool"
    __table_args__ = (sa.CheckConstraint("btrim(name) <> ''", name="has_name"),)

    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), primary_key=True)
    serial: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    valid_until: Mapped[date | None]

    unit: Mapped[Unit] = relationship(back_populates="tool")

    def state(self, on: date, soon_days: int = 0) -> str:
        """How its calibration stands on a day, one of STATES."""
        return state(self.valid_until, on, soon_days)


class Calibration(Base):
    """A tool was calibrated; never changed. The newest one says how long the tool may be used."""

    __tablename__ = "calibration"
    __table_args__ = (sa.CheckConstraint("valid_until > done_on", name="holds_for_a_while"), sa.Index(None, "unit_id"))

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("tool.unit_id"))
    done_on: Mapped[date]
    valid_until: Mapped[date]
    certificate: Mapped[str | None]
    key: Mapped[uuid.UUID] = mapped_column(unique=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


constraint_says("uq_tool_serial", say("A tool with this number is on record already."))
constraint_says("ck_calibration_holds_for_a_while", say("It holds longer than the day it was done."))
