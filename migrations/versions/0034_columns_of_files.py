"""a file is kept until it is taken in, and once only; which column is what is remembered"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('request', 'terminals', 'sims', 'technicians', 'prices', 'calls', 'parts')"
TAKEN = "done_at IS NOT NULL AND NOT again AND purpose IN ('request', 'parts')"

# What was taken in twice before this version stays: the later ones count as meant.
TWICE = """
UPDATE upload SET again = true WHERE done_at IS NOT NULL AND EXISTS (
    SELECT FROM upload first WHERE first.branch_id = upload.branch_id AND first.purpose = upload.purpose
    AND first.file_hash = upload.file_hash AND first.done_at IS NOT NULL AND first.id < upload.id)
"""


def upgrade() -> None:
    op.add_column("upload", sa.Column("file", sa.LargeBinary()))
    op.add_column("upload", sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(TWICE)
    op.create_index(
        "uq_upload_taken_once", "upload", ["branch_id", "purpose", "file_hash"], unique=True, postgresql_where=sa.text(TAKEN)
    )
    op.create_table(
        "column_choice",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customer.id")),
        sa.Column("keys", postgresql.JSONB(), nullable=False),
        sa.Column("headings", postgresql.JSONB(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(PURPOSES, name="purpose_known"),
        sa.UniqueConstraint("branch_id", "purpose", "customer_id", postgresql_nulls_not_distinct=True),
    )
    op.create_index("ix_column_choice_customer_id", "column_choice", ["customer_id"])


def downgrade() -> None:
    op.drop_table("column_choice")
    op.drop_index("uq_upload_taken_once", "upload")
    op.drop_column("upload", "again")
    op.drop_column("upload", "file")
