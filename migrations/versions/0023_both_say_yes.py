"""issues, returns and hand-overs on one paper that both sides say yes to"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# What a technician has promised, he may still fit: the promise goes. What a store has promised, stays there until it is settled.
PROMISED = """
CREATE OR REPLACE FUNCTION let_go_of_promise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM hand_over_unit line JOIN hand_over ON hand_over.id = line.hand_over_id
               JOIN holder giver ON giver.id = hand_over.from_holder_id
               WHERE line.unit_id = NEW.unit_id AND line.open AND giver.kind = 'store') THEN
        RAISE EXCEPTION 'it is promised' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_over_promised';
    END IF;
    UPDATE hand_over_unit SET open = false WHERE unit_id = NEW.unit_id AND open;
    RETURN NULL;
END $$;

CREATE FUNCTION promised_parts_stay() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.quantity >= 0 AND NEW.quantity < (SELECT coalesce(sum(promise.open), 0)
                       FROM hand_over_part promise JOIN hand_over ON hand_over.id = promise.hand_over_id
                       JOIN holder giver ON giver.id = hand_over.from_holder_id
                       WHERE giver.id = NEW.holder_id AND giver.kind = 'store' AND promise.part_id = NEW.part_id) THEN
        RAISE EXCEPTION 'they are promised' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_over_parts_promised';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER promised BEFORE UPDATE OF quantity ON part_position FOR EACH ROW
    WHEN (NEW.quantity < OLD.quantity) EXECUTE FUNCTION promised_parts_stay();
"""

# Between a store and a bag, and from bag to bag, nothing goes on one person's word.
BOTH_SAY_YES = """
CREATE FUNCTION both_said_yes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM hand_over_unit line JOIN hand_over ON hand_over.id = line.hand_over_id
                   WHERE line.unit_id = NEW.unit_id AND line.entry_id IS NULL AND NOT line.left_out
                   AND hand_over.status = 'accepted' AND hand_over.from_holder_id = NEW.from_holder_id
                   AND hand_over.to_holder_id = NEW.to_holder_id) THEN
        RAISE EXCEPTION 'unit % goes over without a paper', NEW.unit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'custody_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER both_said_yes AFTER INSERT ON custody_entry FOR EACH ROW
    WHEN (NEW.reason IN ('issue', 'return', 'hand_over')) EXECUTE FUNCTION both_said_yes();

CREATE FUNCTION both_said_yes_to_parts() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM hand_over_part line JOIN hand_over ON hand_over.id = line.hand_over_id
                   WHERE line.part_id = NEW.part_id AND line.entry_id IS NULL
                   AND hand_over.status = 'accepted' AND hand_over.from_holder_id = NEW.from_holder_id
                   AND hand_over.to_holder_id = NEW.to_holder_id) THEN
        RAISE EXCEPTION 'part % goes over without a paper', NEW.part_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'part_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER both_said_yes AFTER INSERT ON part_entry FOR EACH ROW
    WHEN (NEW.reason IN ('issue', 'return', 'hand_over')) EXECUTE FUNCTION both_said_yes_to_parts();
"""

BEFORE = """
CREATE OR REPLACE FUNCTION let_go_of_promise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE hand_over_unit SET open = false WHERE unit_id = NEW.unit_id AND open;
    RETURN NULL;
END $$;
DROP TRIGGER promised ON part_position;
DROP TRIGGER both_said_yes ON custody_entry;
DROP TRIGGER both_said_yes ON part_entry;
DROP FUNCTION promised_parts_stay;
DROP FUNCTION both_said_yes;
DROP FUNCTION both_said_yes_to_parts;
"""

# What colleagues have agreed on before, each said with his own account; the move was made at the moment of the yes.
ACCEPTED_BEFORE = """
UPDATE hand_over SET settled_how = 'account' WHERE status = 'accepted';
UPDATE hand_over_unit SET entry_id = custody_entry.id FROM hand_over, custody_entry
    WHERE hand_over.id = hand_over_unit.hand_over_id AND hand_over.status = 'accepted'
    AND custody_entry.unit_id = hand_over_unit.unit_id AND custody_entry.reason = 'hand_over'
    AND custody_entry.from_holder_id = hand_over.from_holder_id AND custody_entry.to_holder_id = hand_over.to_holder_id
    AND custody_entry.at = hand_over.settled_at;
"""

# The tables of before know papers between bags only: what waits is taken back, what is settled lives on in the ledger alone.
BETWEEN_BAGS_ONLY = """
CREATE TEMPORARY TABLE gone ON COMMIT DROP AS SELECT hand_over.id FROM hand_over
    JOIN holder giver ON giver.id = from_holder_id JOIN holder taker ON taker.id = to_holder_id
    WHERE giver.kind <> 'bag' OR taker.kind <> 'bag';
DELETE FROM hand_over_unit WHERE hand_over_id IN (SELECT id FROM gone);
DELETE FROM hand_over_part WHERE hand_over_id IN (SELECT id FROM gone);
DELETE FROM hand_over WHERE id IN (SELECT id FROM gone);
"""

CHECKS = {
    "first_known": "first IN ('giver', 'taker')",
    "settled_how_known": "settled_how IN ('account', 'scan', 'signature', 'override')",
    "accepted_somehow": "(status = 'accepted') = (settled_how IS NOT NULL)",
    "two_people": "status <> 'accepted' OR settled_by_id <> offered_by_id",
    "override_has_reason": "settled_how <> 'override' OR btrim(coalesce(reason, '')) <> ''",
    "signature_is_kept": "(settled_how IS NOT DISTINCT FROM 'signature') = (signature IS NOT NULL)",
    "signature_has_witness": "(signature IS NULL) = (witness_name IS NULL)",
}
UNIT_CHECKS = {
    "promised_or_moved": "NOT open OR entry_id IS NULL",
    "left_out_stays": "NOT left_out OR (NOT open AND entry_id IS NULL)",
}
WITHIN = "ck_hand_over_part_within_what_was_offered"


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("first", sa.Text(), server_default="giver", nullable=False))
    for column in (
        sa.Column("settled_how", sa.Text()),
        sa.Column("signature", JSONB()),
        sa.Column("witness_id", sa.BigInteger()),
        sa.Column("witness_name", sa.Text()),
    ):
        op.add_column("hand_over", column)
    op.create_foreign_key(op.f("fk_hand_over_witness_id"), "hand_over", "person", ["witness_id"], ["id"])
    op.add_column("hand_over_unit", sa.Column("left_out", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("hand_over_unit", sa.Column("entry_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_hand_over_unit_entry_id"), "hand_over_unit", "custody_entry", ["entry_id"], ["id"])
    op.create_unique_constraint(op.f("uq_hand_over_unit_entry_id"), "hand_over_unit", ["entry_id"])
    op.create_index(op.f("ix_hand_over_unit_unit_id"), "hand_over_unit", ["unit_id"])
    op.add_column("hand_over_part", sa.Column("left_out", sa.BigInteger(), server_default="0", nullable=False))
    unmoved = sa.text("entry_id IS NULL")
    op.create_index("ix_hand_over_part_unmoved", "hand_over_part", ["part_id"], postgresql_where=unmoved)
    op.execute(ACCEPTED_BEFORE)
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", rule)
    for name, rule in UNIT_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_hand_over_unit_{name}"), "hand_over_unit", rule)
    op.drop_constraint(op.f(WITHIN), "hand_over_part", type_="check")
    within = "open >= 0 AND taken >= 0 AND left_out >= 0 AND open + taken + left_out <= quantity"
    op.create_check_constraint(op.f(WITHIN), "hand_over_part", within)
    op.get_bind().connection.cursor().execute(PROMISED)
    op.get_bind().connection.cursor().execute(BOTH_SAY_YES)


def downgrade() -> None:
    op.execute(BEFORE)
    op.execute(BETWEEN_BAGS_ONLY)
    op.drop_constraint(op.f(WITHIN), "hand_over_part", type_="check")
    op.create_check_constraint(op.f(WITHIN), "hand_over_part", "open >= 0 AND taken >= 0 AND open + taken <= quantity")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_hand_over_{name}"), "hand_over", type_="check")
    op.drop_index("ix_hand_over_part_unmoved", "hand_over_part")
    op.drop_column("hand_over_part", "left_out")
    for name in UNIT_CHECKS:
        op.drop_constraint(op.f(f"ck_hand_over_unit_{name}"), "hand_over_unit", type_="check")
    op.drop_index(op.f("ix_hand_over_unit_unit_id"), "hand_over_unit")
    op.drop_constraint(op.f("uq_hand_over_unit_entry_id"), "hand_over_unit", type_="unique")
    for column in ("entry_id", "left_out"):
        op.drop_column("hand_over_unit", column)
    for column in ("witness_name", "witness_id", "signature", "settled_how", "first"):
        op.drop_column("hand_over", column)
