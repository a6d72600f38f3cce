"""phones of technicians, photos on their way from them, facts that wait for theirs, signatures under what was shown"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = "state IN ('new', 'waiting', 'applied', 'disputed')"
STATES_BEFORE = "state IN ('new', 'applied', 'disputed')"


def upgrade() -> None:
    op.create_table(
        "phone_device",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("app_version", sa.BigInteger()),
        sa.Column("last_seq", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("measures", postgresql.JSONB(), nullable=False, server_default="[]"),
        sa.Column("offset_before_ms", sa.BigInteger()),
        sa.Column("login_hash", sa.LargeBinary()),
        sa.Column("locked_at", MOMENT),
        sa.Column("locked_by_id", sa.BigInteger(), sa.ForeignKey("person.id")),
        sa.Column("wiped_at", MOMENT),
        sa.CheckConstraint("(locked_at IS NULL) = (locked_by_id IS NULL)", name=op.f("ck_phone_device_lock_has_name")),
        sa.CheckConstraint("wiped_at IS NULL OR locked_at IS NOT NULL", name=op.f("ck_phone_device_wiped_was_locked")),
    )
    op.create_index("ix_phone_device_person_id", "phone_device", ["person_id"])
    op.create_table(
        "phone_blob",
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("sha256", sa.Text(), primary_key=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("stored_sha256", sa.Text(), sa.ForeignKey("stored_file.sha256")),
        sa.Column("told", postgresql.JSONB()),
        sa.Column("wrong", postgresql.JSONB()),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_phone_blob_sha256_is_hex")),
        sa.CheckConstraint("size > 0 AND received BETWEEN 0 AND size", name=op.f("ck_phone_blob_received_is_part")),
        sa.CheckConstraint("(stored_sha256 IS NULL) = (done_at IS NULL)", name=op.f("ck_phone_blob_done_is_stored")),
    )
    op.create_table(
        "phone_blob_piece",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("person_id", "sha256", "start"),
        sa.ForeignKeyConstraint(
            ["person_id", "sha256"], ["phone_blob.person_id", "phone_blob.sha256"], name="fk_phone_blob_piece_blob"
        ),
    )
    op.add_column("field_fact", sa.Column("app_version", sa.BigInteger()))
    op.drop_constraint(op.f("ck_field_fact_state_known"), "field_fact")
    op.create_check_constraint(op.f("ck_field_fact_state_known"), "field_fact", STATES)
    op.create_index(
        "ix_field_fact_pending", "field_fact", ["device", "device_seq"], postgresql_where=sa.text("state IN ('new', 'waiting')")
    )
    op.add_column("signature", sa.Column("summary_then", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("signature", "summary_then")
    op.drop_index("ix_field_fact_pending", "field_fact")
    op.execute("UPDATE field_fact SET state = 'new' WHERE state = 'waiting'")
    op.drop_constraint(op.f("ck_field_fact_state_known"), "field_fact")
    op.create_check_constraint(op.f("ck_field_fact_state_known"), "field_fact", STATES_BEFORE)
    op.drop_column("field_fact", "app_version")
    op.drop_table("phone_blob_piece")
    op.drop_table("phone_blob")
    op.drop_table("phone_device")
