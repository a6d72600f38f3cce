"""counted parts in transfers between branches and in hand-overs from bag to bag"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Whoever moves parts or promises them holds the part's row: so sums stand still while they are looked at.
PROMISES = """
-- Nobody promises more of a part than he has.
CREATE FUNCTION hand_over_part_there() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE giver bigint; promised numeric; there bigint; BEGIN
    SELECT from_holder_id INTO giver FROM hand_over WHERE id = NEW.hand_over_id;
    SELECT coalesce(sum(line.open), 0) INTO promised FROM hand_over_part line JOIN hand_over ON hand_over.id = line.hand_over_id
        WHERE hand_over.from_holder_id = giver AND line.part_id = NEW.part_id;
    SELECT quantity INTO there FROM part_position WHERE holder_id = giver AND part_id = NEW.part_id;
    IF promised > coalesce(there, 0) THEN
        RAISE EXCEPTION 'more is promised than there is' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_over_part_there';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER there AFTER INSERT OR UPDATE OF open ON hand_over_part FOR EACH ROW
    WHEN (NEW.open > 0) EXECUTE FUNCTION hand_over_part_there();

-- What has left a bag otherwise is promised to nobody any more: the newest promise goes first.
CREATE FUNCTION let_go_of_parts() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE line record; excess numeric; BEGIN
    SELECT coalesce(sum(promise.open), 0) - NEW.quantity INTO excess
        FROM hand_over_part promise JOIN hand_over ON hand_over.id = promise.hand_over_id
        WHERE hand_over.from_holder_id = NEW.holder_id AND promise.part_id = NEW.part_id;
    FOR line IN SELECT promise.hand_over_id, promise.open
        FROM hand_over_part promise JOIN hand_over ON hand_over.id = promise.hand_over_id
        WHERE hand_over.from_holder_id = NEW.holder_id AND promise.part_id = NEW.part_id AND promise.open > 0
        ORDER BY promise.hand_over_id DESC
    LOOP
        EXIT WHEN excess <= 0;
        UPDATE hand_over_part SET open = open - least(open, excess)
            WHERE hand_over_id = line.hand_over_id AND part_id = NEW.part_id;
        excess := excess - least(line.open, excess);
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER let_go AFTER UPDATE OF quantity ON part_position FOR EACH ROW
    WHEN (NEW.quantity < OLD.quantity) EXECUTE FUNCTION let_go_of_parts();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON transfer_part_move FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
EXPLAINED = "reason NOT IN ({}) OR btrim(coalesce(note, '')) <> ''"
BEFORE = "'write_off', 'short', 'surplus', 'correct'"
MISSING = "coalesce(missing, 0) = 0 OR (btrim(coalesce(reason, '')) <> '' AND answers_id IS NOT NULL)"


def upgrade() -> None:
    _transfers()
    _hand_overs()
    op.drop_constraint(op.f("ck_part_entry_is_explained"), "part_entry", type_="check")
    op.create_check_constraint(op.f("ck_part_entry_is_explained"), "part_entry", EXPLAINED.format(f"{BEFORE}, 'lose'"))
    op.execute(PROMISES)


def _transfers() -> None:
    op.create_table(
        "transfer_part",
        sa.Column("transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("arrived", sa.BigInteger(), nullable=True),
        sa.Column("missing", sa.BigInteger(), nullable=True),
        sa.Column("found", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lost", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("answers_id", sa.BigInteger(), nullable=True),
        sa.Column("answers_name", sa.Text(), nullable=True),
        sa.Column("lost_by_id", sa.BigInteger(), nullable=True),
        sa.Column("lost_by_name", sa.Text(), nullable=True),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lost_note", sa.Text(), nullable=True),
        sa.CheckConstraint("sent > 0", name=op.f("ck_transfer_part_sends_something")),
        sa.CheckConstraint("(arrived IS NULL) = (missing IS NULL)", name=op.f("ck_transfer_part_said_as_a_whole")),
        sa.CheckConstraint("arrived + missing = sent AND arrived >= 0 AND missing >= 0", name=op.f("ck_transfer_part_adds_up")),
        sa.CheckConstraint(
            "found >= 0 AND lost >= 0 AND found + lost <= coalesce(missing, 0)",
            name=op.f("ck_transfer_part_settles_what_is_missing"),
        ),
        sa.CheckConstraint(MISSING, name=op.f("ck_transfer_part_missing_is_answered_for")),
        sa.CheckConstraint("(lost > 0) = (lost_at IS NOT NULL)", name=op.f("ck_transfer_part_lost_has_a_moment")),
        sa.CheckConstraint("lost = 0 OR btrim(coalesce(lost_note, '')) <> ''", name=op.f("ck_transfer_part_lost_has_note")),
        sa.CheckConstraint("lost = 0 OR lost_by_id <> answers_id", name=op.f("ck_transfer_part_lost_not_his_own")),
        sa.ForeignKeyConstraint(["answers_id"], ["person.id"], name=op.f("fk_transfer_part_answers_id")),
        sa.ForeignKeyConstraint(["lost_by_id"], ["person.id"], name=op.f("fk_transfer_part_lost_by_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_transfer_part_part_id")),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name=op.f("fk_transfer_part_transfer_id")),
        sa.PrimaryKeyConstraint("transfer_id", "part_id", name=op.f("pk_transfer_part")),
    )
    op.create_index(op.f("ix_transfer_part_part_id"), "transfer_part", ["part_id"])
    op.create_table(
        "transfer_part_move",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.CheckConstraint("what IN ('out', 'in', 'back', 'found', 'lost')", name=op.f("ck_transfer_part_move_what_known")),
        sa.ForeignKeyConstraint(["entry_id"], ["part_entry.id"], name=op.f("fk_transfer_part_move_entry_id")),
        sa.ForeignKeyConstraint(
            ["transfer_id", "part_id"], ["transfer_part.transfer_id", "transfer_part.part_id"], name="fk_transfer_part_move_line"
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_transfer_part_move")),
    )
    line = ["transfer_id", "part_id"]
    op.create_index(op.f("ix_transfer_part_move_transfer_id_part_id"), "transfer_part_move", line)
    once = {"unique": True, "postgresql_where": sa.text("what <> 'found'")}
    op.create_index("uq_transfer_part_move_once", "transfer_part_move", [*line, "what"], **once)


def _hand_overs() -> None:
    op.create_table(
        "hand_over_part",
        sa.Column("hand_over_id", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_hand_over_part_hands_something")),
        sa.CheckConstraint(
            "open >= 0 AND taken >= 0 AND open + taken <= quantity", name=op.f("ck_hand_over_part_within_what_was_offered")
        ),
        sa.CheckConstraint("open = 0 OR taken = 0", name=op.f("ck_hand_over_part_promised_or_taken")),
        sa.CheckConstraint("(taken > 0) = (entry_id IS NOT NULL)", name=op.f("ck_hand_over_part_taken_by_an_entry")),
        sa.ForeignKeyConstraint(["entry_id"], ["part_entry.id"], name=op.f("fk_hand_over_part_entry_id")),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_part_hand_over_id")),
        sa.ForeignKeyConstraint(["part_id"], ["part.id"], name=op.f("fk_hand_over_part_part_id")),
        sa.PrimaryKeyConstraint("hand_over_id", "part_id", name=op.f("pk_hand_over_part")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_hand_over_part_entry_id")),
    )
    op.create_index("ix_hand_over_part_open", "hand_over_part", ["part_id"], postgresql_where=sa.text("open > 0"))


UNDERWAY = sa.text(
    "SELECT coalesce(sum(quantity), 0) FROM part_position JOIN holder ON holder.id = holder_id WHERE holder.kind = 'transit'"
)


def downgrade() -> None:
    # Without the papers nobody could receive them, take them back or write them off.
    if parts := op.get_bind().scalar(UNDERWAY):
        raise RuntimeError(f"{parts} counted parts are on the way between branches. Receive or settle their transfers first.")
    op.execute("DROP TRIGGER let_go ON part_position")
    for table in ("hand_over_part", "transfer_part_move", "transfer_part"):
        op.drop_table(table)
    for function in ("let_go_of_parts", "hand_over_part_there"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_constraint(op.f("ck_part_entry_is_explained"), "part_entry", type_="check")
    op.create_check_constraint(op.f("ck_part_entry_is_explained"), "part_entry", EXPLAINED.format(BEFORE))
