"""papers of the store: moves taken back, transfers from branch to branch, counts"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON taken_back FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON count_scan FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A counter-entry moves the same unit back from where the first one put it, and belongs to no order.
CREATE FUNCTION taken_back_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM custody_entry mended JOIN custody_entry wrong ON wrong.id = mended.corrects_id
        WHERE mended.id = NEW.entry_id AND wrong.id = NEW.wrong_id AND mended.unit_id = wrong.unit_id
        AND mended.from_holder_id = wrong.to_holder_id AND wrong.order_id IS NULL)
    THEN RAISE EXCEPTION 'a counter-entry moves the same unit back'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON taken_back FOR EACH ROW EXECUTE FUNCTION taken_back_allowed();

-- Whoever has counted or finished a count does not approve it.
CREATE FUNCTION stock_count_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.settled_by_id = NEW.finished_by_id
        OR EXISTS (SELECT FROM count_scan WHERE count_id = NEW.id AND by_id = NEW.settled_by_id)
    THEN
        RAISE EXCEPTION 'his own count' USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_count_counted_himself';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE UPDATE OF status ON stock_count FOR EACH ROW
    WHEN (NEW.status = 'approved') EXECUTE FUNCTION stock_count_allowed();
"""


def upgrade() -> None:
    op.create_table(
        "store_series",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("series IN ('DB', 'PD')", name=op.f("ck_store_series_series_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_store_series_branch_id")),
        sa.PrimaryKeyConstraint("series", "branch_id", "year", name=op.f("pk_store_series")),
    )
    op.create_table(
        "taken_back",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wrong_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_taken_back_has_reason")),
        sa.CheckConstraint("entry_id > wrong_id", name=op.f("ck_taken_back_comes_later")),
        sa.ForeignKeyConstraint(["entry_id"], ["custody_entry.id"], name=op.f("fk_taken_back_entry_id")),
        sa.ForeignKeyConstraint(["wrong_id"], ["custody_entry.id"], name=op.f("fk_taken_back_wrong_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_taken_back")),
        sa.UniqueConstraint("wrong_id", name=op.f("uq_taken_back_wrong_id")),
    )
    op.create_table(
        "transfer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("from_branch_id", sa.BigInteger(), nullable=False),
        sa.Column("to_branch_id", sa.BigInteger(), nullable=False),
        sa.Column("store_id", sa.BigInteger(), nullable=False),
        sa.Column("transit_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("sent_by_id", sa.BigInteger(), nullable=True),
        sa.Column("sent_by_name", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'received') = (into_id IS NOT NULL)", name=op.f("ck_transfer_received_somewhere")),
        sa.CheckConstraint("(status = 'sent') = (settled_at IS NULL)", name=op.f("ck_transfer_settled_has_a_moment")),
        sa.CheckConstraint("status IN ('sent', 'received', 'withdrawn')", name=op.f("ck_transfer_status_known")),
        sa.CheckConstraint("from_branch_id <> to_branch_id", name=op.f("ck_transfer_has_two_sides")),
        sa.ForeignKeyConstraint(["from_branch_id"], ["branch.id"], name=op.f("fk_transfer_from_branch_id")),
        sa.ForeignKeyConstraint(["into_id"], ["holder.id"], name=op.f("fk_transfer_into_id")),
        sa.ForeignKeyConstraint(["sent_by_id"], ["person.id"], name=op.f("fk_transfer_sent_by_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_transfer_settled_by_id")),
        sa.ForeignKeyConstraint(["store_id"], ["holder.id"], name=op.f("fk_transfer_store_id")),
        sa.ForeignKeyConstraint(["to_branch_id"], ["branch.id"], name=op.f("fk_transfer_to_branch_id")),
        sa.ForeignKeyConstraint(["transit_id"], ["holder.id"], name=op.f("fk_transfer_transit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("key", name=op.f("uq_transfer_key")),
        sa.UniqueConstraint("number", name=op.f("uq_transfer_number")),
    )
    op.create_index(op.f("ix_transfer_from_branch_id"), "transfer", ["from_branch_id"], unique=False)
    op.create_index(op.f("ix_transfer_to_branch_id"), "transfer", ["to_branch_id"], unique=False)
    op.create_table(
        "transfer_unit",
        sa.Column("transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("out_entry_id", sa.BigInteger(), nullable=False),
        sa.Column("in_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answers_id", sa.BigInteger(), nullable=True),
        sa.Column("answers_name", sa.Text(), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('found', 'lost')) = (settled_at IS NOT NULL)", name=op.f("ck_transfer_unit_settled_has_a_moment")
        ),
        sa.CheckConstraint(
            "(status IN ('on_way', 'missing')) = (in_entry_id IS NULL)", name=op.f("ck_transfer_unit_arrives_once")
        ),
        sa.CheckConstraint(
            "status <> 'lost' OR btrim(coalesce(settled_note, '')) <> ''", name=op.f("ck_transfer_unit_lost_has_note")
        ),
        sa.CheckConstraint("status <> 'lost' OR settled_by_id <> answers_id", name=op.f("ck_transfer_unit_lost_not_his_own")),
        sa.CheckConstraint(
            "status IN ('on_way', 'accepted', 'missing', 'found', 'lost', 'withdrawn')",
            name=op.f("ck_transfer_unit_status_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('missing', 'found', 'lost') OR (btrim(coalesce(reason, '')) <> '' AND answers_id IS NOT NULL)",
            name=op.f("ck_transfer_unit_missing_is_answered_for"),
        ),
        sa.ForeignKeyConstraint(["answers_id"], ["person.id"], name=op.f("fk_transfer_unit_answers_id")),
        sa.ForeignKeyConstraint(["in_entry_id"], ["custody_entry.id"], name=op.f("fk_transfer_unit_in_entry_id")),
        sa.ForeignKeyConstraint(["out_entry_id"], ["custody_entry.id"], name=op.f("fk_transfer_unit_out_entry_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_transfer_unit_settled_by_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_unit_transfer_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_transfer_unit_unit_id")),
        sa.PrimaryKeyConstraint("transfer_id", "unit_id", name=op.f("pk_transfer_unit")),
        sa.UniqueConstraint("in_entry_id", name=op.f("uq_transfer_unit_in_entry_id")),
        sa.UniqueConstraint("out_entry_id", name=op.f("uq_transfer_unit_out_entry_id")),
    )
    op.create_index(
        "uq_transfer_unit_out",
        "transfer_unit",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('on_way', 'missing')"),
    )
    op.create_table(
        "stock_count",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("holder_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_by_id", sa.BigInteger(), nullable=True),
        sa.Column("started_by_name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_by_id", sa.BigInteger(), nullable=True),
        sa.Column("finished_by_name", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_back", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status IN ('approved', 'dropped')) = (settled_at IS NOT NULL)", name=op.f("ck_stock_count_settled_has_a_moment")
        ),
        sa.CheckConstraint(
            "status <> 'approved' OR (settled_by_id IS NOT NULL AND settled_by_id <> started_by_id)",
            name=op.f("ck_stock_count_not_his_own"),
        ),
        sa.CheckConstraint("status IN ('open', 'finished', 'approved', 'dropped')", name=op.f("ck_stock_count_status_known")),
        sa.CheckConstraint(
            "status NOT IN ('finished', 'approved') OR finished_at IS NOT NULL", name=op.f("ck_stock_count_finished_has_a_moment")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_stock_count_branch_id")),
        sa.ForeignKeyConstraint(["finished_by_id"], ["person.id"], name=op.f("fk_stock_count_finished_by_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["holder.id"], name=op.f("fk_stock_count_holder_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_stock_count_settled_by_id")),
        sa.ForeignKeyConstraint(["started_by_id"], ["person.id"], name=op.f("fk_stock_count_started_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sa.UniqueConstraint("key", name=op.f("uq_stock_count_key")),
        sa.UniqueConstraint("number", name=op.f("uq_stock_count_number")),
    )
    op.create_index(op.f("ix_stock_count_branch_id"), "stock_count", ["branch_id"], unique=False)
    op.create_index(
        "uq_stock_count_unsettled",
        "stock_count",
        ["holder_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('open', 'finished')"),
    )
    op.create_table(
        "count_unit",
        sa.Column("count_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counted_by_id", sa.BigInteger(), nullable=True),
        sa.Column("counted_by_name", sa.Text(), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(entry_id IS NOT NULL) = (outcome IS NOT NULL AND outcome IN ('lost', 'moved_here'))",
            name=op.f("ck_count_unit_booked_has_entry"),
        ),
        sa.CheckConstraint(
            "entry_id IS NULL OR btrim(coalesce(explanation, '')) <> ''", name=op.f("ck_count_unit_booked_is_explained")
        ),
        sa.CheckConstraint(
            "outcome IN ('there', 'lost', 'moved_here', 'moved_meanwhile', 'not_booked')",
            name=op.f("ck_count_unit_outcome_known"),
        ),
        sa.CheckConstraint("(times > 0) = (counted_at IS NOT NULL)", name=op.f("ck_count_unit_counted_has_a_moment")),
        sa.CheckConstraint("expected OR times > 0", name=op.f("ck_count_unit_says_something")),
        sa.ForeignKeyConstraint(["count_id"], ["stock_count.id"], name=op.f("fk_count_unit_count_id")),
        sa.ForeignKeyConstraint(["counted_by_id"], ["person.id"], name=op.f("fk_count_unit_counted_by_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["custody_entry.id"], name=op.f("fk_count_unit_entry_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_count_unit_unit_id")),
        sa.PrimaryKeyConstraint("count_id", "unit_id", name=op.f("pk_count_unit")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_count_unit_entry_id")),
    )
    op.create_index(op.f("ix_count_unit_unit_id"), "count_unit", ["unit_id"], unique=False)
    op.create_table(
        "count_scan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("count_id", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_count_scan_by_id")),
        sa.ForeignKeyConstraint(["count_id"], ["stock_count.id"], name=op.f("fk_count_scan_count_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_scan")),
        sa.UniqueConstraint("key", name=op.f("uq_count_scan_key")),
    )
    op.create_index(op.f("ix_count_scan_count_id"), "count_scan", ["count_id"], unique=False)
    op.execute(KEPT)


def downgrade() -> None:
    for table in ("count_scan", "count_unit", "stock_count", "transfer_unit", "transfer", "taken_back", "store_series"):
        op.drop_table(table)
    op.execute("DROP FUNCTION stock_count_allowed")
    op.execute("DROP FUNCTION taken_back_allowed")
