"""nothing out of a bag to the bench without both sides' yes"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# What goes out of a bag to the bench is on a paper, whatever the ledger calls the move.
BOTH_SAY_YES = """
CREATE OR REPLACE FUNCTION both_said_yes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF {which} NOT EXISTS (SELECT FROM hand_over_unit line JOIN hand_over ON hand_over.id = line.hand_over_id
                   WHERE line.unit_id = NEW.unit_id AND line.entry_id IS NULL AND NOT line.left_out
                   AND hand_over.status = 'accepted' AND hand_over.from_holder_id = NEW.from_holder_id
                   AND hand_over.to_holder_id = NEW.to_holder_id) THEN
        RAISE EXCEPTION 'unit % goes over without a paper', NEW.unit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'custody_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS both_said_yes ON custody_entry;
CREATE TRIGGER both_said_yes AFTER INSERT ON custody_entry FOR EACH ROW
    WHEN ({when}) EXECUTE FUNCTION both_said_yes();
"""
OF_TWO = "NEW.reason IN ('issue', 'return', 'hand_over')"
TO_BENCH = """EXISTS (SELECT FROM holder giver, holder taker WHERE giver.id = NEW.from_holder_id AND giver.kind = 'bag'
        AND taker.id = NEW.to_holder_id AND taker.kind = 'bench')"""

# The tables of before know no papers of benches: what waits is taken back, what is settled lives on in the ledger alone.
WITHOUT_BENCHES = """
CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT hand_over.id FROM hand_over
    JOIN holder taker ON taker.id = to_holder_id WHERE taker.kind = 'bench';
DELETE FROM hand_over_unit WHERE hand_over_id IN (SELECT id FROM gone);
DELETE FROM hand_over WHERE id IN (SELECT id FROM gone);
DROP TABLE gone;
"""


def _yes(which: str, when: str) -> None:
    op.get_bind().connection.cursor().execute(BOTH_SAY_YES.format(which=which, when=when))


def upgrade() -> None:
    _yes(f"({OF_TWO} OR {TO_BENCH}) AND", "NEW.from_holder_id IS NOT NULL")


def downgrade() -> None:
    op.execute(WITHOUT_BENCHES)
    _yes("", OF_TWO)
