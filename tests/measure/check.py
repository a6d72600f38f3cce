"""How long `./run check` takes over 50,000 orders with 400,000 chained entries, and how much memory.

    python -m tests.measure.check [--orders 50000]

Builds a throwaway PostgreSQL with the volumes of tests.measure.pages, chains the trail, and looks at it in a process of its own.
Prints one JSON line: seconds, the most memory in MB, whether the record was content. Exits 1 beyond 60 s or 300 MB.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from dispatch import config, db
from dispatch.audit.models import AuditEntry
from dispatch.audit.rules import GENESIS, chain_hash
from dispatch.config import to_environment
from dispatch.host.cluster import start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from tests.measure.pages import fill

MOST_SECONDS, MOST_MB = 60, 300


def chain(url: str) -> None:
    """Give the trail of the volumes the hashes it would have."""
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        run = connection.exec_driver_sql
        run("SET session_replication_role = replica")
        run("CREATE TEMP TABLE right_hash (id bigint, prev bytea, hash bytea)")
        with connection.connection.cursor().copy("COPY right_hash FROM STDIN") as copy:
            for row in _hashes(url):
                copy.write_row(row)
        run("UPDATE audit_entry e SET prev_hash = r.prev, hash = r.hash FROM right_hash r WHERE r.id = e.id")
        run("DELETE FROM audit_head")
        run(
            "INSERT INTO audit_head SELECT DISTINCT ON (subject_kind, subject_id) subject_kind, subject_id, seq, hash "
            "FROM audit_entry ORDER BY subject_kind, subject_id, seq DESC"
        )
        run("ANALYZE")


def _hashes(url: str) -> Iterator[tuple[int, bytes, bytes]]:
    e, prev = AuditEntry.__table__, GENESIS
    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        rows = connection.execute(
            sa.select(e).order_by(e.c.subject_kind, e.c.subject_id, e.c.seq).execution_options(yield_per=5000)
        )
        for row in rows:
            prev = GENESIS if row.seq == 1 else prev
            subject = (row.subject_kind, row.subject_id)
            digest = chain_hash(
                prev, subject=subject, seq=row.seq, at=row.at, by_id=row.by_id, action=row.action, detail=row.detail
            )
            yield row.id, prev, digest
            prev = digest


def main() -> int:
    """Build, look, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=50_000)
    orders = parser.parse_args().orders
    cluster = start_throwaway()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return look(cluster.url, Path(folder), orders)
    finally:
        stop_throwaway(cluster)


def look(url: str, folder: Path, orders: int) -> int:
    """The check as a command, from outside."""
    upgrade(url)
    db.connect(url)
    fill(url, orders=orders)
    db.disconnect()
    chain(url)
    settings = config.load({"DATABASE_URL": url, "DATA_DIR": str(folder), "SECRET_KEY": "measured", "FILES_KEY": "measured"})
    command = [sys.executable, "-m", "dispatch.cli", "check", "--json", "--lang", "en"]
    began = time.monotonic()
    done = subprocess.run(command, env=to_environment(settings), capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    figures = {"orders": orders, "seconds": round(seconds, 1), "most_mb": round(memory), "code": done.returncode}
    print(json.dumps(figures), done.stdout[:500] if done.returncode else "", done.stderr[:500])
    return 1 if done.returncode or seconds > MOST_SECONDS or memory > MOST_MB else 0


if __name__ == "__main__":
    sys.exit(main())
