"""The audit trail: append-only, chained, and found out when somebody tampers with it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.jobs import digest
from dispatch.audit.models import AuditDigest, AuditEntry
from dispatch.audit.operations import make_digest, record
from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from tests.conftest import AT, Cast

SUBJECT = ("order", 4711)


def written(db: Session, cast: Cast, count: int = 3) -> None:
    for number in range(count):
        record(
            db,
            SUBJECT,
            f"step.{number}",
            by=cast.lin,
            at=AT + timedelta(minutes=number),
            detail={"车牌": "粤B12345", "n": number},
        )
    db.commit()


def test_a_chain_tells_who_did_what_newest_first(db: Session, cast: Cast) -> None:
    written(db, cast)
    told = history(db, SUBJECT)
    assert [(e.seq, e.action, e.by_name) for e in told] == [(3, "step.2", "林晓"), (2, "step.1", "林晓"), (1, "step.0", "林晓")]
    assert not list(broken_chains(db))


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_the_database_refuses_to_rewrite_history(db: Session, cast: Cast, statement: str) -> None:
    written(db, cast)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        db.execute(sa.text(statement))


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET detail = '{\"n\": 9}' WHERE subject_id = 4711 AND seq = 2",
        "UPDATE audit_entry SET by_id = NULL WHERE subject_id = 4711 AND seq = 2",
        "UPDATE audit_entry SET at = at + interval '1 second' WHERE subject_id = 4711 AND seq = 1",
        "DELETE FROM audit_entry WHERE subject_id = 4711 AND seq = 2",
        "DELETE FROM audit_entry WHERE subject_id = 4711 AND seq = 3",
    ],
)
def test_whoever_gets_around_the_trigger_is_found_out(db: Session, cast: Cast, tampering: str) -> None:
    written(db, cast)
    assert not list(broken_chains(db))
    db.execute(sa.text("SET session_replication_role = replica"))
    db.execute(sa.text(tampering))
    db.expire_all()
    broken = list(broken_chains(db))
    assert broken and broken[0].startswith("order 4711")


def test_the_digest_of_a_day_is_made_once_and_changes_with_any_head(db: Session, cast: Cast) -> None:
    written(db, cast)
    first = make_digest(db, day=date(2026, 12, 2), at=AT)
    again = make_digest(db, day=date(2026, 12, 2), at=AT + timedelta(hours=1))
    record(db, SUBJECT, "more", by=cast.lin, at=AT)
    later = make_digest(db, day=date(2026, 12, 3), at=AT)
    assert again.made_at == first.made_at == AT
    assert later.hash != first.hash and first.heads > 0


@pytest.mark.usefixtures("database")
def test_the_nightly_job_makes_the_digest_and_may_run_twice() -> None:
    for _ in range(2):
        digest(int(AT.timestamp()))
    with transaction() as session:
        assert session.scalars(sa.select(AuditDigest.day)).all() == [date(2026, 12, 2)]
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) is not None


@pytest.mark.parametrize(
    "value", [-0.0, 1e16, 1e-7, 0.1 + 0.2, 22.639, Decimal("12.50"), date(2026, 12, 2), 2**60, "\u2028", {"a": [None, True]}]
)
def test_what_the_database_writes_its_own_way_does_not_break_a_chain(db: Session, cast: Cast, value: object) -> None:
    record(db, SUBJECT, "kept", by=cast.lin, at=AT, detail={"value": value})
    db.commit()
    db.expire_all()
    assert not list(broken_chains(db))
