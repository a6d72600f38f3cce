"""open money: what may belong to a line is found along indexes of its amount and its time; work list by finding"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TO_MATCH = sa.text("state IN ('open', 'underway')")
INDEXES = (
    ("ix_match_item_other", "match_item", ["other"], sa.text("other IS NOT NULL")),
    ("ix_match_item_to_match", "match_item", ["at"], TO_MATCH),
    ("ix_match_item_to_match_amount", "match_item", ["amount", "at"], TO_MATCH),
    (
        "ix_statement_line_finding",
        "statement_line",
        ["branch_id", "finding", "at"],
        sa.text("state = 'open' AND finding IS NOT NULL"),
    ),
    ("ix_statement_line_open_amount", "statement_line", ["branch_id", "amount", "at"], sa.text("state = 'open'")),
)


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, postgresql_where=where)


def downgrade() -> None:
    for name, table, _columns, _where in reversed(INDEXES):
        op.drop_index(name, table)
