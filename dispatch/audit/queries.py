"""Reading the trail, and finding where a chain was broken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.checks import broken_trail
from dispatch.audit.models import AuditEntry
from dispatch.lists import LEAF, Cut, Part


def history(session: Session, subject: tuple[str, int], *, limit: int = 500) -> Sequence[AuditEntry]:
    """The newest `limit` entries of one subject, newest first."""
    return session.scalars(_of(subject).order_by(AuditEntry.seq.desc()).limit(limit)).all()


def history_part(session: Session, subject: tuple[str, int], cut: Cut) -> Part[AuditEntry]:
    """A page of all entries of one subject, newest first. They are numbered without gaps: nothing has to be counted."""
    about = (AuditEntry.subject_kind == subject[0], AuditEntry.subject_id == subject[1])
    total = session.scalar(sa.select(sa.func.max(AuditEntry.seq)).where(*about)) or 0
    last = total - (cut.number - 1) * LEAF
    page = _of(subject).where(AuditEntry.seq <= last, AuditEntry.seq > last - LEAF)
    rows = session.scalars(page.order_by(AuditEntry.seq.desc()))
    return Part(rows.all(), cut.number, total)


def entries_of(session: Session, subject: tuple[str, int], actions: Collection[str]) -> Sequence[AuditEntry]:
    """What was done to one subject by these actions, newest first."""
    return session.scalars(_of(subject).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.seq.desc())).all()


def _of(subject: tuple[str, int]) -> sa.Select[AuditEntry]:
    return sa.select(AuditEntry).where(AuditEntry.subject_kind == subject[0], AuditEntry.subject_id == subject[1])


def broken_chains(session: Session) -> Iterator[str]:
    """One English line for each chain that does not add up; nothing when all are whole."""
    return map(str, broken_trail(session))
