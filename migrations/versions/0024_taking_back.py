"""counter-steps at the bench, units that never worked, lost parts found again, counts of parts that a second person books"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

FAULTS = (
    "'power', 'board', 'gnss', 'network', 'sim_contact', 'antenna', 'connector', 'storage', 'firmware', 'battery', 'water', "
    "'broken', 'card', {}'other'"
)
ACTIONS = (
    "'set_aside', 'receive', 'diagnose', 'no_fault', 'repair', 'send', 'take_back', 'replace', 'propose_scrap', 'keep', 'scrap', "
    "'void', 'reopen'"
)
EXPLAINED = "reason NOT IN ('write_off', 'short', 'surplus', 'correct', 'lose'{}) OR btrim(coalesce(note, '')) <> ''"
OF_FITTING = ("fitting_id", "order_id", "vehicle_id")
NEW_CHECKS = {
    "fitting_is_whole": "num_nonnulls(fitting_id, order_id, vehicle_id) IN (0, 3)",
    "comes_from_somewhere": "(fitting_id IS NULL) = (from_holder_id IS NOT NULL)",
    "set_aside_for_a_reason": "fitting_id IS NOT NULL OR symptom IS NOT NULL",
}
PART_CHECKS = {
    "found_names_loss": "(reason = 'found_again') = (finds_id IS NOT NULL)",
    "finds_earlier_loss": "finds_id < id AND num_nonnulls(finds_id, corrects_id) < 2",
}

# Whoever moves a part holds its row: so what was found of a loss stands still while it is looked at.
RULES = """
CREATE FUNCTION part_loss_there() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE lost bigint; found numeric; BEGIN
    SELECT quantity INTO lost FROM part_entry WHERE id = NEW.finds_id AND part_id = NEW.part_id
        AND to_holder_id = NEW.from_holder_id AND reason IN ('short', 'lose')
        AND NOT EXISTS (SELECT FROM part_entry mends WHERE mends.corrects_id = NEW.finds_id);
    SELECT coalesce(sum(quantity), 0) INTO found FROM part_entry finds WHERE finds.finds_id = NEW.finds_id
        AND NOT EXISTS (SELECT FROM part_entry mends WHERE mends.corrects_id = finds.id);
    IF lost IS NULL OR found > lost THEN
        RAISE EXCEPTION 'more is found than was lost' USING ERRCODE = 'check_violation', CONSTRAINT = 'part_loss_there';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER loss_there AFTER INSERT ON part_entry FOR EACH ROW
    WHEN (NEW.finds_id IS NOT NULL) EXECUTE FUNCTION part_loss_there();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON return_step FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

# A counter-entry moves the same unit back from where the first one put it. What belongs to an order is mended there, except for a
# step at the bench.
TAKEN_BACK = """
CREATE OR REPLACE FUNCTION taken_back_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM custody_entry mended JOIN custody_entry wrong ON wrong.id = mended.corrects_id
        WHERE mended.id = NEW.entry_id AND wrong.id = NEW.wrong_id AND mended.unit_id = wrong.unit_id
        AND mended.from_holder_id = wrong.to_holder_id AND (wrong.order_id IS NULL%s))
    THEN RAISE EXCEPTION 'a counter-entry moves the same unit back'; END IF;
    RETURN NEW;
END $$;
"""
AT_BENCH = " OR EXISTS (SELECT FROM return_step WHERE return_step.entry_id = wrong.id)"


def _id(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def _text(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=null)


def _moment(name: str, null: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def _key(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)


def upgrade() -> None:
    _returns()
    _steps()
    _parts()
    _part_counts()
    op.execute(RULES)
    op.execute(TAKEN_BACK % AT_BENCH)


def _returns() -> None:
    for column in OF_FITTING:
        op.alter_column("unit_return", column, nullable=True)
    op.add_column("unit_return", _id("from_holder_id", null=True))
    op.create_foreign_key(op.f("fk_unit_return_from_holder_id"), "unit_return", "holder", ["from_holder_id"], ["id"])
    for name, rule in NEW_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_unit_return_{name}"), "unit_return", rule)
    _check("unit_return", "fault_known", f"fault IN ({FAULTS.format(repr('inexact') + ', ')})")


def _steps() -> None:
    table = "return_step"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        _id("return_id"),
        _id("seq"),
        _text("action"),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("owners", JSONB(), nullable=False),
        _id("entry_id", null=True),
        _id("by_id", null=True),
        _text("by_name"),
        _moment("at"),
        _id("corrects_id", null=True),
        _text("reason", null=True),
        sa.CheckConstraint(f"action IN ({ACTIONS})", name=op.f("ck_return_step_action_known")),
        sa.CheckConstraint(
            "(corrects_id IS NULL) = (reason IS NULL) AND (reason IS NULL OR btrim(reason) <> '')",
            name=op.f("ck_return_step_counter_has_reason"),
        ),
        sa.CheckConstraint("corrects_id < id", name=op.f("ck_return_step_counter_comes_later")),
        _key(table, "return_id", "unit_return"),
        _key(table, "entry_id", "custody_entry"),
        _key(table, "by_id", "person"),
        sa.ForeignKeyConstraint(
            ["corrects_id", "return_id"],
            ["return_step.id", "return_step.return_id"],
            name=op.f("fk_return_step_corrects_id_return_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_step")),
        sa.UniqueConstraint("id", "return_id", name=op.f("uq_return_step_id_return_id")),
        sa.UniqueConstraint("return_id", "seq", name=op.f("uq_return_step_return_id_seq")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_return_step_corrects_id")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_return_step_entry_id")),
    )


def _parts() -> None:
    op.add_column("part_entry", _id("finds_id", null=True))
    op.create_foreign_key(op.f("fk_part_entry_finds_id"), "part_entry", "part_entry", ["finds_id"], ["id"])
    found = sa.text("finds_id IS NOT NULL")
    op.create_index("ix_part_entry_finds_id", "part_entry", ["finds_id"], postgresql_where=found)
    for name, rule in PART_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_part_entry_{name}"), "part_entry", rule)
    _check("part_entry", "is_explained", EXPLAINED.format(", 'found_again'"))


def _part_counts() -> None:
    table = "part_count"
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        _id("branch_id"),
        _id("holder_id"),
        _text("status"),
        _text("note"),
        _id("counted_by_id", null=True),
        _text("counted_by_name"),
        _moment("counted_at"),
        _id("settled_by_id", null=True),
        _text("settled_by_name", null=True),
        _moment("settled_at", null=True),
        sa.CheckConstraint("status IN ('waiting', 'booked', 'dropped')", name=op.f("ck_part_count_status_known")),
        sa.CheckConstraint("btrim(note) <> ''", name=op.f("ck_part_count_is_explained")),
        sa.CheckConstraint("(status = 'waiting') = (settled_at IS NULL)", name=op.f("ck_part_count_settled_has_a_moment")),
        sa.CheckConstraint(
            "status <> 'booked' OR (settled_by_id IS NOT NULL AND settled_by_id IS DISTINCT FROM counted_by_id)",
            name=op.f("ck_part_count_not_his_own"),
        ),
        _key(table, "branch_id", "branch"),
        _key(table, "holder_id", "holder"),
        _key(table, "counted_by_id", "person"),
        _key(table, "settled_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_part_count")),
        sa.UniqueConstraint("key", name=op.f("uq_part_count_key")),
    )
    waiting = sa.text("status = 'waiting'")
    op.create_index("uq_part_count_waiting", table, ["holder_id"], unique=True, postgresql_where=waiting)
    op.create_index(op.f("ix_part_count_branch_id"), table, ["branch_id"])
    _part_count_lines()


def _part_count_lines() -> None:
    table = "part_count_line"
    op.create_table(
        table,
        _id("count_id"),
        _id("part_id"),
        _id("was"),
        _id("there"),
        _id("entry_id", null=True),
        sa.CheckConstraint("was >= 0 AND there >= 0 AND was <> there", name=op.f("ck_part_count_line_differs")),
        _key(table, "count_id", "part_count"),
        _key(table, "part_id", "part"),
        _key(table, "entry_id", "part_entry"),
        sa.PrimaryKeyConstraint("count_id", "part_id", name=op.f("pk_part_count_line")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_part_count_line_entry_id")),
    )


UNKNOWN_BEFORE = sa.text(
    "SELECT (SELECT count(*) FROM unit_return WHERE fitting_id IS NULL OR fault = 'inexact') "
    "+ (SELECT count(*) FROM part_entry WHERE finds_id IS NOT NULL) + (SELECT count(*) FROM part_count WHERE status = 'waiting')"
)


def downgrade() -> None:
    # The tables of before have no room for them.
    if rows := op.get_bind().scalar(UNKNOWN_BEFORE):
        raise RuntimeError(f"{rows} units set aside, parts found again or counts that wait cannot be kept by the version before.")
    op.execute(TAKEN_BACK % "")
    op.execute("DROP TRIGGER loss_there ON part_entry")
    op.execute("DROP FUNCTION part_loss_there")
    for table in ("part_count_line", "part_count", "return_step"):
        op.drop_table(table)
    _check("part_entry", "is_explained", EXPLAINED.format(""))
    for name in PART_CHECKS:
        op.drop_constraint(op.f(f"ck_part_entry_{name}"), "part_entry", type_="check")
    op.drop_column("part_entry", "finds_id")
    _check("unit_return", "fault_known", f"fault IN ({FAULTS.format('')})")
    for name in NEW_CHECKS:
        op.drop_constraint(op.f(f"ck_unit_return_{name}"), "unit_return", type_="check")
    op.drop_column("unit_return", "from_holder_id")
    for column in OF_FITTING:
        op.alter_column("unit_return", column, nullable=False)
