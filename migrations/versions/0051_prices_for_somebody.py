"""prices of branches and customers; discounts by role and person; quotations that expire, whoever offers and is told"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

ROLES = ("specialist", "supervisor", "manager", "director", "qa", "technician", "finance", "administrator")
WHOSE = "branch_id IS NULL OR customer_id IS NULL"
MINE = sa.text("customer_id IS NOT NULL")
OFFERED = sa.text("state = 'offered'")
TOLD = sa.text("told_at IS NOT NULL AND seen_at IS NULL")

WHO_OFFERED = """
UPDATE quotation SET offered_by_id = coalesce(
    (SELECT asked_by_id FROM approval_request WHERE approval_request.id = quotation.request_id), by_id
) WHERE state NOT IN ('draft', 'withdrawn') OR agreed_on IS NOT NULL
"""
KEPT = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF branch_id, role, person_id, percent, valid_from, valid_to, reason, request_key,
    by_id, by_name, at ON discount_limit FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.add_column("price", sa.Column("valid_to", sa.Date(), nullable=True))
    op.add_column("price", sa.Column("branch_id", sa.BigInteger(), nullable=True))
    op.add_column("price", sa.Column("customer_id", sa.BigInteger(), nullable=True))
    op.add_column("price", sa.Column("contract", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_price_branch_id"), "price", "branch", ["branch_id"], ["id"])
    op.create_foreign_key(op.f("fk_price_customer_id"), "price", "customer", ["customer_id"], ["id"])
    op.create_check_constraint(op.f("ck_price_of_branch_or_customer"), "price", WHOSE)
    op.create_check_constraint(op.f("ck_price_contract_has_customer"), "price", "contract IS NULL OR customer_id IS NOT NULL")
    op.create_check_constraint(op.f("ck_price_ends_after_it_begins"), "price", "valid_to >= valid_from")
    op.drop_constraint(op.f("uq_price_code_valid_from"), "price", type_="unique")
    op.create_unique_constraint(
        op.f("uq_price_code_branch_id_customer_id_valid_from"),
        "price",
        ["code", "branch_id", "customer_id", "valid_from"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index("ix_price_customer", "price", ["customer_id"], postgresql_where=MINE)

    op.add_column("quotation_line", sa.Column("listed_told", JSONB(), nullable=True))
    op.add_column("quotation", sa.Column("offered_by_id", sa.BigInteger(), nullable=True))
    op.add_column("quotation", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("quotation", sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_quotation_offered_by_id"), "quotation", "person", ["offered_by_id"], ["id"])
    op.create_check_constraint(op.f("ck_quotation_seen_was_told"), "quotation", "seen_at IS NULL OR told_at IS NOT NULL")
    op.create_index("ix_quotation_offered", "quotation", ["valid_until"], postgresql_where=OFFERED)
    op.create_index("ix_quotation_told", "quotation", ["by_id"], postgresql_where=TOLD)
    op.execute(WHO_OFFERED)

    op.create_table(
        "discount_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_key", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=5, scale=2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"role IN {ROLES}", name=op.f("ck_discount_limit_role_known")),
        sa.CheckConstraint("percent BETWEEN 0 AND 100", name=op.f("ck_discount_limit_percent_is_a_share")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_discount_limit_ends_after_it_begins")),
        sa.CheckConstraint("num_nonnulls(role, person_id) = 1", name=op.f("ck_discount_limit_of_role_or_person")),
        sa.CheckConstraint("person_id IS NULL OR branch_id IS NULL", name=op.f("ck_discount_limit_branch_has_role")),
        sa.CheckConstraint(
            "person_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_discount_limit_exception_has_reason")
        ),
        sa.CheckConstraint("person_id <> by_id", name=op.f("ck_discount_limit_not_his_own")),
        sa.CheckConstraint("num_nonnulls(ended_at, ended_by_id) IN (0, 2)", name=op.f("ck_discount_limit_ended_is_whole")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_discount_limit_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_discount_limit_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_discount_limit_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_discount_limit_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discount_limit")),
        sa.UniqueConstraint("request_key", name=op.f("uq_discount_limit_request_key")),
    )
    op.create_index(op.f("ix_discount_limit_person_id"), "discount_limit", ["person_id"])
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_table("discount_limit")
    op.drop_index("ix_quotation_told", "quotation")
    op.drop_index("ix_quotation_offered", "quotation")
    op.drop_constraint(op.f("ck_quotation_seen_was_told"), "quotation", type_="check")
    for column in ("seen_at", "told_at", "offered_by_id"):
        op.drop_column("quotation", column)
    op.drop_column("quotation_line", "listed_told")
    op.drop_index("ix_price_customer", "price")
    op.execute("DELETE FROM price WHERE branch_id IS NOT NULL OR customer_id IS NOT NULL")
    op.drop_constraint(op.f("uq_price_code_branch_id_customer_id_valid_from"), "price", type_="unique")
    op.create_unique_constraint(op.f("uq_price_code_valid_from"), "price", ["code", "valid_from"])
    op.drop_constraint(op.f("ck_price_of_branch_or_customer"), "price", type_="check")
    op.drop_constraint(op.f("ck_price_contract_has_customer"), "price", type_="check")
    op.drop_constraint(op.f("ck_price_ends_after_it_begins"), "price", type_="check")
    for column in ("contract", "customer_id", "branch_id", "valid_to"):
        op.drop_column("price", column)
