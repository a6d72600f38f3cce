"""nothing to or from a contractor without a signed paper, which says when it comes back"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

# What goes to or from a contractor is on a paper, whatever the ledger calls the move; only undoing such a move is none of its own.
BOTH_SAY_YES = """
CREATE OR REPLACE FUNCTION both_said_yes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF ({which}) AND NOT EXISTS (SELECT FROM hand_over_unit line JOIN hand_over ON hand_over.id = line.hand_over_id
                   WHERE line.unit_id = NEW.unit_id AND line.entry_id IS NULL AND NOT line.left_out
                   AND hand_over.status = 'accepted' AND hand_over.from_holder_id = NEW.from_holder_id
                   AND hand_over.to_holder_id = NEW.to_holder_id) THEN
        RAISE EXCEPTION 'unit % goes over without a paper', NEW.unit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'custody_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER IF EXISTS both_said_yes ON custody_entry;
CREATE TRIGGER both_said_yes AFTER INSERT ON custody_entry FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION both_said_yes();
"""
BEFORE = """NEW.reason IN ('issue', 'return', 'hand_over')
    OR EXISTS (SELECT FROM holder giver, holder taker WHERE giver.id = NEW.from_holder_id AND giver.kind = 'bag'
        AND taker.id = NEW.to_holder_id AND taker.kind = 'bench')"""
OF_CONTRACTORS = """NEW.reason IN ('contract_out', 'contract_back')
    OR (EXISTS (SELECT FROM holder WHERE id IN (NEW.from_holder_id, NEW.to_holder_id) AND kind = 'contractor')
        AND NOT EXISTS (SELECT FROM custody_entry wrong WHERE NEW.reason = 'correct' AND wrong.id = NEW.corrects_id
            AND wrong.unit_id = NEW.unit_id AND wrong.from_holder_id = NEW.to_holder_id AND wrong.to_holder_id = NEW.from_holder_id))"""

DUE = """
CREATE FUNCTION due_of_contractor() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF (NEW.due_on IS NOT NULL) <> EXISTS (SELECT FROM holder WHERE id = NEW.to_holder_id AND kind = 'contractor') THEN
        RAISE EXCEPTION 'hand-over % says when it comes back if it goes to a contractor, and only then', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_over_due_of_contractor';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER due_of_contractor AFTER INSERT OR UPDATE OF due_on, to_holder_id ON hand_over
    FOR EACH ROW EXECUTE FUNCTION due_of_contractor();
"""

# The tables of before know no papers of contractors: what went over lives on in the ledger alone.
WITHOUT_CONTRACTORS = """
DROP TRIGGER due_of_contractor ON hand_over;
DROP FUNCTION due_of_contractor();
CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT hand_over.id FROM hand_over
    JOIN holder ON holder.id IN (from_holder_id, to_holder_id) WHERE holder.kind = 'contractor';
DELETE FROM hand_over_unit WHERE hand_over_id IN (SELECT id FROM gone);
DELETE FROM hand_over WHERE id IN (SELECT id FROM gone);
DROP TABLE gone;
"""
SIGNED = "due_on IS NULL OR status <> 'accepted' OR (settled_how = 'signature' AND settled_by_id IS NULL)"


def _yes(which: str) -> None:
    op.get_bind().connection.cursor().execute(BOTH_SAY_YES.format(which=which, when="NEW.from_holder_id IS NOT NULL"))


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("due_on", sa.Date()))
    op.create_check_constraint(op.f("ck_hand_over_due_is_signed"), "hand_over", SIGNED)
    op.get_bind().connection.cursor().execute(DUE)
    _yes(f"{BEFORE} OR {OF_CONTRACTORS}")


def downgrade() -> None:
    _yes(BEFORE)
    op.execute(WITHOUT_CONTRACTORS)
    op.drop_constraint(op.f("ck_hand_over_due_is_signed"), "hand_over", type_="check")
    op.drop_column("hand_over", "due_on")
