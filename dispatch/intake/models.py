"""Files that were sent in and read, waiting for a person to look at the preview and say yes; and how files are to be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.intake.outage_models import Outage
from dispatch.intake.remote_models import RemoteHelp
from dispatch.intake.silence_models import Silence
from dispatch.intake.work_models import FileWork
from dispatch.words import say

__all__ = ["ColumnChoice", "FileWork", "Outage", "RemoteHelp", "Silence", "Upload"]

PURPOSES = ("request", "terminals", "sims", "technicians", "prices", "calls", "parts")
DOUBLING = ("request", "parts")
"""What the same file taken in twice would double: orders, and counts of parts. The rows of other lists know their like."""


class Upload(Base):
    """A file that was read. `content` is what was understood; `done_at` is set when it was taken in, once and for all.

    `file` is kept until then, to be read anew when a person says which column is what. `again`: the very same file was taken in
    before, and somebody said that this is another delivery or request.
    """

    __tablename__ = "upload"
    __table_args__ = (
        words_of("purpose", PURPOSES),
        sa.Index(None, "by_id", "at"),
        sa.Index(
            "uq_upload_taken_once",
            "branch_id",
            "purpose",
            "file_hash",
            unique=True,
            postgresql_where=sa.text("done_at IS NOT NULL AND NOT again AND purpose IN ('request', 'parts')"),
        ),
    )

    id: Mapped[Key]
    purpose: Mapped[str]
    file_name: Mapped[str]
    file_hash: Mapped[bytes]
    file: Mapped[bytes | None] = mapped_column(deferred=True)
    content: Mapped[dict[str, Any]]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    again: Mapped[bool] = mapped_column(server_default=sa.false())
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}


constraint_says("uq_upload_taken_once", say("Somebody else took this very file in a moment ago. Nothing was taken twice."))


class ColumnChoice(Base):
    """Which column is what in the files of a customer, or in a branch's lists of one kind, as a person once said.

    `keys` are those of `tabular.told.Told`; `headings` are the file's, by which another of the same kind is known.
    """

    __tablename__ = "column_choice"
    __table_args__ = (
        words_of("purpose", PURPOSES),
        sa.UniqueConstraint("branch_id", "purpose", "customer_id", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Key]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    purpose: Mapped[str]
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    keys: Mapped[dict[str, Any]]
    headings: Mapped[list[Any]]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]
