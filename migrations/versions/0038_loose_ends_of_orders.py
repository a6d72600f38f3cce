"""further calls say which vehicle they are about; open orders get clocks; contractors have counted parts on papers only"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
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

# Counted parts, too, go to and from a contractor on a paper only; but for what his worker uses on an
# order that he has accepted, and what takes a move back.
TRIGGER = """
DROP TRIGGER both_said_yes ON part_entry;
CREATE TRIGGER both_said_yes AFTER INSERT ON part_entry FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION both_said_yes_to_parts();
"""
BEFORE = "NEW.reason IN ('issue', 'return', 'hand_over')"
CONTRACTORS = """
CREATE FUNCTION no_parts_past_a_paper() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM holder WHERE id IN (NEW.from_holder_id, NEW.to_holder_id) AND kind = 'contractor')
        AND NOT (NEW.reason = 'use' AND EXISTS (SELECT FROM outside_offer WHERE outside_offer.order_id = NEW.order_id
            AND contractor_id = NEW.from_holder_id AND accepted_at IS NOT NULL AND revoked_at IS NULL)) THEN
        RAISE EXCEPTION 'part % goes over without a paper', NEW.part_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'part_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER past_a_paper AFTER INSERT ON part_entry FOR EACH ROW
    WHEN (NEW.reason NOT IN ('contract_out', 'contract_back', 'correct')) EXECUTE FUNCTION no_parts_past_a_paper();
"""


def upgrade() -> None:
    _yes(f"{BEFORE} OR NEW.reason IN ('contract_out', 'contract_back')")
    op.get_bind().connection.cursor().execute(CONTRACTORS)
    op.add_column("order_call", sa.Column("vehicle_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        "fk_order_call_vehicle", "order_call", "order_line", ["order_id", "vehicle_id"], ["order_id", "vehicle_id"]
    )
    op.execute(ONLY_ONE)
    op.execute(CLOCKS)


def _yes(when: str) -> None:
    op.get_bind().connection.cursor().execute(TRIGGER.format(when=when))


def downgrade() -> None:
    op.execute("DROP TRIGGER past_a_paper ON part_entry")
    op.execute("DROP FUNCTION no_parts_past_a_paper()")
    _yes(BEFORE)
    op.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'orders.begin_clocks' AND status = 'todo'")
    op.drop_column("order_call", "vehicle_id")
