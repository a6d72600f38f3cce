"""The firmware a model of terminal has to have at least: who asked for it and when; nothing is overwritten."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key


class ModelRequirement(Base):
    """What is asked of a model from a moment on; the newest row counts, and one without firmware asks for none any more."""

    __tablename__ = "model_requirement"
    __table_args__ = (sa.Index(None, "model", "id"),)

    id: Mapped[Key]
    model: Mapped[str] = mapped_column(sa.ForeignKey("terminal_model.name"))
    least_firmware: Mapped[str | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
