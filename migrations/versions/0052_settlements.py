"""differences that matching left are settled like those of hand-ins, and have other owners; a day's cards in one line"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0050"
branch_labels = None
depends_on = None

WAYS = (
    *("number", "reference", "number_late", "several_items", "several_lines", "person", "amount", "ambiguous"),
    *("sum_of_person", "fee", "differs", "explained"),
)
FRESH_WAYS = ("cards_of_day", "cards_ambiguous")
ACCOUNTS = (
    *("cash_in_hand", "cash_desk", "bank", "clearing", "receivable", "on_account", "income", "tax", "difference", "written_off"),
    *("at_channel", "channel_fee", "rounding"),
)
FRESH_ACCOUNTS = ("pay_deduction",)
SETTLEMENTS = ("paid", "written_off")
SAID = "branch_id, channel, way, amount, fee, difference, why, payout_channel, words"

LEFT_OVER = """
CREATE OR REPLACE FUNCTION difference_settlement_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE owner bigint; most numeric; settled numeric;
BEGIN
    IF NEW.hand_in_id IS NOT NULL THEN
        SELECT difference_owner_id, abs(coalesce(difference, 0)) INTO owner, most FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
        IF EXISTS (SELECT FROM hand_in_back WHERE hand_in_id = NEW.hand_in_id) THEN most := -1; END IF;
    ELSE
        SELECT owner_id, CASE WHEN state = 'live' AND why = 'owed' THEN abs(difference) ELSE -1 END INTO owner, most
        FROM line_match WHERE id = NEW.match_id FOR UPDATE;
    END IF;
    IF owner = NEW.by_id THEN
        RAISE EXCEPTION 'his own difference' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_his_own';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM difference_settlement WHERE id = NEW.reverses_id
        AND hand_in_id IS NOT DISTINCT FROM NEW.hand_in_id AND match_id IS NOT DISTINCT FROM NEW.match_id
        AND how = NEW.how AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a settlement is taken back as a whole'; END IF;
    SELECT coalesce(sum(amount), 0) + NEW.amount INTO settled FROM difference_settlement
    WHERE hand_in_id = NEW.hand_in_id OR match_id = NEW.match_id;
    IF settled < 0 OR settled > most THEN
        RAISE EXCEPTION 'past zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_past_zero';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION match_undo_not_settled() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM FROM line_match WHERE id = NEW.match_id FOR UPDATE;
    IF (SELECT coalesce(sum(amount), 0) FROM difference_settlement WHERE match_id = NEW.match_id) <> 0 THEN
        RAISE EXCEPTION 'settled' USING ERRCODE = 'check_violation', CONSTRAINT = 'match_undo_difference_settled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_settled BEFORE INSERT ON match_undo FOR EACH ROW EXECUTE FUNCTION match_undo_not_settled();

CREATE OR REPLACE FUNCTION keep_hand_in() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE owner text[] := ARRAY['difference_owner_id', 'difference_owner_name'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'confirmed' AND OLD.difference <> 0
        AND to_jsonb(NEW) - owner = to_jsonb(OLD) - owner
    THEN RETURN NEW; END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'handed' OR NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id
        OR NEW.declared <> OLD.declared
    THEN RAISE EXCEPTION 'a hand-in stays as it was settled'; END IF;
    RETURN NEW;
END $$;
"""

BEFORE = """
DROP TRIGGER not_settled ON match_undo;
DROP FUNCTION match_undo_not_settled;

CREATE OR REPLACE FUNCTION keep_hand_in() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'handed' OR NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id
        OR NEW.declared <> OLD.declared
    THEN RAISE EXCEPTION 'a hand-in stays as it was settled'; END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION difference_settlement_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE handed hand_in%ROWTYPE; settled numeric;
BEGIN
    SELECT * INTO handed FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
    IF handed.difference_owner_id = NEW.by_id THEN
        RAISE EXCEPTION 'his own difference' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_his_own';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM difference_settlement WHERE id = NEW.reverses_id
        AND hand_in_id = NEW.hand_in_id AND how = NEW.how AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a settlement is taken back as a whole'; END IF;
    SELECT coalesce(sum(amount), 0) + NEW.amount INTO settled FROM difference_settlement WHERE hand_in_id = NEW.hand_in_id;
    IF settled < 0 OR settled > abs(coalesce(handed.difference, 0))
        OR EXISTS (SELECT FROM hand_in_back WHERE hand_in_id = NEW.hand_in_id)
    THEN
        RAISE EXCEPTION 'past zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_past_zero';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    _words((*WAYS, *FRESH_WAYS), (*ACCOUNTS, *FRESH_ACCOUNTS), (*SETTLEMENTS, "deducted"))
    op.alter_column("difference_settlement", "hand_in_id", nullable=True)
    op.add_column("difference_settlement", sa.Column("match_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_difference_settlement_match_id"), "difference_settlement", "line_match", ["match_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_difference_settlement_settles_one"), "difference_settlement", "num_nonnulls(hand_in_id, match_id) = 1"
    )
    there = sa.text("match_id IS NOT NULL")
    op.create_index("ix_difference_settlement_match_id", "difference_settlement", ["match_id"], postgresql_where=there)
    for table in ("statement_line", "match_item"):
        op.add_column(table, sa.Column("owner_id", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("owner_name", sa.Text(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_owner_id"), table, "person", ["owner_id"], ["id"])
    _match_keeps(SAID)
    op.execute(LEFT_OVER)


def downgrade() -> None:
    op.execute(BEFORE)
    _match_keeps(f"{SAID}, owner_id")
    for table in ("match_item", "statement_line"):
        op.drop_constraint(op.f(f"fk_{table}_owner_id"), table)
        op.drop_column(table, "owner_name")
        op.drop_column(table, "owner_id")
    op.drop_index("ix_difference_settlement_match_id", "difference_settlement")
    op.drop_constraint(op.f("ck_difference_settlement_settles_one"), "difference_settlement")
    op.drop_constraint(op.f("fk_difference_settlement_match_id"), "difference_settlement")
    op.drop_column("difference_settlement", "match_id")
    op.alter_column("difference_settlement", "hand_in_id", nullable=False)
    _words(WAYS, ACCOUNTS, SETTLEMENTS)


def _match_keeps(columns: str) -> None:
    """What of a match that has counted nobody changes."""
    op.execute("DROP TRIGGER append_only ON line_match")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OF {columns} ON line_match FOR EACH ROW WHEN (OLD.run_id IS NOT NULL) "
        "EXECUTE FUNCTION refuse_change()"
    )


def _words(ways: tuple[str, ...], accounts: tuple[str, ...], settlements: tuple[str, ...]) -> None:
    _check("line_match", "way_known", f"way IN {ways}")
    _check("account", "kind_known", f"kind IN {accounts}")
    _check("difference_settlement", "how_known", f"how IN {settlements}")


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
