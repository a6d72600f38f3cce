"""the business calendar, the duty roster, leave with approval"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

LEAVE_KEPT = """
-- What was asked for never changes; it is decided once, and withdrawn once, before or after that.
CREATE FUNCTION leave_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF (to_jsonb(NEW) - '{state,decided_by_id,decided_at,answer,withdrawn_at}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{state,decided_by_id,decided_at,answer,withdrawn_at}'::text[])
    THEN RAISE EXCEPTION 'leave is withdrawn and asked for anew, never changed'; END IF;
    IF OLD.state IN ('refused', 'withdrawn') OR (OLD.state = 'approved' AND (NEW.state <> 'withdrawn'
        OR (OLD.decided_by_id, OLD.decided_at, OLD.answer) IS DISTINCT FROM (NEW.decided_by_id, NEW.decided_at, NEW.answer)))
    THEN RAISE EXCEPTION 'leave is decided once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON leave_request FOR EACH ROW EXECUTE FUNCTION leave_kept();
CREATE TRIGGER append_only BEFORE DELETE ON leave_request FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

LEAVE_KINDS = "kind IN ('annual', 'sick', 'private', 'compensatory', 'training')"
LEAVE_STATES = "state IN ('asked', 'approved', 'refused', 'withdrawn')"


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_calendar_day_kind_known")),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_calendar_day_has_name")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_calendar_day_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_calendar_day_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        sa.UniqueConstraint("day", "branch_id", name=op.f("uq_calendar_day_day_branch_id"), postgresql_nulls_not_distinct=True),
    )
    op.create_table(
        "duty_day",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(starts IS NULL) = (ends IS NULL)", name=op.f("ck_duty_day_hours_are_whole")),
        sa.CheckConstraint("starts <> ends", name=op.f("ck_duty_day_hours_have_length")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_day_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_duty_day_by_id")),
        sa.PrimaryKeyConstraint("person_id", "day", name=op.f("pk_duty_day")),
    )
    op.create_index(op.f("ix_duty_day_day"), "duty_day", ["day"])
    _leave()
    op.execute(LEAVE_KEPT)


def _leave() -> None:
    op.create_table(
        "leave_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="asked", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("person_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            where=sa.text("state IN ('asked', 'approved')"),
            using="gist",
            name="ex_leave_request_no_overlap",
        ),
        sa.CheckConstraint(LEAVE_KINDS, name=op.f("ck_leave_request_kind_known")),
        sa.CheckConstraint(LEAVE_STATES, name=op.f("ck_leave_request_state_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_leave_request_has_length")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_leave_request_has_reason")),
        sa.CheckConstraint("decided_by_id <> person_id", name=op.f("ck_leave_request_not_by_himself")),
        sa.CheckConstraint("(decided_by_id IS NULL) = (decided_at IS NULL)", name=op.f("ck_leave_request_decided_is_whole")),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR decided_at IS NOT NULL", name=op.f("ck_leave_request_is_decided")
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR coalesce(btrim(answer), '') <> ''", name=op.f("ck_leave_request_refused_has_reason")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_leave_request_withdrawn_is_whole")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_request_person_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_leave_request_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_request")),
        sa.UniqueConstraint("request_key", name=op.f("uq_leave_request_request_key")),
    )
    op.create_index("ix_leave_request_waiting", "leave_request", ["id"], postgresql_where=sa.text("state = 'asked'"))


def downgrade() -> None:
    op.drop_table("leave_request")
    op.execute("DROP FUNCTION leave_kept()")
    op.drop_table("duty_day")
    op.drop_table("calendar_day")
