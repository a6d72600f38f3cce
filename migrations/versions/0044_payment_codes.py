"""payment codes: callbacks of WeChat Pay and Alipay, refunds through them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF number, block_id, running, channel, order_id, visit_id, branch_id, amount,
    made_at, expires_at, by_id, by_name ON pay_code FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF channel, number, channel_reference, amount, paid_at, payer, received_at
    ON stray_payment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF refund_id, code_id ON code_refund
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION pay_code_stays_paid() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF (OLD.state, OLD.receipt_id, OLD.channel_reference, OLD.paid_amount, OLD.paid_at)
        IS DISTINCT FROM (NEW.state, NEW.receipt_id, NEW.channel_reference, NEW.paid_amount, NEW.paid_at)
    THEN RAISE EXCEPTION 'what was paid stays paid'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays_paid BEFORE UPDATE ON pay_code
    FOR EACH ROW WHEN (OLD.state = 'paid') EXECUTE FUNCTION pay_code_stays_paid();
"""


def upgrade() -> None:
    op.create_table(
        "forged_callbacks",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_why", sa.Text(), nullable=False),
        sa.CheckConstraint("channel IN ('wechat', 'alipay')", name=op.f("ck_forged_callbacks_channel_known")),
        sa.PrimaryKeyConstraint("day", "channel", name=op.f("pk_forged_callbacks")),
    )
    op.create_table(
        "stray_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("channel_reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.Text(), nullable=True),
        sa.Column("looked_note", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('wechat', 'alipay')", name=op.f("ck_stray_payment_channel_known")),
        sa.CheckConstraint(
            "looked_at IS NULL OR btrim(coalesce(looked_note, '')) <> ''", name=op.f("ck_stray_payment_look_has_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_payment")),
        sa.UniqueConstraint("channel", "channel_reference", name=op.f("uq_stray_payment_channel_channel_reference")),
    )
    op.create_table(
        "pay_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("block_id", sa.BigInteger(), nullable=False),
        sa.Column("running", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("visit_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shut_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_reference", sa.Text(), nullable=True),
        sa.Column("paid_amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("odd", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_by", sa.Text(), nullable=True),
        sa.Column("looked_note", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('wechat', 'alipay')", name=op.f("ck_pay_code_channel_known")),
        sa.CheckConstraint("looked_at IS NULL OR btrim(coalesce(looked_note, '')) <> ''", name=op.f("ck_pay_code_look_has_note")),
        sa.CheckConstraint(
            "num_nonnulls(receipt_id, channel_reference, paid_amount, paid_at) = CASE state WHEN 'paid' THEN 4 ELSE 0 END",
            name=op.f("ck_pay_code_paid_has_receipt"),
        ),
        sa.CheckConstraint("state <> 'open' OR url IS NOT NULL", name=op.f("ck_pay_code_open_has_url")),
        sa.CheckConstraint(
            "state IN ('making', 'open', 'paid', 'expired', 'cancelled', 'failed')", name=op.f("ck_pay_code_state_known")
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_pay_code_asks_for_something")),
        sa.ForeignKeyConstraint(["block_id"], ["receipt_block.id"], name=op.f("fk_pay_code_block_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_pay_code_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_pay_code_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_pay_code_order_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_pay_code_receipt_id")),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_pay_code_visit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_code")),
        sa.UniqueConstraint("block_id", "running", name=op.f("uq_pay_code_block_id_running")),
        sa.UniqueConstraint("channel", "channel_reference", name=op.f("uq_pay_code_channel_channel_reference")),
        sa.UniqueConstraint("number", name=op.f("uq_pay_code_number")),
        sa.UniqueConstraint("receipt_id", name=op.f("uq_pay_code_receipt_id")),
    )
    op.create_index(op.f("ix_pay_code_branch_id_made_at"), "pay_code", ["branch_id", "made_at"], unique=False)
    op.create_index(op.f("ix_pay_code_order_id"), "pay_code", ["order_id"], unique=False)
    op.create_index("ix_pay_code_unshut", "pay_code", ["id"], unique=False, postgresql_where=sa.text("shut_at IS NULL"))
    op.create_index(
        "uq_pay_code_alive", "pay_code", ["order_id"], unique=True, postgresql_where=sa.text("state IN ('making', 'open')")
    )
    op.create_table(
        "code_refund",
        sa.Column("refund_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("channel_reference", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'asked') = (settled_at IS NULL)", name=op.f("ck_code_refund_settled_has_moment")),
        sa.CheckConstraint("state IN ('asked', 'done', 'failed')", name=op.f("ck_code_refund_state_known")),
        sa.ForeignKeyConstraint(["code_id"], ["pay_code.id"], name=op.f("fk_code_refund_code_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["receipt.id"], name=op.f("fk_code_refund_refund_id")),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_code_refund")),
    )
    op.create_index(
        "ix_code_refund_asked", "code_refund", ["refund_id"], unique=False, postgresql_where=sa.text("state = 'asked'")
    )
    op.add_column("receipt", sa.Column("channel_reference", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_receipt_channel_channel_reference"), "receipt", ["channel", "channel_reference"])
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_constraint(op.f("uq_receipt_channel_channel_reference"), "receipt", type_="unique")
    op.drop_column("receipt", "channel_reference")
    op.drop_index("ix_code_refund_asked", table_name="code_refund", postgresql_where=sa.text("state = 'asked'"))
    op.drop_table("code_refund")
    op.drop_index("uq_pay_code_alive", table_name="pay_code", postgresql_where=sa.text("state IN ('making', 'open')"))
    op.drop_index("ix_pay_code_unshut", table_name="pay_code", postgresql_where=sa.text("shut_at IS NULL"))
    op.drop_index(op.f("ix_pay_code_order_id"), table_name="pay_code")
    op.drop_index(op.f("ix_pay_code_branch_id_made_at"), table_name="pay_code")
    op.drop_table("pay_code")
    op.drop_table("stray_payment")
    op.drop_table("forged_callbacks")
    op.execute("DROP FUNCTION pay_code_stays_paid")
