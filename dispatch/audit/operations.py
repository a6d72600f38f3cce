"""Writing the trail, and the daily digest over it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditDigest, AuditEntry, AuditHead
from dispatch.audit.rules import GENESIS, chain_hash, storable


class By(Protocol):
    """Whoever acts: a person, or the system with id None."""

    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


def record(
    session: Session, subject: tuple[str, int], action: str, *, by: By, at: datetime, detail: dict[str, Any] | None = None
) -> AuditEntry:
    """Append one entry to the chain of `subject`, e.g. ("order", 7). `detail` holds plain JSON values."""
    head = _locked_head(session, subject)
    entry = _entry(head, action, by=by, at=at, detail=detail or {})
    session.add(entry)
    head.seq, head.hash = entry.seq, entry.hash
    # At once: the next look at the head reads the table, not this object.
    session.flush()
    return entry


def record_births(
    session: Session, kind: str, details: Mapping[int, dict[str, Any]], action: str, *, by: By, at: datetime
) -> None:
    """Begin the chains of subjects that this transaction has made: id -> detail of the first entry. Few statements for many."""
    heads = [AuditHead(subject_kind=kind, subject_id=subject_id, seq=0, hash=GENESIS) for subject_id in details]
    entries = [_entry(head, action, by=by, at=at, detail=details[head.subject_id]) for head in heads]
    for head, entry in zip(heads, entries, strict=True):
        head.seq, head.hash = entry.seq, entry.hash
    session.add_all([*heads, *entries])
    session.flush()


def _entry(head: AuditHead, action: str, *, by: By, at: datetime, detail: dict[str, Any]) -> AuditEntry:
    """The entry that follows a head."""
    subject, seq, kept = (head.subject_kind, head.subject_id), head.seq + 1, storable(detail)
    return AuditEntry(
        subject_kind=head.subject_kind,
        subject_id=head.subject_id,
        seq=seq,
        at=at,
        by_id=by.id,
        by_name=by.name,
        action=action,
        detail=kept,
        prev_hash=head.hash,
        hash=chain_hash(head.hash, subject=subject, seq=seq, at=at, by_id=by.id, action=action, detail=kept),
    )


def _locked_head(session: Session, subject: tuple[str, int]) -> AuditHead:
    found = session.get(AuditHead, subject, with_for_update=True, populate_existing=True)
    if found is None:
        fresh = insert(AuditHead).values(subject_kind=subject[0], subject_id=subject[1], seq=0, hash=GENESIS)
        session.execute(fresh.on_conflict_do_nothing())
        found = session.get_one(AuditHead, subject, with_for_update=True, populate_existing=True)
    return found


def make_digest(session: Session, *, day: date, at: datetime) -> AuditDigest:
    """Hash all heads as they stand into one digest for `day`; asking again for a day that has one returns it unchanged."""
    standing = session.get(AuditDigest, day)
    if standing is not None:
        return standing
    heads = sa.select(AuditHead.hash).order_by(AuditHead.subject_kind, AuditHead.subject_id)
    whole, count = hashlib.sha256(), 0
    for value in session.scalars(heads.execution_options(yield_per=5000)):
        whole.update(value)
        count += 1
    made = insert(AuditDigest).values(day=day, heads=count, hash=whole.digest(), made_at=at)
    session.execute(made.on_conflict_do_nothing())
    return session.get_one(AuditDigest, day)
