"""what the life of a unit is read by, and the few SIMs that are out of use"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_sim_out_of_use", "sim", ["unit_id"], postgresql_where=sa.text("state IN ('suspended', 'closed')"))
    op.create_index(op.f("ix_silence_unit_id"), "silence", ["unit_id"])
    op.create_index(op.f("ix_hand_over_unit_unit_id"), "hand_over_unit", ["unit_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_hand_over_unit_unit_id"), "hand_over_unit")
    op.drop_index(op.f("ix_silence_unit_id"), "silence")
    op.drop_index("ix_sim_out_of_use", "sim")
