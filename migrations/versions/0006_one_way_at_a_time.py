"""a technician is on his way to one visit at a time"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = "uq_visit_one_on_the_way"
# Who set out for another visit without ending the first has been there: he or the office ends it from there.
THERE = """
    UPDATE visit SET status = 'on_site', arrived_at = departed_at, version = version + 1
    WHERE status = 'on_the_way' AND EXISTS (
        SELECT FROM visit AS later
        WHERE later.technician_id = visit.technician_id AND later.status = 'on_the_way'
          AND (later.departed_at, later.id) > (visit.departed_at, visit.id)
    )
"""


def upgrade() -> None:
    op.execute(THERE)
    op.create_index(NAME, "visit", ["technician_id"], unique=True, postgresql_where=sa.text("status = 'on_the_way'"))


def downgrade() -> None:
    op.drop_index(NAME, table_name="visit")
