"""Which files there are. The bytes are in the store, under the sha256 of what they say."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base


class StoredFile(Base):
    """A file by its content: `sha256` of the plain bytes in hex, `size` in bytes. A row exists only if the bytes are on disk."""

    __tablename__ = "stored_file"
    __table_args__ = (
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_hex"),
        sa.CheckConstraint("size > 0", name="not_empty"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    size: Mapped[int]
    created_at: Mapped[datetime]
