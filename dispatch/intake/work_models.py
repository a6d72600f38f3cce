"""Long work on a file: reading it, or taking it in. Asked for on a page, carried out by the worker, kept with its outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.intake.progress import STAGES, STATES, UNDER_WAY, WORKS
from dispatch.words import say


class FileWork(Base):
    """One piece of long work. `asked` is what the person decided; `done` of `total` lines are through its `stage`.

    `heard_at` is when the worker said something last; `failure` is why it came to nothing, by field ("" for none).
    """

    __tablename__ = "file_work"
    __table_args__ = (
        words_of("work", tuple(WORKS)),
        words_of("state", STATES),
        words_of("stage", tuple(STAGES)),
        sa.CheckConstraint("(state IN ('done', 'failed')) = (ended_at IS NOT NULL)", name="ended_has_moment"),
        sa.CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_says_why"),
        sa.Index(
            "uq_file_work_under_way",
            "upload_id",
            unique=True,
            postgresql_where=sa.text(f"state IN ({', '.join(repr(state) for state in UNDER_WAY)})"),
        ),
        sa.Index(None, "upload_id", "id"),
    )

    id: Mapped[Key]
    upload_id: Mapped[int] = mapped_column(sa.ForeignKey("upload.id"))
    work: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="asked")
    asked: Mapped[dict[str, Any]]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
    stage: Mapped[str | None]
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    heard_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    failure: Mapped[dict[str, Any] | None]


constraint_says("uq_file_work_under_way", say("This file is being worked on already. Wait for the result."))
