"""large files are read and taken in by the worker, and told how far it is; long texts are cut into grams in a moment"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None

HEAD = "CREATE OR REPLACE FUNCTION search_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS "
QUICK = (
    "$$ SELECT coalesce(array_agg(l || r), '{}') FROM unnest(string_to_array(t, NULL), (string_to_array(t, NULL))[2:]) AS s(l, r) "
    "WHERE r IS NOT NULL $$"
)
SLOW = "$$ SELECT coalesce(array_agg(substr(t, i, 2)), '{}') FROM generate_series(1, length(t) - 1) AS i $$"


def upgrade() -> None:
    op.execute(sa.text(HEAD + QUICK))


def downgrade() -> None:
    op.execute(sa.text(HEAD + SLOW))
