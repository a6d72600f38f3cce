"""Files between being read and being taken in."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import STALE
from dispatch.errors import Conflict, NotFound
from dispatch.intake.models import Upload
from dispatch.intake.stored import Json
from dispatch.staff.rules import Actor


def keep_upload(
    session: Session,
    *,
    purpose: str,
    file_name: str,
    file: bytes,
    content: Json,
    by: Actor,
    at: datetime,
    permission: str = "order.take",
) -> Upload:
    """Keep what was read of a file until a person has looked at it."""
    by.must(permission)
    digest = hashlib.sha256(file).digest()
    assert by.branch_id is not None and by.id is not None
    about = {"purpose": purpose, "file_name": file_name, "file_hash": digest, "file": file, "content": content}
    upload = Upload(**about, branch_id=by.branch_id, by_id=by.id, at=at)
    session.add(upload)
    session.flush()
    return upload


def locked_upload(session: Session, upload_id: int, purpose: str, by: Actor, *, permission: str = "order.take") -> Upload:
    """The upload under its row lock. Raises NotFound for another purpose's or another branch's."""
    by.must(permission)
    query = sa.select(Upload).where(Upload.id == upload_id, Upload.purpose == purpose).with_for_update()
    upload = session.scalar(query.execution_options(populate_existing=True))
    if upload is None or upload.branch_id != by.branch_id:
        raise NotFound
    return upload


def check_version(upload: Upload, version: int | None) -> None:
    """Raises Conflict when the reader's page showed another version."""
    if version is not None and version != upload.version:
        raise Conflict(STALE)
