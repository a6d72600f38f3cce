"""reorder points of stores, and counted parts"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON part_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BEFORE = "purpose IN ('request', 'terminals', 'sims', 'technicians', 'prices', 'calls')"
SINCE = "purpose IN ('request', 'terminals', 'sims', 'technicians', 'prices', 'calls', 'parts')"


def upgrade() -> None:
    op.create_table(
        "part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("code <> '' AND code = upper(btrim(code))", name=op.f("ck_part_code_is_tidy")),
        sa.CheckConstraint("btrim(name) <> '' AND btrim(unit) <> ''", name=op.f("ck_part_has_words")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part")),
        sa.UniqueConstraint("code", name=op.f("uq_part_code")),
    )
    op.create_table(
        "part_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("from_holder_id", sa.BigInteger(), nullable=True),
        sa.Column("to_holder_id", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(order_id IS NULL) = (line_id IS NULL)", name=op.f("ck_part_entry_is_for_a_vehicle")),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name=op.f("ck_part_entry_really_moves")),
        sa.CheckConstraint("num_nonnulls(from_holder_id, to_holder_id) > 0", name=op.f("ck_part_entry_has_a_side")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_part_entry_moves_something")),
        sa.CheckConstraint(
            "reason NOT IN ('write_off', 'short', 'surplus', 'correct') OR btrim(coalesce(note, '')) <> ''",
            name=op.f("ck_part_entry_is_explained"),
        ),
        sa.CheckConstraint(
            "to_holder_id IS NOT NULL OR corrects_id IS NOT NULL", name=op.f("ck_part_entry_leaves_by_correction_only")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_part_entry_by_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["part_entry.id"], name=op.f("fk_part_entry_corrects_id")),
        sa.ForeignKeyConstraint(["from_holder_id"], ["holder.id"], name=op.f("fk_part_entry_from_holder_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_part_entry_line"),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_entry_part_id")),
        sa.ForeignKeyConstraint(["to_holder_id"], ["holder.id"], name=op.f("fk_part_entry_to_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_entry")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_part_entry_corrects_id")),
        sa.UniqueConstraint("part_id", "key", name=op.f("uq_part_entry_part_id_key")),
        sa.UniqueConstraint("part_id", "seq", name=op.f("uq_part_entry_part_id_seq")),
    )
    for column in ("from_holder_id", "order_id", "to_holder_id"):
        op.create_index(op.f(f"ix_part_entry_{column}"), "part_entry", [column], unique=False)
    op.create_table(
        "part_position",
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_part_position_not_below_zero")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_part_position_holder_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_part_position_part_id")),
        sa.PrimaryKeyConstraint("holder_id", "part_id", name=op.f("pk_part_position")),
    )
    op.create_table(
        "reorder_point",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("store_kind", sa.Text(), server_default="store", nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("part_id", sa.BigInteger(), nullable=True),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.BigInteger(), nullable=False),
        sa.Column("set_by_id", sa.BigInteger(), nullable=True),
        sa.Column("set_by_name", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("minimum >= 1", name=op.f("ck_reorder_point_minimum_counts")),
        sa.CheckConstraint("num_nonnulls(model, carrier, part_id) = 1", name=op.f("ck_reorder_point_names_one_thing")),
        sa.CheckConstraint("store_kind = 'store'", name=op.f("ck_reorder_point_is_of_a_store")),
        sa.CheckConstraint("target >= minimum", name=op.f("ck_reorder_point_fills_up")),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_reorder_point_model")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_reorder_point_part_id")),
        sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=op.f("fk_reorder_point_set_by_id")),
        sa.ForeignKeyConstraint(["store_id", "store_kind"], ["holder.id", "holder.kind"], name="fk_reorder_point_store"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reorder_point")),
        sa.UniqueConstraint("store_id", "carrier", name=op.f("uq_reorder_point_store_id_carrier")),
        sa.UniqueConstraint("store_id", "model", name=op.f("uq_reorder_point_store_id_model")),
        sa.UniqueConstraint("store_id", "part_id", name=op.f("uq_reorder_point_store_id_part_id")),
    )
    op.execute(KEPT)
    op.drop_constraint(op.f("ck_upload_purpose_known"), "upload")
    op.create_check_constraint(op.f("ck_upload_purpose_known"), "upload", SINCE)


def downgrade() -> None:
    op.execute("DELETE FROM upload WHERE purpose = 'parts'")
    op.drop_constraint(op.f("ck_upload_purpose_known"), "upload")
    op.create_check_constraint(op.f("ck_upload_purpose_known"), "upload", BEFORE)
    for table in ("reorder_point", "part_position", "part_entry", "part"):
        op.drop_table(table)
