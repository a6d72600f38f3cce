"""names are found by their pinyin initials, drivers by name, too; calls, remote help, and who owns what until it is confirmed"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

from dispatch.search import name_words, normalise

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
NUMBERS = {"customer": (), "contact": ("phone", "phone_digits"), "driver": ("phone",)}
"""What each table is looked for by, besides the name."""


def upgrade() -> None:
    op.add_column("driver", sa.Column("search_text", sa.Text(), server_default="", nullable=False))
    for table, numbers in NUMBERS.items():
        _renew(table, numbers, name_words)
    op.create_index("ix_driver_search", "driver", [sa.literal_column("search_grams(search_text)")], postgresql_using="gin")
    op.drop_index("ix_driver_phone", "driver")


def downgrade() -> None:
    op.create_index("ix_driver_phone", "driver", ["phone"])
    op.drop_index("ix_driver_search", "driver", postgresql_using="gin")
    op.drop_column("driver", "search_text")
    for table in ("customer", "contact"):
        _renew(table, NUMBERS[table], normalise)


def _renew(table, numbers, words) -> None:
    """Write anew what the rows of a table are looked for by."""
    changed = sa.text(f"UPDATE {table} SET search_text = :words WHERE id = :id")
    for rows in _batches(table, numbers):
        told = [{"id": row[0], "words": "|".join(filter(None, (words(row[1]), normalise(*row[2:]))))} for row in rows]
        op.get_bind().execute(changed, told)


def _batches(table, numbers) -> Iterator[list]:
    last = 0
    query = sa.text(f"SELECT {', '.join(('id', 'name', *numbers))} FROM {table} WHERE id > :last ORDER BY id LIMIT {AT_ONCE}")
    while rows := op.get_bind().execute(query, {"last": last}).all():
        yield rows
        last = rows[-1][0]
