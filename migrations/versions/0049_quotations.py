"""quotations: what an order will cost, offered to the customer and agreed with him; charges that take a quoted price"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

KINDS = ("purchase", "goodwill", "refund", "overrule")
RULES = ("own_service_free", "in_warranty", "goodwill", "own_unit", "part_out_of_warranty", "listed_price")
SERIES = ("PZ", "JK", "CK")
LIVE = "state IN ('waiting', 'offered', 'agreed')"

AT_THE_LIST = "UPDATE charge SET rule = 'listed_price', quoted_line_id = NULL WHERE rule = 'quoted_price'"
NOT_ASKED = """
DELETE FROM approval_request_link WHERE step_id IN (
    SELECT step.id FROM approval_request_step step JOIN approval_request ask ON ask.id = step.request_id WHERE ask.kind = 'quotation'
);
DELETE FROM approval_request_step WHERE request_id IN (SELECT id FROM approval_request WHERE kind = 'quotation');
DELETE FROM approval_request WHERE kind = 'quotation';
DELETE FROM approval_rule WHERE kind = 'quotation';
DELETE FROM series_counter WHERE series = 'BJ';
"""


def upgrade() -> None:
    _know((*KINDS, "quotation"), (*RULES, "quoted_price"), (*SERIES, "BJ"))
    op.create_table(
        "quotation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("agreed_by", sa.Text(), nullable=True),
        sa.Column("agreed_how", sa.Text(), nullable=True),
        sa.Column("agreed_on", sa.Date(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'offered', 'agreed', 'declined', 'expired', 'withdrawn')",
            name=op.f("ck_quotation_state_known"),
        ),
        sa.CheckConstraint("agreed_how IN ('paper', 'phone', 'message', 'person')", name=op.f("ck_quotation_agreed_how_known")),
        sa.CheckConstraint(
            "state <> 'agreed' OR (btrim(coalesce(agreed_by, '')) <> '' AND agreed_how IS NOT NULL AND agreed_on IS NOT NULL)",
            name=op.f("ck_quotation_agreed_is_whole"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('declined', 'withdrawn') OR btrim(coalesce(ended_reason, '')) <> ''",
            name=op.f("ck_quotation_ended_has_reason"),
        ),
        sa.CheckConstraint("state <> 'waiting' OR request_id IS NOT NULL", name=op.f("ck_quotation_waits_for_a_request")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_quotation_order_id")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_quotation_request_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_quotation_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation")),
        sa.UniqueConstraint("number", name=op.f("uq_quotation_number")),
        sa.UniqueConstraint("key", name=op.f("uq_quotation_key")),
        sa.UniqueConstraint("request_id", name=op.f("uq_quotation_request_id")),
    )
    op.create_index(op.f("ix_quotation_order_id"), "quotation", ["order_id"])
    op.create_index("uq_quotation_live", "quotation", ["order_id"], unique=True, postgresql_where=sa.text(LIVE))
    op.create_table(
        "quotation_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("quotation_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 2), nullable=False),
        sa.Column("listed_price", sa.Numeric(12, 2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(5, 4), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_quotation_line_has_quantity")),
        sa.CheckConstraint("unit_price >= 0 AND unit_price <= listed_price", name=op.f("ck_quotation_line_within_the_list")),
        sa.ForeignKeyConstraint(["quotation_id"], ["quotation.id"], name=op.f("fk_quotation_line_quotation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation_line")),
        sa.UniqueConstraint("quotation_id", "code", name=op.f("uq_quotation_line_quotation_id_code")),
    )
    op.add_column("charge", sa.Column("quoted_line_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_charge_quoted_line_id"), "charge", "quotation_line", ["quoted_line_id"], ["id"])
    quoted = "(quoted_line_id IS NOT NULL) = (rule = 'quoted_price')"
    op.create_check_constraint(op.f("ck_charge_quoted_by_a_line"), "charge", quoted)
    there = sa.text("quoted_line_id IS NOT NULL")
    op.create_index("ix_charge_quoted", "charge", ["quoted_line_id"], postgresql_where=there)


def downgrade() -> None:
    op.execute("ALTER TABLE charge DISABLE TRIGGER USER")
    op.execute(AT_THE_LIST)
    op.execute("ALTER TABLE charge ENABLE TRIGGER USER")
    op.drop_index("ix_charge_quoted", "charge")
    op.drop_constraint(op.f("ck_charge_quoted_by_a_line"), "charge", type_="check")
    op.drop_column("charge", "quoted_line_id")
    op.drop_table("quotation_line")
    op.drop_table("quotation")
    op.execute("ALTER TABLE approval_rule DISABLE TRIGGER USER")
    op.execute(NOT_ASKED)
    op.execute("ALTER TABLE approval_rule ENABLE TRIGGER USER")
    _know(KINDS, RULES, SERIES)


def _know(kinds: tuple[str, ...], rules: tuple[str, ...], series: tuple[str, ...]) -> None:
    """Which kinds of request, rules of charges and series of numbers there are."""
    for table, name, words in (
        ("approval_request", "kind", kinds),
        ("approval_rule", "kind", ("installation", "repair", *kinds)),
        ("charge", "rule", rules),
        ("series_counter", "series", series),
    ):
        op.drop_constraint(op.f(f"ck_{table}_{name}_known"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}_known"), table, f"{name} IN {words}")
