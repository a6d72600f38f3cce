"""Writing the trail, and the daily digest over it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditDigest, AuditEntry, AuditHead
from dispatch.audit.rules import GENESIS, chain_hash, storable


class By(Protocol):
    """Whoever acts: a person, or the system with id None."""

    @property
    def id(self) -> int | None: ...
    @property
    def name(self) -> str: ...


_heads, _entries = cast(sa.Table, AuditHead.__table__), cast(sa.Table, AuditEntry.__table__)
_own_head = (_heads.c.subject_kind == sa.bindparam("kind"), _heads.c.subject_id == sa.bindparam("number"))
_lock_head = sa.select(_heads.c.seq, _heads.c.hash).where(*_own_head).with_for_update()
_new_head = {"subject_kind": sa.bindparam("kind"), "subject_id": sa.bindparam("number"), "seq": 0, "hash": GENESIS}
_make_head = insert(_heads).values(_new_head).on_conflict_do_nothing()
_move_head = sa.update(_heads).where(*_own_head).values(seq=sa.bindparam("newest"), hash=sa.bindparam("newest_hash"))
_new_entry = {each.name: sa.bindparam(f"of_{each.name}", type_=each.type) for each in _entries.c if each.name != "id"}
_append = sa.insert(_entries).values(_new_entry).add_cte(_move_head.cte("head"))
_heads_of = (
    _heads.c.subject_kind == sa.bindparam("kind"),
    _heads.c.subject_id == sa.any_(sa.bindparam("numbers", type_=ARRAY(sa.BigInteger))),
)
_lock_heads = sa.select(_heads).where(*_heads_of).order_by(_heads.c.subject_id).with_for_update()
"""Every act of anybody ends in these: statements made once, without objects, take half the time."""


def record(
    session: Session, subject: tuple[str, int], action: str, *, by: By, at: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Append one entry to the chain of `subject`, e.g. ("order", 7). `detail` holds plain JSON values."""
    session.flush()
    own = {"kind": subject[0], "number": subject[1]}
    head = session.execute(_lock_head, own).one_or_none()
    if head is None:
        session.execute(_make_head, own)
        head = session.execute(_lock_head, own).one()
    entry = _entry(subject, head.seq, head.hash, action, by=by, at=at, detail=detail or {})
    moved = {"newest": entry["seq"], "newest_hash": entry["hash"]}
    session.execute(_append, {f"of_{name}": value for name, value in entry.items()} | own | moved)


def record_births(
    session: Session, kind: str, told: Mapping[int, Sequence[tuple[str, dict[str, Any]]]], *, by: By, at: datetime
) -> None:
    """Begin the chains of subjects that this transaction has made: id -> (action, detail) of its first entries. Few statements
    for many."""
    if not told:
        return
    session.flush()
    heads, entries = [], []
    for subject, acts in told.items():
        seq, head = 0, GENESIS
        for action, detail in acts:
            entries.append(_entry((kind, subject), seq, head, action, by=by, at=at, detail=detail))
            seq, head = entries[-1]["seq"], entries[-1]["hash"]
        heads.append({"subject_kind": kind, "subject_id": subject, "seq": seq, "hash": head})
    session.execute(sa.insert(_heads), heads)
    session.execute(sa.insert(_entries), entries)


def record_many(session: Session, kind: str, told: Sequence[tuple[int, str, dict[str, Any]]], *, by: By, at: datetime) -> None:
    """Append entries to the chains of many subjects of a kind: (id, action, detail), those of one subject in their order.

    Few statements for many. The heads are locked in the order of their ids, by whoever writes to several.
    """
    if not told:
        return
    session.flush()
    numbers = sorted({subject for subject, _, _ in told})
    session.execute(_make_head, [{"kind": kind, "number": number} for number in numbers])
    locked = session.execute(_lock_heads, {"kind": kind, "numbers": numbers})
    heads = {head.subject_id: (head.seq, head.hash) for head in locked}
    entries = []
    for subject, action, detail in told:
        entry = _entry((kind, subject), *heads[subject], action, by=by, at=at, detail=detail)
        heads[subject] = entry["seq"], entry["hash"]
        entries.append(entry)
    moved = [{"kind": kind, "number": number, "newest": heads[number][0], "newest_hash": heads[number][1]} for number in numbers]
    session.execute(_move_head, moved)
    session.execute(sa.insert(_entries), entries)


def _entry(
    subject: tuple[str, int], seq: int, head: bytes, action: str, *, by: By, at: datetime, detail: dict[str, Any]
) -> dict[str, Any]:
    """The entry that follows the head of a chain, which is number `seq`."""
    kept = storable(detail)
    return {
        "subject_kind": subject[0],
        "subject_id": subject[1],
        "seq": seq + 1,
        "at": at,
        "by_id": by.id,
        "by_name": by.name,
        "action": action,
        "detail": kept,
        "prev_hash": head,
        "hash": chain_hash(head, subject=subject, seq=seq + 1, at=at, by_id=by.id, action=action, detail=kept),
    }


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
