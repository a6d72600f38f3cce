"""Proving the trail: every chain adds up, and the newest digest is what the chains give (rule 5 of the house)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditDigest, AuditEntry, AuditHead
from dispatch.audit.rules import GENESIS, chain_hash
from dispatch.words import Text, say

AT_A_TIME = 2000
AROUND = timedelta(minutes=2)
"""What was written so shortly before a digest may have been committed after it."""

Named = Callable[[str, int], str]
"""How a subject is called: `("order", 7)` -> `order WX-20261202-0001`."""


def plainly(kind: str, subject_id: int) -> str:
    """A subject by its kind and id."""
    return f"{kind} {subject_id}"


def broken_trail(session: Session, *, named: Named = plainly) -> Iterator[Text]:
    """One sentence for each entry that does not follow the one before it, and each head that is not the last entry."""
    yield from _broken_entries(session, named)
    yield from _wrong_heads(session, named)


def _broken_entries(session: Session, named: Named) -> Iterator[Text]:
    e = AuditEntry
    columns = (e.subject_kind, e.subject_id, e.seq, e.at, e.by_id, e.action, e.detail, e.prev_hash, e.hash)
    query = sa.select(*columns).order_by(e.subject_kind, e.subject_id, e.seq)
    subject, reached, head = None, 0, GENESIS
    for entry in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        if (entry.subject_kind, entry.subject_id) != subject:
            subject, reached, head = (entry.subject_kind, entry.subject_id), 0, GENESIS
        if entry.seq != reached + 1 or entry.prev_hash != head or entry.hash != _expected(entry):
            yield say(
                "%(subject)s: entry %(seq)s does not follow entry %(before)s",
                subject=named(*subject),
                seq=entry.seq,
                before=reached,
            )
        reached, head = entry.seq, entry.hash


def _expected(entry: Any) -> bytes:
    subject = (entry.subject_kind, entry.subject_id)
    facts = {"seq": entry.seq, "at": entry.at, "by_id": entry.by_id, "action": entry.action, "detail": entry.detail}
    return chain_hash(entry.prev_hash, subject=subject, **facts)


def _wrong_heads(session: Session, named: Named) -> Iterator[Text]:
    e, h = AuditEntry, AuditHead
    newest = sa.select(e.subject_kind, e.subject_id, sa.func.max(e.seq).label("seq")).group_by(e.subject_kind, e.subject_id)
    n = newest.subquery()
    last = (
        sa.select(e.subject_kind, e.subject_id, e.seq, e.hash)
        .join(n, sa.and_(e.subject_kind == n.c.subject_kind, e.subject_id == n.c.subject_id, e.seq == n.c.seq))
        .subquery()
    )
    same = sa.and_(h.subject_kind == last.c.subject_kind, h.subject_id == last.c.subject_id)
    kind = sa.func.coalesce(h.subject_kind, last.c.subject_kind)
    subject_id = sa.func.coalesce(h.subject_id, last.c.subject_id)
    differs = sa.or_(h.seq.is_distinct_from(last.c.seq), h.hash.is_distinct_from(last.c.hash))
    query = sa.select(kind, subject_id).select_from(sa.outerjoin(h, last, same, full=True)).where(differs)
    for found in session.execute(query.order_by(kind, subject_id)):
        yield say("%(subject)s: the head does not match the last entry", subject=named(*found))


def broken_digests(session: Session) -> Iterator[Text]:
    """One sentence if the newest digest that can be made again is another one now.

    Every chain's head depends on all entries before it, so the newest digest speaks for the older ones.
    """
    for digest in session.scalars(sa.select(AuditDigest).order_by(AuditDigest.made_at.desc()).limit(7)):
        if _is_clear_cut(session, digest.made_at):
            if _digest_at(session, digest.made_at) != (digest.heads, digest.hash):
                yield say("The digest of %(day)s is not what the entries up to then give.", day=digest.day.isoformat())
            return


def _is_clear_cut(session: Session, moment: datetime) -> bool:
    """True if it is certain which entries were there: none close to the moment, and those before it were written first."""
    e = AuditEntry
    before = sa.select(sa.func.max(e.id)).where(e.at <= moment).scalar_subquery()
    after = sa.select(sa.func.min(e.id)).where(e.at > moment).scalar_subquery()
    close = sa.exists().where(e.at.between(moment - AROUND, moment + AROUND))
    last, first, any_close = session.execute(sa.select(before, after, close)).one()
    return not any_close and (first is None or last is None or last < first)


def _digest_at(session: Session, moment: datetime) -> tuple[int, bytes]:
    e = AuditEntry
    heads = sa.select(e.hash).where(e.at <= moment).ext(distinct_on(e.subject_kind, e.subject_id))
    ordered = heads.order_by(e.subject_kind, e.subject_id, e.seq.desc())
    whole, count = hashlib.sha256(), 0
    for value in session.scalars(ordered.execution_options(yield_per=AT_A_TIME)):
        whole.update(value)
        count += 1
    return count, whole.digest()
