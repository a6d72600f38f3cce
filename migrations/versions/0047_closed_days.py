"""closed days: the day on which a voucher is booked, until when a branch's books are closed, and the days as they were closed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

BOOKED = """
ALTER TABLE voucher DISABLE TRIGGER append_only;
UPDATE voucher SET booked_on = timezone(branch.zone, voucher.at)::date FROM branch WHERE branch.id = voucher.branch_id;
ALTER TABLE voucher ENABLE TRIGGER append_only;
"""

KEPT = """
CREATE FUNCTION voucher_on_open_day() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE closed date;
BEGIN
    INSERT INTO ledger_books (branch_id) VALUES (NEW.branch_id) ON CONFLICT DO NOTHING;
    SELECT closed_until INTO closed FROM ledger_books WHERE branch_id = NEW.branch_id FOR SHARE;
    IF NEW.booked_on <= closed THEN
        RAISE EXCEPTION 'closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'voucher_day_open';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER day_open BEFORE INSERT ON voucher FOR EACH ROW EXECUTE FUNCTION voucher_on_open_day();

CREATE FUNCTION day_close_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.reopened_at IS NOT NULL THEN RAISE EXCEPTION 'a day is reopened once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF branch_id, day, figures, prev_hash, hash, by_id, by_name, at ON day_close
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept BEFORE UPDATE ON day_close FOR EACH ROW EXECUTE FUNCTION day_close_kept();
"""


def upgrade() -> None:
    op.add_column("voucher", sa.Column("booked_on", sa.Date(), nullable=True))
    op.add_column("voucher", sa.Column("late", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(BOOKED)
    op.alter_column("voucher", "booked_on", nullable=False)
    op.create_index(op.f("ix_voucher_branch_id_booked_on"), "voucher", ["branch_id", "booked_on"])
    op.create_table(
        "ledger_books",
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_ledger_books_branch_id")),
        sa.PrimaryKeyConstraint("branch_id", name=op.f("pk_ledger_books")),
    )
    op.create_table(
        "day_close",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reopened_by_id", sa.BigInteger(), nullable=True),
        sa.Column("reopened_by_name", sa.Text(), nullable=True),
        sa.Column("reopened_at", MOMENT, nullable=True),
        sa.Column("reopened_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "num_nulls(reopened_by_id, reopened_by_name, reopened_at, reopened_reason) IN (0, 4)",
            name=op.f("ck_day_close_reopened_is_whole"),
        ),
        sa.CheckConstraint("btrim(reopened_reason) <> ''", name=op.f("ck_day_close_reopened_has_reason")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_day_close_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_day_close_by_id")),
        sa.ForeignKeyConstraint(["reopened_by_id"], ["person.id"], name=op.f("fk_day_close_reopened_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close")),
    )
    stands = sa.text("reopened_at IS NULL")
    op.create_index("uq_day_close_stands", "day_close", ["branch_id", "day"], unique=True, postgresql_where=stands)
    op.create_index(op.f("ix_day_close_branch_id_day"), "day_close", ["branch_id", "day"])
    op.create_table(
        "account_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "btrim(code) <> '' AND btrim(name_zh) <> '' AND btrim(name_en) <> ''", name=op.f("ck_account_code_is_named")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_account_code_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_code")),
        sa.UniqueConstraint("kind", "channel", "valid_from", name=op.f("uq_account_code_kind_channel_valid_from")),
    )
    op.execute(KEPT)


def downgrade() -> None:
    closed = op.get_bind().scalar(sa.text("SELECT count(*) FROM day_close WHERE reopened_at IS NULL"))
    if closed:
        raise RuntimeError(f"{closed} days are closed. Have the director open them again first, the last one first.")
    op.drop_table("account_code")
    op.execute("DROP TRIGGER day_open ON voucher")
    op.execute("DROP FUNCTION voucher_on_open_day")
    op.drop_table("day_close")
    op.execute("DROP FUNCTION day_close_kept")
    op.drop_table("ledger_books")
    op.drop_index(op.f("ix_voucher_branch_id_booked_on"), "voucher")
    op.drop_column("voucher", "late")
    op.drop_column("voucher", "booked_on")
