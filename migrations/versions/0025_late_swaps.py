"""swaps that come late are entered once"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "uq_fitting_fact",
        "fitting",
        ["fact_id", "unit_kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('install', 'swap', 'remove')"),
    )


def downgrade() -> None:
    op.drop_index("uq_fitting_fact", table_name="fitting")
