"""approvals by word, to be backfilled"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DECISIONS, WITH_WORD = "'approved', 'rejected', 'withdrawn'", "'approved', 'by_word', 'rejected', 'withdrawn'"

# What was recorded stays; it is decided once, and what was refused is settled once.
KEPT = """
CREATE FUNCTION keep_verbal_approval() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE open text[] := CASE
    WHEN OLD.decision IS NULL THEN ARRAY['decision', 'decided_by_id', 'decided_at', 'decision_reason']
    WHEN OLD.decision = 'refused' AND OLD.settled_at IS NULL THEN ARRAY['settled_by_id', 'settled_at', 'settled_reason']
    ELSE ARRAY[]::text[] END;
BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'an approval by word stays on record'; END IF;
    IF to_jsonb(NEW) - open <> to_jsonb(OLD) - open THEN
        RAISE EXCEPTION 'an approval by word stays as it was recorded and decided';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_decided BEFORE UPDATE OR DELETE ON verbal_approval FOR EACH ROW EXECUTE FUNCTION keep_verbal_approval();
"""


def _decisions(known: str) -> None:
    op.drop_constraint(op.f("ck_approval_decision_known"), "approval", type_="check")
    op.create_check_constraint(op.f("ck_approval_decision_known"), "approval", f"decision IN ({known})")


def upgrade() -> None:
    _decisions(WITH_WORD)
    op.create_unique_constraint(op.f("uq_approval_id_order_id"), "approval", ["id", "order_id"])
    op.create_table(
        "verbal_approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("approval_id", sa.BigInteger(), nullable=True),
        sa.Column("approver_id", sa.BigInteger(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what_for", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("channel IN ('phone', 'wechat', 'in_person', 'other')", name=op.f("ck_verbal_approval_channel_known")),
        sa.CheckConstraint(
            "permission IN ('order.approve', 'order.approve_director')", name=op.f("ck_verbal_approval_permission_known")
        ),
        sa.CheckConstraint("decision IN ('confirmed', 'refused')", name=op.f("ck_verbal_approval_decision_known")),
        sa.CheckConstraint("btrim(what_for) <> ''", name=op.f("ck_verbal_approval_is_for_something")),
        sa.CheckConstraint("recorded_by_id <> approver_id", name=op.f("ck_verbal_approval_not_ones_own_word")),
        sa.CheckConstraint("said_at <= recorded_at + interval '5 minutes'", name=op.f("ck_verbal_approval_was_said")),
        sa.CheckConstraint("due_at >= recorded_at", name=op.f("ck_verbal_approval_due_afterwards")),
        sa.CheckConstraint(
            "num_nonnulls(decision, decided_by_id, decided_at) IN (0, 3)", name=op.f("ck_verbal_approval_decided_is_whole")
        ),
        sa.CheckConstraint("decided_by_id <> recorded_by_id", name=op.f("ck_verbal_approval_not_by_its_recorder")),
        sa.CheckConstraint(
            "decision <> 'refused' OR btrim(decision_reason) <> ''", name=op.f("ck_verbal_approval_refused_has_words")
        ),
        sa.CheckConstraint(
            "decision <> 'refused' OR decision_reason IS NOT NULL", name=op.f("ck_verbal_approval_refused_has_reason")
        ),
        sa.CheckConstraint(
            "num_nonnulls(settled_by_id, settled_at, settled_reason) IN (0, 3)", name=op.f("ck_verbal_approval_settled_is_whole")
        ),
        sa.CheckConstraint(
            "settled_at IS NULL OR decision IS NOT DISTINCT FROM 'refused'",
            name=op.f("ck_verbal_approval_only_refused_is_settled"),
        ),
        sa.CheckConstraint("settled_by_id <> recorded_by_id", name=op.f("ck_verbal_approval_not_settled_by_its_recorder")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_verbal_approval_order_id")),
        sa.ForeignKeyConstraint(
            ["approval_id", "order_id"], ["approval.id", "approval.order_id"], name=op.f("fk_verbal_approval_step")
        ),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_verbal_approval_approver_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["person.id"], name=op.f("fk_verbal_approval_recorded_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_verbal_approval_decided_by_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_verbal_approval_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verbal_approval")),
        sa.UniqueConstraint("key", name=op.f("uq_verbal_approval_key")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_verbal_approval_approval_id")),
    )
    op.create_index(op.f("ix_verbal_approval_order_id"), "verbal_approval", ["order_id"], unique=False)
    op.create_index(
        "ix_verbal_approval_open",
        "verbal_approval",
        ["order_id"],
        unique=False,
        postgresql_where=sa.text("decision IS NULL OR (decision = 'refused' AND settled_at IS NULL)"),
    )
    op.create_index(
        "ix_verbal_approval_owed",
        "verbal_approval",
        ["approver_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("decision IS NULL"),
    )
    op.get_bind().connection.cursor().execute(KEPT)


def downgrade() -> None:
    op.get_bind().connection.cursor().execute("DROP FUNCTION IF EXISTS keep_verbal_approval() CASCADE")
    op.drop_table("verbal_approval")
    op.drop_constraint(op.f("uq_approval_id_order_id"), "approval", type_="unique")
    op.execute("UPDATE approval SET decision = 'approved' WHERE decision = 'by_word'")
    _decisions(DECISIONS)
