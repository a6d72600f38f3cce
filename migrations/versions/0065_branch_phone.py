"""the number at which a branch's technicians call it"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("branch", sa.Column("phone", sa.Text()))


def downgrade() -> None:
    op.drop_column("branch", "phone")
