"""limits on cash in hand, whom a manager has let pass over them, photos of slips; rewards and deductions"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

MERITS = (
    "complaint",
    "late_cash",
    "difference",
    "papers",
    "rework",
    "other_deduction",
    "praise",
    "quality",
    "help",
    "other_reward",
)
MERIT_KEYS = {
    "person_id": "person",
    "branch_id": "branch",
    "order_id": "work_order",
    "hand_in_id": "hand_in",
    "reverses_id": "merit",
    "by_id": "person",
}

KEPT = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF branch_id, person_id, most, hours, valid_from, valid_to, reason, request_key,
    by_id, by_name, at ON cash_limit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON cash_pass FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON slip_photo FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON merit FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION merit_reverses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM merit WHERE id = NEW.reverses_id AND person_id = NEW.person_id AND kind = NEW.kind
        AND reverses_id IS NULL AND amount IS NOT DISTINCT FROM -NEW.amount AND points IS NOT DISTINCT FROM -NEW.points)
    THEN RAISE EXCEPTION 'a record is taken back as a whole'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reverses BEFORE INSERT ON merit
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION merit_reverses();
"""


def upgrade() -> None:
    op.create_table(
        "cash_limit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_key", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("most", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("hours", sa.Numeric(precision=7, scale=2), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("most >= 0", name=op.f("ck_cash_limit_most_not_negative")),
        sa.CheckConstraint("hours > 0", name=op.f("ck_cash_limit_hours_above_zero")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_cash_limit_ends_after_it_begins")),
        sa.CheckConstraint("person_id IS NULL OR branch_id IS NULL", name=op.f("ck_cash_limit_of_person_or_branch")),
        sa.CheckConstraint(
            "person_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_cash_limit_exception_has_reason")
        ),
        sa.CheckConstraint("person_id <> by_id", name=op.f("ck_cash_limit_not_his_own")),
        sa.CheckConstraint("num_nonnulls(ended_at, ended_by_id) IN (0, 2)", name=op.f("ck_cash_limit_ended_is_whole")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_cash_limit_branch_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cash_limit_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_cash_limit_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_cash_limit_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_limit")),
        sa.UniqueConstraint("request_key", name=op.f("uq_cash_limit_request_key")),
    )
    op.create_index(op.f("ix_cash_limit_person_id"), "cash_limit", ["person_id"])
    op.create_table(
        "cash_pass",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("cash", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_cash_pass_has_reason")),
        sa.CheckConstraint("person_id <> by_id", name=op.f("ck_cash_pass_not_his_own")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_cash_pass_person_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_cash_pass_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_pass")),
    )
    op.create_index(op.f("ix_cash_pass_person_id_at"), "cash_pass", ["person_id", "at"])
    op.create_table(
        "slip_photo",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=True),
        sa.Column("bank_deposit_id", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("num_nonnulls(hand_in_id, bank_deposit_id) = 1", name=op.f("ck_slip_photo_is_of_one")),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_slip_photo_hand_in_id")),
        sa.ForeignKeyConstraint(["bank_deposit_id"], ["bank_deposit.id"], name=op.f("fk_slip_photo_bank_deposit_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_slip_photo_sha256")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_slip_photo_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip_photo")),
        sa.UniqueConstraint("hand_in_id", "sha256", name=op.f("uq_slip_photo_hand_in_id_sha256")),
        sa.UniqueConstraint("bank_deposit_id", "sha256", name=op.f("uq_slip_photo_bank_deposit_id_sha256")),
    )
    op.create_table(
        "merit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("way IN ('reward', 'deduction')", name=op.f("ck_merit_way_known")),
        sa.CheckConstraint(f"kind IN {MERITS}", name=op.f("ck_merit_kind_known")),
        sa.CheckConstraint("num_nonnulls(amount, points) = 1", name=op.f("ck_merit_is_money_or_points")),
        sa.CheckConstraint("coalesce(amount, points) <> 0", name=op.f("ck_merit_is_something")),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (coalesce(amount, points) < 0)", name=op.f("ck_merit_negative_reverses")),
        sa.CheckConstraint("num_nonnulls(order_id, hand_in_id) <= 1", name=op.f("ck_merit_follows_from_one")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_merit_has_reason")),
        sa.CheckConstraint("person_id <> by_id", name=op.f("ck_merit_not_his_own")),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_merit_{column}"))
            for column, table in MERIT_KEYS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merit")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_merit_reverses_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_merit_request_key")),
    )
    op.create_index(op.f("ix_merit_person_id_at"), "merit", ["person_id", "at"])
    op.create_index(op.f("ix_merit_branch_id_at"), "merit", ["branch_id", "at"])
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_table("merit")
    op.execute("DROP FUNCTION merit_reverses")
    op.drop_table("slip_photo")
    op.drop_table("cash_pass")
    op.drop_table("cash_limit")
