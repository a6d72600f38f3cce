"""held windows: a time that is kept free for a caller for some minutes"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "window_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("work_order.id"), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), server_default="held", nullable=False),
        sa.Column("held_by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("held_at", MOMENT, nullable=False),
        sa.Column("held_until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('held', 'taken', 'released', 'lapsed')", name=op.f("ck_window_hold_state_known")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_window_hold_window_has_length")),
        sa.CheckConstraint("held_at < held_until", name=op.f("ck_window_hold_held_for_a_while")),
        sa.CheckConstraint("(state = 'held') = (ended_at IS NULL)", name=op.f("ck_window_hold_ended_has_time")),
        sa.CheckConstraint("state <> 'taken' OR ended_at <= held_until", name=op.f("ck_window_hold_taken_in_time")),
    )
    where = sa.text("state = 'held'")
    op.create_index("uq_window_hold_held", "window_hold", ["order_id"], unique=True, postgresql_where=where)
    op.create_index(op.f("ix_window_hold_branch_id_day"), "window_hold", ["branch_id", "day"])


def downgrade() -> None:
    op.drop_table("window_hold")
