"""on site"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


# A wrong row is taken back by another one that names it. Only the invoice number of a receipt may be learned later.
KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON fitting FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON charge FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON test_result FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON photo FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON signature FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sheet_release FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE price ADD CONSTRAINT ck_price_category_known CHECK (category IN ('part', 'service'));

CREATE FUNCTION keep_receipt() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(OLD) - 'invoice_number' IS DISTINCT FROM to_jsonb(NEW) - 'invoice_number'
    THEN RAISE EXCEPTION 'a receipt stays as it was given: refund it instead'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_given BEFORE UPDATE OR DELETE ON receipt FOR EACH ROW EXECUTE FUNCTION keep_receipt();
"""


def upgrade() -> None:

    op.create_table(
        "stored_file",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_stored_file_sha256_is_hex")),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_not_empty")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_stored_file")),
    )
    op.create_table(
        "receipt_block",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("leased_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("branch_id"), "="),
            (sa.text("int8range(first, last, '[]')"), "&&"),
            using="gist",
            name="ex_receipt_block_no_overlap",
        ),
        sa.CheckConstraint("first > 0 AND first <= last", name=op.f("ck_receipt_block_has_numbers")),
        sa.CheckConstraint("used >= first - 1 AND used <= last", name=op.f("ck_receipt_block_used_is_inside")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_receipt_block_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_receipt_block_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_block")),
    )
    op.create_index(op.f("ix_receipt_block_person_id_device"), "receipt_block", ["person_id", "device"], unique=False)
    op.create_table(
        "order_papers",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("missing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_papers_order_id")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_papers")),
    )
    op.create_table(
        "arrival",
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("distance_m", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_arrival_visit_id")),
        sa.PrimaryKeyConstraint("visit_id", name=op.f("pk_arrival")),
    )
    op.create_table(
        "departure_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("item IN ('facts', 'tools', 'parts', 'papers')", name=op.f("ck_departure_check_item_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_departure_check_by_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_departure_check_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure_check")),
    )
    op.create_index(op.f("ix_departure_check_visit_id"), "departure_check", ["visit_id"], unique=False)
    op.create_table(
        "fitting",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_kind", sa.Text(), nullable=False),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=False),
        sa.Column("slot_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("old_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("new_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("out_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("in_entry_id", sa.BigInteger(), nullable=True),
        sa.Column("undoes_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'undo') = (undoes_id IS NOT NULL)", name=op.f("ck_fitting_undo_names_its_first")),
        sa.CheckConstraint(
            "kind <> 'install' OR (old_unit_id IS NULL AND new_unit_id IS NOT NULL)", name=op.f("ck_fitting_install_names_new")
        ),
        sa.CheckConstraint(
            "kind <> 'remove' OR (old_unit_id IS NOT NULL AND new_unit_id IS NULL)", name=op.f("ck_fitting_remove_names_old")
        ),
        sa.CheckConstraint(
            "kind <> 'swap' OR (old_unit_id IS NOT NULL AND new_unit_id IS NOT NULL)", name=op.f("ck_fitting_swap_names_both")
        ),
        sa.CheckConstraint("kind <> 'undo' OR reason IS NOT NULL", name=op.f("ck_fitting_undo_has_reason")),
        sa.CheckConstraint("kind IN ('install', 'swap', 'remove', 'undo')", name=op.f("ck_fitting_kind_known")),
        sa.CheckConstraint("unit_kind IN ('terminal', 'sim')", name=op.f("ck_fitting_unit_kind_known")),
        sa.CheckConstraint("(new_unit_id IS NULL) = (in_entry_id IS NULL)", name=op.f("ck_fitting_new_unit_has_entry")),
        sa.CheckConstraint("(old_unit_id IS NULL) = (out_entry_id IS NULL)", name=op.f("ck_fitting_old_unit_has_entry")),
        sa.CheckConstraint("old_unit_id <> new_unit_id", name=op.f("ck_fitting_old_is_not_new")),
        sa.CheckConstraint("old_unit_id IS NOT NULL OR new_unit_id IS NOT NULL", name=op.f("ck_fitting_names_a_unit")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_fitting_by_id")),
        sa.ForeignKeyConstraint(["in_entry_id"], ["custody_entry.id"], name=op.f("fk_fitting_in_entry_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_fitting_line"),
        sa.ForeignKeyConstraint(["new_unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="fk_fitting_new_unit"),
        sa.ForeignKeyConstraint(["old_unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="fk_fitting_old_unit"),
        sa.ForeignKeyConstraint(["out_entry_id"], ["custody_entry.id"], name=op.f("fk_fitting_out_entry_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["holder.id"], name=op.f("fk_fitting_slot_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["fitting.id"], name=op.f("fk_fitting_undoes_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_fitting_vehicle_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_fitting_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fitting")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_fitting_undoes_id")),
    )
    op.create_index(op.f("ix_fitting_line_id"), "fitting", ["line_id"], unique=False)
    op.create_index(op.f("ix_fitting_new_unit_id"), "fitting", ["new_unit_id"], unique=False)
    op.create_index(op.f("ix_fitting_old_unit_id"), "fitting", ["old_unit_id"], unique=False)
    op.create_index(op.f("ix_fitting_order_id"), "fitting", ["order_id"], unique=False)
    op.create_index(op.f("ix_fitting_vehicle_id_at"), "fitting", ["vehicle_id", "at"], unique=False)
    op.create_table(
        "photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('condition', 'work', 'unit', 'refusal', 'paper')", name=op.f("ck_photo_kind_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_photo_by_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_photo_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_photo_order_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_photo_sha256")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_photo_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
    )
    op.create_index(op.f("ix_photo_order_id"), "photo", ["order_id"], unique=False)
    op.create_index(op.f("ix_photo_visit_id"), "photo", ["visit_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("running", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("invoice_number", sa.Text(), nullable=True),
        sa.Column("refunds_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IN ('cash', 'wechat', 'alipay', 'transfer', 'account')", name=op.f("ck_receipt_channel_known")
        ),
        sa.CheckConstraint("(refunds_id IS NOT NULL) = (amount < 0)", name=op.f("ck_receipt_negative_refunds")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_receipt_has_amount")),
        sa.CheckConstraint("refunds_id IS NULL OR reason IS NOT NULL", name=op.f("ck_receipt_refund_has_reason")),
        sa.ForeignKeyConstraint(["block_id"], ["receipt_block.id"], name=op.f("fk_receipt_block_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_receipt_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_receipt_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_receipt_order_id")),
        sa.ForeignKeyConstraint(["refunds_id"], ["receipt.id"], name=op.f("fk_receipt_refunds_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_receipt_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("block_id", "running", name=op.f("uq_receipt_block_id_running")),
        sa.UniqueConstraint("number", name=op.f("uq_receipt_number")),
    )
    op.create_index(op.f("ix_receipt_by_id_at"), "receipt", ["by_id", "at"], unique=False)
    op.create_index(op.f("ix_receipt_order_id"), "receipt", ["order_id"], unique=False)
    op.create_index(op.f("ix_receipt_refunds_id"), "receipt", ["refunds_id"], unique=False)
    op.create_table(
        "sheet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('installation', 'repair', 'vehicle')", name=op.f("ck_sheet_kind_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_sheet_branch_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_sheet_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_sheet_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("order_id", "line_id", name=op.f("uq_sheet_order_id_line_id"), postgresql_nulls_not_distinct=True),
        sa.UniqueConstraint("token", name=op.f("uq_sheet_token")),
    )
    op.create_table(
        "test_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "item IN ('online', 'identity', 'iccid', 'fix', 'signal', 'acc', 'power')", name=op.f("ck_test_result_item_known")
        ),
        sa.CheckConstraint("result <> 'overruled' OR reason IS NOT NULL", name=op.f("ck_test_result_overruled_has_reason")),
        sa.CheckConstraint(
            "result IN ('passed', 'failed', 'not_available', 'overruled')", name=op.f("ck_test_result_result_known")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_test_result_by_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_test_result_line"),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_test_result_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_result")),
    )
    op.create_index(op.f("ix_test_result_line_id"), "test_result", ["line_id"], unique=False)
    op.create_index(op.f("ix_test_result_order_id"), "test_result", ["order_id"], unique=False)
    op.create_table(
        "charge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=True),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fitting_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "rule IN ('own_service_free', 'in_warranty', 'part_out_of_warranty', 'listed_price')",
            name=op.f("ck_charge_rule_known"),
        ),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (quantity < 0)", name=op.f("ck_charge_negative_reverses")),
        sa.CheckConstraint("amount = 0 OR amount = round(quantity * unit_price, 2)", name=op.f("ck_charge_amount_is_product")),
        sa.CheckConstraint("quantity <> 0", name=op.f("ck_charge_has_quantity")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_charge_unit_price_not_negative")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_charge_by_id")),
        sa.ForeignKeyConstraint(["fitting_id"], ["fitting.id"], name=op.f("fk_charge_fitting_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_charge_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_charge_order_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["charge.id"], name=op.f("fk_charge_reverses_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_charge_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_charge_reverses_id")),
    )
    op.create_index(op.f("ix_charge_order_id"), "charge", ["order_id"], unique=False)
    op.create_index(
        "uq_charge_fitting_id", "charge", ["fitting_id"], unique=True, postgresql_where=sa.text("reverses_id IS NULL")
    )
    op.create_table(
        "sheet_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sheet_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("facts_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("warnings", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("failure", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("pdf_sha256", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(pdf_sha256 IS NULL) = (released_at IS NULL)", name=op.f("ck_sheet_version_released_is_whole")),
        sa.ForeignKeyConstraint(["pdf_sha256"], ["stored_file.sha256"], name=op.f("fk_sheet_version_pdf_sha256")),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_version_sheet_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_version")),
        sa.UniqueConstraint("sheet_id", "version", name=op.f("uq_sheet_version_sheet_id_version")),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("points", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("photo_id", sa.Uuid(), nullable=True),
        sa.Column("summary", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("summary_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT refused OR (reason IS NOT NULL AND photo_id IS NOT NULL)", name=op.f("ck_signature_refusal_has_evidence")
        ),
        sa.CheckConstraint("refused = (points IS NULL)", name=op.f("ck_signature_signed_has_points")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_signature_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_signature_order_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_signature_photo_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_signature_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signature")),
    )
    op.create_index(op.f("ix_signature_order_id"), "signature", ["order_id"], unique=False)
    op.create_index(op.f("ix_signature_visit_id"), "signature", ["visit_id"], unique=False)
    op.create_table(
        "sheet_release",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["sheet_version.id"], name=op.f("fk_sheet_release_version_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sheet_release")),
    )
    op.create_index(op.f("ix_sheet_release_version_id"), "sheet_release", ["version_id"], unique=False)
    op.get_bind().connection.cursor().execute(KEPT)


def downgrade() -> None:

    op.drop_index(op.f("ix_sheet_release_version_id"), table_name="sheet_release")
    op.drop_table("sheet_release")
    op.drop_index(op.f("ix_signature_visit_id"), table_name="signature")
    op.drop_index(op.f("ix_signature_order_id"), table_name="signature")
    op.drop_table("signature")
    op.drop_table("sheet_version")
    op.drop_index("uq_charge_fitting_id", table_name="charge", postgresql_where=sa.text("reverses_id IS NULL"))
    op.drop_index(op.f("ix_charge_order_id"), table_name="charge")
    op.drop_table("charge")
    op.drop_index(op.f("ix_test_result_order_id"), table_name="test_result")
    op.drop_index(op.f("ix_test_result_line_id"), table_name="test_result")
    op.drop_table("test_result")
    op.drop_table("sheet")
    op.drop_index(op.f("ix_receipt_refunds_id"), table_name="receipt")
    op.drop_index(op.f("ix_receipt_order_id"), table_name="receipt")
    op.drop_index(op.f("ix_receipt_by_id_at"), table_name="receipt")
    op.drop_table("receipt")
    op.drop_index(op.f("ix_photo_visit_id"), table_name="photo")
    op.drop_index(op.f("ix_photo_order_id"), table_name="photo")
    op.drop_table("photo")
    op.drop_index(op.f("ix_fitting_vehicle_id_at"), table_name="fitting")
    op.drop_index(op.f("ix_fitting_order_id"), table_name="fitting")
    op.drop_index(op.f("ix_fitting_old_unit_id"), table_name="fitting")
    op.drop_index(op.f("ix_fitting_new_unit_id"), table_name="fitting")
    op.drop_index(op.f("ix_fitting_line_id"), table_name="fitting")
    op.drop_table("fitting")
    op.drop_index(op.f("ix_departure_check_visit_id"), table_name="departure_check")
    op.drop_table("departure_check")
    op.drop_table("arrival")
    op.drop_table("order_papers")
    op.drop_index(op.f("ix_receipt_block_person_id_device"), table_name="receipt_block")
    op.drop_table("receipt_block")
    op.drop_table("stored_file")
    op.get_bind().connection.cursor().execute(
        "ALTER TABLE price DROP CONSTRAINT ck_price_category_known; DROP FUNCTION keep_receipt()"
    )
