"""Keeping files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.files.gateway import store
from dispatch.files.models import StoredFile


def keep(session: Session, content: bytes, media_type: str, *, at: datetime) -> StoredFile:
    """Keep a content for good, then the row that names it. The same content is kept once."""
    sha256 = store().put(content)
    row = {"sha256": sha256, "media_type": media_type, "size": len(content), "created_at": at}
    session.execute(insert(StoredFile).values(**row).on_conflict_do_nothing())
    return session.get_one(StoredFile, sha256)
