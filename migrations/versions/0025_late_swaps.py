"""swaps that come late are entered once; a swap has a reason"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0022"
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


def downgrade() -> None:
    for name in ("other_why_has_words", "words_beside_why", "swap_has_why", "why_known"):
        op.drop_constraint(op.f(f"ck_fitting_{name}"), "fitting", type_="check")
    op.drop_column("fitting", "why_words")
    op.drop_column("fitting", "why")
    op.drop_index("uq_fitting_fact", table_name="fitting")
