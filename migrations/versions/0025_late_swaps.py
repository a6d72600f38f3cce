"""swaps that come late are entered once; a swap has a reason; rules for the binding of SIMs"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WHYS = "why IN ('defect', 'no_power', 'sim_fault', 'plan', 'damage', 'lost', 'upgrade', 'loan', 'own_back', 'other', 'not_told')"
# Nobody was asked before: that is written beside the old swaps, which change in nothing else.
NOT_TOLD = """
ALTER TABLE fitting DISABLE TRIGGER append_only;
UPDATE fitting SET why = 'not_told' WHERE kind = 'swap';
ALTER TABLE fitting ENABLE TRIGGER append_only;
"""


def upgrade() -> None:
    op.create_index(
        "uq_fitting_fact",
        "fitting",
        ["fact_id", "unit_kind"],
        unique=True,
        postgresql_where=sa.text("kind IN ('install', 'swap', 'remove')"),
    )
    op.add_column("fitting", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("fitting", sa.Column("why_words", sa.Text(), nullable=True))
    op.execute(NOT_TOLD)
    for name, rule in (
        ("why_known", WHYS),
        ("swap_has_why", "(kind = 'swap') = (why IS NOT NULL)"),
        ("words_beside_why", "why_words IS NULL OR why IS NOT NULL"),
        ("other_why_has_words", "why <> 'other' OR btrim(coalesce(why_words, '')) <> ''"),
    ):
        op.create_check_constraint(op.f(f"ck_fitting_{name}"), "fitting", rule)
    _binding_rules()


def _binding_rules() -> None:
    op.create_table(
        "binding_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("carrier", sa.Text(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_by_name", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('always', 'on_record', 'never')", name=op.f("ck_binding_rule_mode_known")),
        sa.CheckConstraint("plan IS NULL OR carrier IS NOT NULL", name=op.f("ck_binding_rule_plan_is_a_carriers")),
        sa.CheckConstraint("btrim(carrier) <> '' AND btrim(plan) <> ''", name=op.f("ck_binding_rule_names_something")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_name IS NULL)", name=op.f("ck_binding_rule_ended_is_whole")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_binding_rule_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_binding_rule_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_binding_rule_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding_rule")),
    )
    op.create_index(
        "uq_binding_rule_standing",
        "binding_rule",
        ["branch_id", "carrier", "plan"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("binding_rule")
    for name in ("other_why_has_words", "words_beside_why", "swap_has_why", "why_known"):
        op.drop_constraint(op.f(f"ck_fitting_{name}"), "fitting", type_="check")
    op.drop_column("fitting", "why_words")
    op.drop_column("fitting", "why")
    op.drop_index("uq_fitting_fact", table_name="fitting")
