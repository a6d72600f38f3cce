"""Bringing the database's tables up to the program's version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from dispatch.paths import MIGRATIONS

# Any number will do, as long as nothing else locks it.
_LOCK = 0x67707364


def upgrade(url: str, revision: str = "head") -> None:
    """Apply what is missing. Several machines may call this at once: one works, the others wait and find it done.

    Where nothing is missing nothing is loaded either: to know all tables takes longer than to start.
    """
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as guard:
        guard.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        guard.commit()
        if revision_of(guard) != (newest_version() if revision == "head" else revision):
            guard.commit()  # what was only looked at must not hold back who works
            command.upgrade(alembic_config(url), revision)
    engine.dispose()


def revision_of(connection: sa.Connection) -> str | None:
    """The version of the tables in a database; None if there are none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_version() -> str:
    """The version of the tables that this program needs."""
    return str(_scripts().get_current_head())


def known_versions() -> set[str]:
    """All versions of the tables that this program can bring up to date."""
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_config(""))


def alembic_config(url: str) -> Config:
    """Alembic's settings, without a file. `migrations/env.py` finds the address as the main option `sqlalchemy.url`."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
