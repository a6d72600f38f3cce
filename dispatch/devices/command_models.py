"""What somebody told a terminal to do from afar, and what became of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of

WAYS = ("jt808", "traccar")
COMMAND_OUTCOMES = ("done", "kept", "refused", "unreached")


class TerminalRestart(Base):
    """A terminal is to start anew. Over JT/T 808 the listener sends it, over Traccar the worker; `outcome` says how that ended.

    "done": the terminal said so, or Traccar has sent it; "kept": Traccar sends it when the terminal connects; "refused": it does
    not want to, or cannot; "unreached": nobody could reach it in time.
    """

    __tablename__ = "terminal_restart"
    __table_args__ = (
        words_of("way", WAYS),
        words_of("outcome", COMMAND_OUTCOMES),
        sa.CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_has_outcome"),
        sa.Index("ix_terminal_restart_open", "unit_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "unit_id", "at"),
    )

    id: Mapped[Key]
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("terminal.unit_id"))
    way: Mapped[str]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
