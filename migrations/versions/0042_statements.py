"""statements of channels and banks, their lines, and which column is what in a bank's files"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

CHANNEL = "channel IN ('wechat', 'alipay', 'bank')"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "bank_profile",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("headings", postgresql.JSONB(), nullable=False),
        sa.Column("keys", postgresql.JSONB(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.UniqueConstraint("branch_id", "headings"),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_hash", sa.Text(), sa.ForeignKey("stored_file.sha256"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("account", sa.Text()),
        sa.Column("bank", sa.Text(), server_default="", nullable=False),
        sa.Column("first_at", MOMENT),
        sa.Column("last_at", MOMENT),
        sa.Column("totals", postgresql.JSONB()),
        sa.Column("taken", postgresql.JSONB()),
        sa.Column("told", postgresql.JSONB()),
        sa.Column("layout", postgresql.JSONB()),
        sa.Column("profile_id", sa.BigInteger(), sa.ForeignKey("bank_profile.id", ondelete="SET NULL")),
        sa.Column("failure", postgresql.JSONB()),
        sa.Column("stage", sa.Text()),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(CHANNEL, name="channel_known"),
        sa.CheckConstraint("state IN ('asked', 'running', 'unread', 'failed', 'kept')", name="state_known"),
        sa.CheckConstraint("stage IN ('reading', 'rows')", name="stage_known"),
        sa.CheckConstraint("(state = 'kept') = (totals IS NOT NULL)", name="kept_has_totals"),
        sa.CheckConstraint("num_nulls(channel, account, totals, taken, first_at, last_at) IN (0, 6)", name="kept_is_whole"),
        sa.CheckConstraint("(state IN ('unread', 'failed')) = (failure IS NOT NULL)", name="failed_says_why"),
    )
    op.create_index(
        "uq_statement_file_once", "statement", ["file_hash"], unique=True, postgresql_where=sa.text("state <> 'failed'")
    )
    op.create_index("ix_statement_branch_id_at", "statement", ["branch_id", "at"])
    op.create_index("ix_statement_profile_id", "statement", ["profile_id"])
    op.create_table(
        "statement_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("statement_id", sa.BigInteger(), sa.ForeignKey("statement.id"), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("fee", sa.Numeric(18, 6)),
        sa.Column("receipt", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("party", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.CheckConstraint(CHANNEL, name="channel_known"),
        sa.CheckConstraint("kind IN ('payment', 'refund', 'fee', 'deposit', 'other')", name="kind_known"),
        sa.CheckConstraint("state IN ('open')", name="state_known"),
        sa.UniqueConstraint("channel", "account", "key"),
    )
    op.create_index("ix_statement_line_statement_id_row_id", "statement_line", ["statement_id", "row", "id"])
    op.create_index("ix_statement_line_channel_account_at", "statement_line", ["channel", "account", "at"])
    op.create_index("ix_statement_line_receipt", "statement_line", ["receipt"])


def downgrade() -> None:
    op.drop_table("statement_line")
    op.drop_table("statement")
    op.drop_table("bank_profile")
