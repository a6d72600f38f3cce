"""Files that were sent in and read, waiting for a person to look at the preview and say yes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key, words_of
from dispatch.intake.outage_models import Outage
from dispatch.intake.remote_models import RemoteHelp
from dispatch.intake.silence_models import Silence

__all__ = ["Outage", "RemoteHelp", "Silence", "Upload"]

PURPOSES = ("request", "terminals", "sims", "technicians", "prices", "calls", "parts")


class Upload(Base):
    """A file that was read. `content` is what was understood; `done_at` is set when it was taken in, once and for all."""

    __tablename__ = "upload"
    __table_args__ = (words_of("purpose", PURPOSES), sa.Index(None, "by_id", "at"))

    id: Mapped[Key]
    purpose: Mapped[str]
    file_name: Mapped[str]
    file_hash: Mapped[bytes]
    content: Mapped[dict[str, Any]]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("work_order.id"))
    version: Mapped[int] = mapped_column(server_default="1")

    __mapper_args__ = {"version_id_col": version}
