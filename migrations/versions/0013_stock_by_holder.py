"""what a holder has, and the stores and bags of a branch, are found by indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_custody_position_holder_id_unit_id"), "custody_position", ["holder_id", "unit_id"])
    op.drop_index(op.f("ix_custody_position_holder_id"), table_name="custody_position")
    op.create_index("ix_holder_stock", "holder", ["branch_id"], postgresql_where=sa.text("kind IN ('store', 'bag')"))


def downgrade() -> None:
    op.drop_index("ix_holder_stock", table_name="holder")
    op.create_index(op.f("ix_custody_position_holder_id"), "custody_position", ["holder_id"])
    op.drop_index(op.f("ix_custody_position_holder_id_unit_id"), table_name="custody_position")
