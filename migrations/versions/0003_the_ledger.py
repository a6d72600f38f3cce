"""the ledger"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON voucher FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON posting FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION voucher_balances() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE lines bigint; total numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0) INTO lines, total FROM posting
    WHERE voucher_id = (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    IF lines < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'voucher %: % postings that sum to %', to_jsonb(NEW) ->> TG_ARGV[0], lines, total;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON voucher DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION voucher_balances('id');
CREATE CONSTRAINT TRIGGER balances AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION voucher_balances('voucher_id');

CREATE FUNCTION keep_hand_in() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'handed' OR NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id
        OR NEW.declared <> OLD.declared
    THEN RAISE EXCEPTION 'a hand-in stays as it was settled'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_settled BEFORE UPDATE OR DELETE ON hand_in FOR EACH ROW EXECUTE FUNCTION keep_hand_in();
"""


def upgrade() -> None:

    op.create_table(
        "series_counter",
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("series IN ('PZ', 'JK')", name=op.f("ck_series_counter_series_known")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_series_counter_branch_id")),
        sa.PrimaryKeyConstraint("series", "branch_id", "year", name=op.f("pk_series_counter")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("balance", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(kind = 'cash_in_hand') = (person_id IS NOT NULL)", name=op.f("ck_account_hand_has_person")),
        sa.CheckConstraint(
            "(kind IN ('receivable', 'on_account')) = (customer_id IS NOT NULL)", name=op.f("ck_account_debt_has_customer")
        ),
        sa.CheckConstraint(
            "kind IN ('cash_in_hand', 'cash_desk', 'clearing', 'receivable', 'on_account', 'income', 'tax', 'difference')",
            name=op.f("ck_account_kind_known"),
        ),
        sa.CheckConstraint(
            "kind NOT IN ('cash_in_hand', 'cash_desk') OR balance >= 0", name=op.f("ck_account_cash_not_below_zero")
        ),
        sa.CheckConstraint("num_nonnulls(person_id, branch_id, customer_id) = 1", name=op.f("ck_account_has_one_owner")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_account_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_account_customer_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("key", name=op.f("uq_account_key")),
    )
    op.create_index(op.f("ix_account_branch_id"), "account", ["branch_id"], unique=False)
    op.create_index(op.f("ix_account_customer_id"), "account", ["customer_id"], unique=False)
    op.create_index(op.f("ix_account_person_id"), "account", ["person_id"], unique=False)
    op.create_table(
        "hand_in",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("declared", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("counted", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("difference", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("difference_reason", sa.Text(), nullable=True),
        sa.Column("difference_owner_id", sa.BigInteger(), nullable=True),
        sa.Column("difference_owner_name", sa.Text(), nullable=True),
        sa.Column("confirmed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_by_name", sa.Text(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'confirmed') = (confirmed_by_id IS NOT NULL)", name=op.f("ck_hand_in_confirmed_by_somebody")
        ),
        sa.CheckConstraint("(status = 'confirmed') = (counted IS NOT NULL)", name=op.f("ck_hand_in_confirmed_is_counted")),
        sa.CheckConstraint("status IN ('handed', 'confirmed', 'withdrawn')", name=op.f("ck_hand_in_status_known")),
        sa.CheckConstraint("confirmed_by_id <> person_id", name=op.f("ck_hand_in_not_his_own")),
        sa.CheckConstraint("declared > 0", name=op.f("ck_hand_in_declares_something")),
        sa.CheckConstraint("difference IS NOT DISTINCT FROM counted - declared", name=op.f("ck_hand_in_difference_is_exact")),
        sa.CheckConstraint(
            "difference IS NULL OR difference = 0 OR (difference_reason IS NOT NULL AND difference_owner_id IS NOT NULL)",
            name=op.f("ck_hand_in_difference_has_owner"),
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_hand_in_branch_id")),
        sa.ForeignKeyConstraint(["confirmed_by_id"], ["person.id"], name=op.f("fk_hand_in_confirmed_by_id")),
        sa.ForeignKeyConstraint(["difference_owner_id"], ["person.id"], name=op.f("fk_hand_in_difference_owner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hand_in_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_in")),
        sa.UniqueConstraint("number", name=op.f("uq_hand_in_number")),
    )
    op.create_index(op.f("ix_hand_in_branch_id_status"), "hand_in", ["branch_id", "status"], unique=False)
    op.create_index(op.f("ix_hand_in_person_id"), "hand_in", ["person_id"], unique=False)
    op.create_table(
        "hand_in_receipt",
        sa.Column("hand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_hand_in_receipt_hand_in_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_hand_in_receipt_receipt_id")),
        sa.PrimaryKeyConstraint("hand_in_id", "receipt_id", name=op.f("pk_hand_in_receipt")),
    )
    op.create_index("uq_hand_in_receipt_live", "hand_in_receipt", ["receipt_id"], unique=True, postgresql_where=sa.text("live"))
    op.create_table(
        "voucher",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("running", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.BigInteger(), nullable=True),
        sa.Column("receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('charge', 'charge_back', 'receipt', 'refund', 'hand_in')", name=op.f("ck_voucher_kind_known")
        ),
        sa.CheckConstraint("num_nonnulls(charge_id, receipt_id, hand_in_id) = 1", name=op.f("ck_voucher_has_one_cause")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_voucher_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_voucher_by_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_voucher_charge_id")),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_voucher_hand_in_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_voucher_order_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_voucher_receipt_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["voucher.id"], name=op.f("fk_voucher_reverses_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("branch_id", "year", "running", name=op.f("uq_voucher_branch_id_year_running")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_voucher_charge_id")),
        sa.UniqueConstraint("hand_in_id", name=op.f("uq_voucher_hand_in_id")),
        sa.UniqueConstraint("number", name=op.f("uq_voucher_number")),
        sa.UniqueConstraint("receipt_id", name=op.f("uq_voucher_receipt_id")),
    )
    op.create_index(op.f("ix_voucher_order_id"), "voucher", ["order_id"], unique=False)
    op.create_index(op.f("ix_voucher_reverses_id"), "voucher", ["reverses_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("voucher_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("balance_after", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_posting_has_amount")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_posting_account_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_posting_voucher_id")),
        sa.PrimaryKeyConstraint("voucher_id", "line", name=op.f("pk_posting")),
        sa.UniqueConstraint("account_id", "seq", name=op.f("uq_posting_account_id_seq")),
    )
    op.get_bind().connection.cursor().execute(KEPT)


def downgrade() -> None:
    op.get_bind().connection.cursor().execute(
        "DROP FUNCTION IF EXISTS voucher_balances() CASCADE; DROP FUNCTION IF EXISTS keep_hand_in() CASCADE"
    )

    op.drop_table("posting")
    op.drop_index(op.f("ix_voucher_reverses_id"), table_name="voucher")
    op.drop_index(op.f("ix_voucher_order_id"), table_name="voucher")
    op.drop_table("voucher")
    op.drop_index("uq_hand_in_receipt_live", table_name="hand_in_receipt", postgresql_where=sa.text("live"))
    op.drop_table("hand_in_receipt")
    op.drop_index(op.f("ix_hand_in_person_id"), table_name="hand_in")
    op.drop_index(op.f("ix_hand_in_branch_id_status"), table_name="hand_in")
    op.drop_table("hand_in")
    op.drop_index(op.f("ix_account_person_id"), table_name="account")
    op.drop_index(op.f("ix_account_customer_id"), table_name="account")
    op.drop_index(op.f("ix_account_branch_id"), table_name="account")
    op.drop_table("account")
    op.drop_table("series_counter")
