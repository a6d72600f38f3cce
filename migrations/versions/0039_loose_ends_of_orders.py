"""further calls say which vehicle they are about; open orders from before clocks were kept get theirs"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0035"
branch_labels = None
depends_on = None

ONLY_ONE = """
ALTER TABLE order_call DISABLE TRIGGER append_only;
UPDATE order_call SET vehicle_id = alone.vehicle_id
FROM (SELECT order_id, min(vehicle_id) AS vehicle_id FROM order_line GROUP BY order_id HAVING count(*) = 1) alone
WHERE alone.order_id = order_call.order_id;
ALTER TABLE order_call ENABLE TRIGGER append_only;
"""

# The limits are settings and the hours are reckoned by the program: its worker does it, once.
CLOCKS = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
SELECT 'default', 'orders.begin_clocks', '{}' WHERE EXISTS (
    SELECT FROM work_order WHERE status NOT IN ('done', 'closed', 'cancelled')
    AND NOT EXISTS (SELECT FROM order_clock WHERE order_id = work_order.id))
"""


def upgrade() -> None:
    op.add_column("order_call", sa.Column("vehicle_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_order_call_vehicle", "order_call", "order_line", ["order_id", "vehicle_id"], ["order_id", "vehicle_id"]
    )
    op.execute(ONLY_ONE)
    op.execute(CLOCKS)


def downgrade() -> None:
    op.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'orders.begin_clocks' AND status = 'todo'")
    op.drop_column("order_call", "vehicle_id")
