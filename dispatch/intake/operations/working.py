"""Long work on a file: asked for, begun, told of, ended. What it does is the business of others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.intake.models import FileWork, Upload
from dispatch.intake.operations.uploads import check_version, keep_upload, locked_upload
from dispatch.intake.progress import UNDER_WAY, is_lost
from dispatch.intake.stored import Json
from dispatch.jobs import enqueue
from dispatch.staff.rules import Actor
from dispatch.words import say, text_to_json

WORK = "intake.work_on_file"
TAKEN = say("This file was taken in already; nothing was taken twice.")


def keep_unread(
    session: Session, purpose: str, file_name: str, file: bytes, *, permission: str, by: Actor, at: datetime
) -> Upload:
    """Keep a large file, and ask for it to be read."""
    upload = keep_upload(
        session, purpose=purpose, permission=permission, file_name=file_name, file=file, content={}, by=by, at=at
    )
    _ask(session, upload, "read", {}, by=by, at=at)
    return upload


def ask_to_take(
    session: Session, upload_id: int, purpose: str, asked: Json, *, permission: str, version: int | None, by: Actor, at: datetime
) -> None:
    """Ask for a file to be taken in as the person decided. Raises Conflict for a stale page, for what was taken in, and (from the
    database) while it is being worked on already."""
    upload = _waiting(session, upload_id, purpose, permission, version, by)
    _ask(session, upload, "take", asked | {"version": upload.version}, by=by, at=at)


def ask_to_read_anew(
    session: Session, upload_id: int, purpose: str, asked: Json, *, permission: str, version: int | None, by: Actor, at: datetime
) -> None:
    """Ask for a waiting file to be read anew as the person said. Raises Conflict as `ask_to_take` does."""
    upload = _waiting(session, upload_id, purpose, permission, version, by)
    _ask(session, upload, "read", asked | {"version": upload.version}, by=by, at=at)


def _waiting(session: Session, upload_id: int, purpose: str, permission: str, version: int | None, by: Actor) -> Upload:
    upload = locked_upload(session, upload_id, purpose, by, permission=permission)
    if upload.done_at is not None:
        raise Conflict(TAKEN)
    check_version(upload, version)
    return upload


def _ask(session: Session, upload: Upload, work: str, asked: Json, *, by: Actor, at: datetime) -> None:
    assert by.id is not None
    row = FileWork(upload_id=upload.id, work=work, asked=asked, by_id=by.id, at=at, heard_at=at)
    session.add(row)
    session.flush()
    enqueue(session, WORK, work_id=row.id)


def ask_again(session: Session, upload_id: int, *, at: datetime) -> None:
    """Ask once more for work of which nobody has heard for a while. It is done once, however often it is asked for."""
    query = sa.select(FileWork).where(FileWork.upload_id == upload_id, FileWork.state.in_(UNDER_WAY))
    row = session.scalar(query.with_for_update())
    if row is not None and is_lost(row.heard_at, at):
        row.heard_at = at
        enqueue(session, WORK, work_id=row.id)


def begin_work(session: Session, work_id: int, *, at: datetime) -> FileWork | None:
    """Mark it as running; None when it has ended. What is found running was left by a worker that died, and begins anew."""
    row = session.get(FileWork, work_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        return None
    row.state, row.stage, row.done, row.total, row.heard_at = "running", None, 0, 0, at
    session.flush()
    return row


def note_progress(session: Session, work_id: int, stage: str, done: int, total: int, *, at: datetime) -> None:
    """Write down how far it is, for those who wait; in a transaction of its own, since the work is one itself."""
    mine = sa.update(FileWork).where(FileWork.id == work_id, FileWork.state == "running")
    session.execute(mine.values(stage=stage, done=done, total=total, heard_at=at))


def end_work(session: Session, work_id: int, *, at: datetime, refusal: Refusal | None = None) -> None:
    """It is done, or came to nothing for a reason; what has ended stays as it ended."""
    row = session.get(FileWork, work_id, with_for_update=True, populate_existing=True)
    if row is not None and row.ended_at is None:
        row.state, row.ended_at = ("failed" if refusal else "done"), at
        row.failure = _reasons(refusal) if refusal else None
        session.flush()


def _reasons(refusal: Refusal) -> dict[str, Any]:
    said = refusal.fields if isinstance(refusal, Invalid) else {"": refusal.text}
    return {name: text_to_json(text) for name, text in said.items()}
