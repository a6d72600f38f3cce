"""Bringing the database's tables up to the program's version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from dispatch.paths import MIGRATIONS

# Any number will do, as long as nothing else locks it.
_LOCK = 0x67707364


def upgrade(url: str, revision: str = "head") -> None:
    """Apply what is missing. Several machines may call this at once: one works, the others wait and find it done."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as guard:
        guard.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        guard.commit()
        command.upgrade(alembic_config(url), revision)
    engine.dispose()


def alembic_config(url: str) -> Config:
    """Alembic's settings, without a file. `migrations/env.py` finds the address as the main option `sqlalchemy.url`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
