"""clocks of orders and their limits; waiting until a day; recalls"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

# A limit is added and ended, never changed.
KEPT = """
CREATE FUNCTION keep_clock_limit() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a limit stays on record'; END IF;
    IF OLD.ended_at IS NOT NULL OR
       to_jsonb(NEW) - ARRAY['ended_at', 'ended_by_id'] <> to_jsonb(OLD) - ARRAY['ended_at', 'ended_by_id'] THEN
        RAISE EXCEPTION 'a limit stays as it was set';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_set BEFORE UPDATE OR DELETE ON clock_limit FOR EACH ROW EXECUTE FUNCTION keep_clock_limit();
"""

# What waits already keeps its words as its reason, and wakes tomorrow: somebody then says until when it really waits.
WAITING = """
INSERT INTO order_wait (order_id, why, words, next_on, pauses, since)
SELECT id, 'other', CASE WHEN btrim(waiting_reason) = '' THEN '-' ELSE waiting_reason END, current_date + 1, false, now()
FROM work_order WHERE status = 'waiting';
UPDATE work_order SET waiting_why = 'other', wakes_on = current_date + 1 WHERE status = 'waiting';
"""
WHYS = "waiting_why IN ('part', 'customer', 'vehicle', 'unsafe', 'other')"


def upgrade() -> None:
    _limits()
    _clocks()
    _waits()
    _recalls()
    op.get_bind().connection.cursor().execute(KEPT)


def _limits() -> None:
    op.create_table(
        "branch_hours",
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_branch_hours_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_branch_hours_by_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_branch_hours")),
    )
    op.create_table(
        "clock_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("urgency", sa.Text(), server_default="", nullable=False),
        sa.Column("area", sa.Text(), server_default="", nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("reckoned", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('', 'installation', 'repair')", name=op.f("ck_clock_limit_kind_known")),
        sa.CheckConstraint("reckoned IN ('work', 'round')", name=op.f("ck_clock_limit_reckoned_known")),
        sa.CheckConstraint("stage IN ('approval', 'departure', 'arrival', 'repair')", name=op.f("ck_clock_limit_stage_known")),
        sa.CheckConstraint("urgency IN ('', 'normal', 'urgent', 'emergency')", name=op.f("ck_clock_limit_urgency_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_clock_limit_ended_is_whole")),
        sa.CheckConstraint("minutes BETWEEN 0 AND 100000", name=op.f("ck_clock_limit_minutes_are_sane")),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_clock_limit_added_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_clock_limit_branch_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_clock_limit_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_limit")),
        sa.UniqueConstraint("key", name=op.f("uq_clock_limit_key")),
    )
    op.create_index(
        "uq_clock_limit_in_force",
        "clock_limit",
        ["stage", "kind", "urgency", "area", "branch_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )


def _clocks() -> None:
    op.create_table(
        "order_clock",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("reckoned", sa.Text(), nullable=False),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="running", nullable=False),
        sa.Column("met_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name=op.f("ck_order_clock_met_has_moment")),
        sa.CheckConstraint("reckoned IN ('work', 'round')", name=op.f("ck_order_clock_reckoned_known")),
        sa.CheckConstraint("stage IN ('approval', 'departure', 'arrival', 'repair')", name=op.f("ck_order_clock_stage_known")),
        sa.CheckConstraint("state IN ('running', 'paused', 'met', 'stopped')", name=op.f("ck_order_clock_state_known")),
        sa.CheckConstraint("warn_at <= due_at", name=op.f("ck_order_clock_warned_before")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_clock_order_id")),
        sa.PrimaryKeyConstraint("order_id", "stage", name=op.f("pk_order_clock")),
    )
    op.create_index("ix_order_clock_met", "order_clock", ["met_at"], unique=False, postgresql_where=sa.text("state = 'met'"))
    op.create_index(
        "ix_order_clock_running",
        "order_clock",
        ["due_at", "order_id"],
        unique=False,
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "clock_notice",
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("level IN ('warned', 'supervisor', 'manager')", name=op.f("ck_clock_notice_level_known")),
        sa.ForeignKeyConstraint(
            ["order_id", "stage"], ["order_clock.order_id", "order_clock.stage"], name="fk_clock_notice_clock"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_clock_notice_person_id")),
        sa.PrimaryKeyConstraint("order_id", "stage", "level", "due_at", "person_id", name=op.f("pk_clock_notice")),
    )
    op.create_index(op.f("ix_clock_notice_person_id_at"), "clock_notice", ["person_id", "at"], unique=False)


def _waits() -> None:
    op.create_table(
        "order_wait",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("pauses", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("why <> 'other' OR btrim(words) <> ''", name=op.f("ck_order_wait_other_has_words")),
        sa.CheckConstraint("why IN ('part', 'customer', 'vehicle', 'unsafe', 'other')", name=op.f("ck_order_wait_why_known")),
        sa.CheckConstraint("until >= since", name=op.f("ck_order_wait_ends_afterwards")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_order_wait_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_order_wait_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_wait")),
    )
    op.create_index(op.f("ix_order_wait_order_id"), "order_wait", ["order_id"], unique=False)
    op.create_index("ix_order_wait_wakes", "order_wait", ["next_on"], unique=False, postgresql_where=sa.text("until IS NULL"))
    op.create_index("uq_order_wait_open", "order_wait", ["order_id"], unique=True, postgresql_where=sa.text("until IS NULL"))
    op.add_column("work_order", sa.Column("waiting_why", sa.Text(), nullable=True))
    op.add_column("work_order", sa.Column("wakes_on", sa.Date(), nullable=True))
    op.execute(WAITING)
    op.create_check_constraint(op.f("ck_work_order_waiting_why_known"), "work_order", WHYS)
    op.create_check_constraint(
        op.f("ck_work_order_waiting_has_why"), "work_order", "(status = 'waiting') = (waiting_why IS NOT NULL)"
    )
    op.create_check_constraint(op.f("ck_work_order_waiting_wakes"), "work_order", "(status = 'waiting') = (wakes_on IS NOT NULL)")


def _recalls() -> None:
    op.create_table(
        "recall",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("cause_visit_id", sa.BigInteger(), nullable=False),
        sa.Column("cause_order_id", sa.BigInteger(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'proposed') = (decided_at IS NULL)", name=op.f("ck_recall_decided_has_moment")),
        sa.CheckConstraint("state <> 'denied' OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_recall_denied_has_reason")),
        sa.CheckConstraint("state IN ('proposed', 'confirmed', 'denied')", name=op.f("ck_recall_state_known")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_recall_decided_is_whole")),
        sa.CheckConstraint("order_id <> cause_order_id", name=op.f("ck_recall_of_another_order")),
        sa.ForeignKeyConstraint(["cause_order_id"], ["work_order.id"], name=op.f("fk_recall_cause_order_id")),
        sa.ForeignKeyConstraint(["cause_visit_id", "cause_order_id"], ["visit.id", "visit.order_id"], name="fk_recall_cause"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_recall_decided_by_id")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_recall_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_recall_order_id")),
        sa.ForeignKeyConstraint(["technician_id"], ["person.id"], name=op.f("fk_recall_technician_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall")),
        sa.UniqueConstraint("line_id", name=op.f("uq_recall_line_id")),
    )
    op.create_index(op.f("ix_recall_cause_order_id"), "recall", ["cause_order_id"], unique=False)
    op.create_index(op.f("ix_recall_order_id"), "recall", ["order_id"], unique=False)
    op.create_index(op.f("ix_recall_technician_id"), "recall", ["technician_id"], unique=False)


def downgrade() -> None:
    for name in ("waiting_wakes", "waiting_has_why", "waiting_why_known"):
        op.drop_constraint(op.f(f"ck_work_order_{name}"), "work_order", type_="check")
    op.drop_column("work_order", "wakes_on")
    op.drop_column("work_order", "waiting_why")
    for table in ("recall", "order_wait", "clock_notice", "order_clock", "clock_limit", "branch_hours"):
        op.drop_table(table)
    op.execute("DROP FUNCTION keep_clock_limit()")
