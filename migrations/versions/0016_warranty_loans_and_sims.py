"""terms of warranties, goodwill, loans, moves between vehicles, the states and top-ups of SIMs"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TERMS_KEPT = """
-- A term is never changed and never deleted; it can be withdrawn, once.
CREATE FUNCTION warranty_term_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR (to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_by_name,withdrawn_reason}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_by_name,withdrawn_reason}'::text[])
    THEN RAISE EXCEPTION 'a warranty term is never changed'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON warranty_term FOR EACH ROW EXECUTE FUNCTION warranty_term_kept();
CREATE TRIGGER append_only BEFORE DELETE ON warranty_term FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What was decided about goodwill stays decided.
CREATE FUNCTION goodwill_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.status <> 'open' OR (OLD.order_id, OLD.line_id, OLD.reason, OLD.asked_by_id) IS DISTINCT FROM
        (NEW.order_id, NEW.line_id, NEW.reason, NEW.asked_by_id)
    THEN RAISE EXCEPTION 'goodwill is decided once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON goodwill FOR EACH ROW EXECUTE FUNCTION goodwill_kept();
CREATE TRIGGER append_only BEFORE DELETE ON goodwill FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

CHARGE_RULES = ("own_service_free", "in_warranty", "goodwill", "part_out_of_warranty", "listed_price")


def known(table: str, column: str, words: tuple[str, ...]) -> None:
    """Let a column know these words."""
    name = f"ck_{table}_{column}_known"
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


def upgrade() -> None:
    op.create_table(
        "warranty_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("contract_number", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("months", sa.BigInteger(), nullable=False),
        sa.Column("starts_with", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by_name", sa.Text(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "starts_with IN ('installation', 'delivery', 'purchase')", name=op.f("ck_warranty_term_starts_with_known")
        ),
        sa.CheckConstraint(
            "(customer_id IS NULL) = (contract_number IS NULL)", name=op.f("ck_warranty_term_contract_has_customer")
        ),
        sa.CheckConstraint("valid_to IS NULL OR customer_id IS NOT NULL", name=op.f("ck_warranty_term_only_contracts_end")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_warranty_term_ends_after_beginning")),
        sa.CheckConstraint("months BETWEEN 1 AND 240", name=op.f("ck_warranty_term_months_in_range")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by_name, withdrawn_reason) IN (0, 3)",
            name=op.f("ck_warranty_term_withdrawal_is_whole"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_warranty_term_customer_id")),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_warranty_term_model")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_warranty_term_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_warranty_term_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warranty_term")),
        sa.UniqueConstraint("key", name=op.f("uq_warranty_term_key")),
    )
    op.create_index(
        "uq_warranty_term_day",
        "warranty_term",
        ["customer_id", "contract_number", "model", "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "goodwill",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'approved', 'refused')", name=op.f("ck_goodwill_status_known")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_goodwill_has_reason")),
        sa.CheckConstraint("(status = 'open') = (decided_at IS NULL)", name=op.f("ck_goodwill_decided_has_time")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_goodwill_decided_has_person")),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_goodwill_two_decide")),
        sa.CheckConstraint("status <> 'refused' OR decision_reason IS NOT NULL", name=op.f("ck_goodwill_refused_has_reason")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_goodwill_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_goodwill_order_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_goodwill_asked_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_goodwill_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goodwill")),
        sa.UniqueConstraint("key", name=op.f("uq_goodwill_key")),
    )
    op.create_index("uq_goodwill_line", "goodwill", ["line_id"], unique=True, postgresql_where=sa.text("status <> 'refused'"))
    op.create_index(op.f("ix_goodwill_order_id"), "goodwill", ["order_id"])
    known("charge", "rule", CHARGE_RULES)
    op.execute(TERMS_KEPT)
