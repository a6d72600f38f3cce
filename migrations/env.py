"""Alembic's way in. The database is the one the caller names as `sqlalchemy.url`."""

import sqlalchemy as sa
from alembic import context

from dispatch.db import Base
from dispatch.features import edges

list(edges("models"))


def run() -> None:
    """Run what was asked for in one transaction."""
    engine = sa.create_engine(context.config.get_main_option("sqlalchemy.url", ""), poolclass=sa.NullPool)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,
            include_name=lambda name, kind, parents: not (name or "").startswith("procrastinate"),
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
