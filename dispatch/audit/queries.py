"""Reading the trail, and finding where a chain was broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.checks import broken_trail
from dispatch.audit.models import AuditEntry


def history(session: Session, subject: tuple[str, int], *, limit: int = 500) -> Sequence[AuditEntry]:
    """The newest `limit` entries of one subject, newest first."""
    query = sa.select(AuditEntry).where(AuditEntry.subject_kind == subject[0], AuditEntry.subject_id == subject[1])
    return session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit)).all()


def broken_chains(session: Session) -> Iterator[str]:
    """One English line for each chain that does not add up; nothing when all are whole."""
    return map(str, broken_trail(session))
