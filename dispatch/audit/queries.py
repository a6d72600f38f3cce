"""Reading the trail, and finding where a chain was broken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry, AuditHead
from dispatch.audit.rules import GENESIS, chain_hash


def history(session: Session, subject: tuple[str, int], *, limit: int = 500) -> Sequence[AuditEntry]:
    """The newest `limit` entries of one subject, newest first."""
    query = sa.select(AuditEntry).where(AuditEntry.subject_kind == subject[0], AuditEntry.subject_id == subject[1])
    return session.scalars(query.order_by(AuditEntry.seq.desc()).limit(limit)).all()


def broken_chains(session: Session) -> Iterator[str]:
    """One English line for each chain that does not add up; nothing when all are whole."""
    query = sa.select(AuditEntry).order_by(AuditEntry.subject_kind, AuditEntry.subject_id, AuditEntry.seq)
    heads = {(h.subject_kind, h.subject_id): h for h in session.scalars(sa.select(AuditHead))}
    reached: dict[tuple[str, int], tuple[int, bytes]] = {}
    for entry in session.scalars(query.execution_options(yield_per=2000)):
        subject = (entry.subject_kind, entry.subject_id)
        seq, prev = reached.get(subject, (0, GENESIS))
        if entry.seq != seq + 1 or entry.prev_hash != prev or entry.hash != _expected(entry):
            yield f"{subject[0]} {subject[1]}: entry {entry.seq} does not follow entry {seq}"
        reached[subject] = (entry.seq, entry.hash)
    for subject, head in heads.items():
        if reached.get(subject, (0, GENESIS)) != (head.seq, head.hash):
            yield f"{subject[0]} {subject[1]}: the head does not match the last entry"


def _expected(entry: AuditEntry) -> bytes:
    return chain_hash(
        entry.prev_hash,
        subject=(entry.subject_kind, entry.subject_id),
        seq=entry.seq,
        at=entry.at,
        by_id=entry.by_id,
        action=entry.action,
        detail=entry.detail,
    )
