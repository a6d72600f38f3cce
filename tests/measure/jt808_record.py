"""A real record beneath the measured gateway: a private PostgreSQL as `./run` makes it, with the fleet's terminals in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from dispatch.config import load
from dispatch.host import cluster
from dispatch.host.schema import upgrade
from tests.databases import engine
from tests.devices.jt808.calling import FIRST

FILL = """
INSERT INTO branch (code, name, zone) VALUES ('M', 'measure', 'Asia/Shanghai');
INSERT INTO terminal_model (name) VALUES ('TK-310');
INSERT INTO unit (kind, branch_id, created_at, search_text)
  SELECT 'terminal', (SELECT max(id) FROM branch), now(), '' FROM generate_series(1, {terminals});
INSERT INTO terminal (unit_id, serial, model, phone_808, warranty_months)
  SELECT id, 'M' || id, 'TK-310', '0' || ({first} + row_number() OVER (ORDER BY id) - 1), 12 FROM unit;
"""
COUNT = sa.text("SELECT count(*), count(DISTINCT (unit_id, serial)) FROM observation WHERE kind = 'position'")


@contextmanager
def record_of(terminals: int) -> Iterator[str]:
    """The address of a database that knows so many terminals by their phones; it writes to disk as the real one does."""
    with tempfile.TemporaryDirectory(prefix="jt808-") as folder:
        Path(folder).chmod(0o755)
        private = cluster.ensure(load({"DATA_DIR": folder, "SECRET_KEY": "measure"}))
        try:
            upgrade(private.url)
            with engine(private.url).begin() as connection:
                connection.exec_driver_sql(FILL.format(terminals=terminals, first=FIRST))
            yield private.url
        finally:
            private.stop()


def counted(url: str) -> tuple[int, int]:
    """How many reports stand in the record, and how many different ones."""
    with engine(url).connect() as connection:
        every, different = connection.execute(COUNT).one()
        return int(every), int(different)
