"""found addresses: what the address services said of an address, for a while"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "found_address",
        sa.Column("address", sa.Text(), primary_key=True),
        sa.Column("places", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_found_address_at", "found_address", ["at"])


def downgrade() -> None:
    op.drop_table("found_address")
