"""Who did what, when: append-only, hash-chained per subject. The database refuses to change or delete an entry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, Key


class AuditEntry(Base):
    """One act on one subject. `by_id` is None for the system itself; `by_name` keeps the name as it was then."""

    __tablename__ = "audit_entry"
    __table_args__ = (sa.UniqueConstraint("subject_kind", "subject_id", "seq"), sa.Index(None, "at"))

    id: Mapped[Key]
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    seq: Mapped[int]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    action: Mapped[str]
    detail: Mapped[dict[str, Any]]
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]


class AuditHead(Base):
    """The newest entry of each chain. Its row lock makes one chain grow one entry at a time."""

    __tablename__ = "audit_head"

    subject_kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]


class AuditDigest(Base):
    """One hash a day over all heads: whoever keeps it elsewhere can prove later that no chain was rewritten."""

    __tablename__ = "audit_digest"

    day: Mapped[date] = mapped_column(primary_key=True)
    heads: Mapped[int]
    hash: Mapped[bytes]
    made_at: Mapped[datetime]
