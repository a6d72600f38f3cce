"""reorder points of stores"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reorder_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("store_kind", sa.Text(), server_default="store", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=True),
        sa.Column("set_by_name", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minimum >= 1", name=op.f("ck_reorder_point_minimum_counts")),
        sa.CheckConstraint("num_nonnulls(model, carrier) = 1", name=op.f("ck_reorder_point_names_one_thing")),
        sa.CheckConstraint("store_kind = 'store'", name=op.f("ck_reorder_point_is_of_a_store")),
        sa.CheckConstraint("target >= minimum", name=op.f("ck_reorder_point_fills_up")),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_reorder_point_model")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_reorder_point_set_by_id")),
        sa.ForeignKeyConstraint(["store_id", "store_kind"], ["holder.id", "holder.kind"], name="fk_reorder_point_store"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorder_point")),
        sa.UniqueConstraint("store_id", "carrier", name=op.f("uq_reorder_point_store_id_carrier")),
        sa.UniqueConstraint("store_id", "model", name=op.f("uq_reorder_point_store_id_model")),
    )


def downgrade() -> None:
    op.drop_table("reorder_point")
