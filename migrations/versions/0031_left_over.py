"""an order of the vehicles that another one left over"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("work_order", sa.Column("left_from_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_work_order_left_from_id_work_order"), "work_order", "work_order", ["left_from_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_work_order_left_from_id_work_order"), "work_order", type_="foreignkey")
    op.drop_column("work_order", "left_from_id")
