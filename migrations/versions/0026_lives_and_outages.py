"""outages as incidents; why a silent terminal was not restarted first; what the life of a unit is read by"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

INDEXES = (("silence", "unit_id"), ("silence", "outage_id"))


def upgrade() -> None:
    _outages()
    op.add_column("silence", sa.Column("skipped_at", sa.DateTime(timezone=True)))
    op.add_column("silence", sa.Column("skipped_reason", sa.Text()))
    op.add_column("silence", sa.Column("skipped_by_id", sa.BigInteger()))
    op.add_column("silence", sa.Column("skipped_by_name", sa.Text()))
    op.add_column("silence", sa.Column("outage_id", sa.BigInteger()))
    op.create_foreign_key(op.f("fk_silence_skipped_by_id"), "silence", "person", ["skipped_by_id"], ["id"])
    op.create_foreign_key("fk_silence_outage", "silence", "outage", ["outage_id", "branch_id"], ["id", "branch_id"])
    whole = "num_nulls(skipped_at, skipped_reason, skipped_by_id, skipped_by_name) IN (0, 4)"
    op.create_check_constraint(op.f("ck_silence_skipped_is_whole"), "silence", whole)
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index("ix_terminal_unit_model", "terminal", ["unit_id"], postgresql_include=["model"])
    op.create_index("ix_sim_unit_carrier", "sim", ["unit_id"], postgresql_include=["carrier"])
    op.create_index("ix_sim_out_of_use", "sim", ["unit_id"], postgresql_where=sa.text("state IN ('suspended', 'closed')"))


def _outages() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "outage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("carrier", sa.Text()),
        sa.Column("lat", sa.Float()),
        sa.Column("lon", sa.Float()),
        sa.Column("from_at", moment, nullable=False),
        sa.Column("to_at", moment, nullable=False),
        sa.Column("found_at", moment, nullable=False),
        sa.Column("told_at", moment),
        sa.Column("told_words", sa.Text()),
        sa.Column("told_by_id", sa.BigInteger()),
        sa.Column("told_by_name", sa.Text()),
        sa.Column("ended_at", moment),
        sa.Column("ended_by", sa.Text()),
        sa.Column("end_reason", sa.Text()),
        sa.Column("ended_by_id", sa.BigInteger()),
        sa.Column("ended_by_name", sa.Text()),
        *(sa.CheckConstraint(holds, name=op.f(f"ck_outage_{name}")) for name, holds in CHECKS.items()),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_outage_branch_id")),
        sa.ForeignKeyConstraint(["told_by_id"], ["person.id"], name=op.f("fk_outage_told_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_outage_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage")),
        sa.UniqueConstraint("id", "branch_id", name=op.f("uq_outage_id_branch_id")),
    )
    op.create_index("ix_outage_open", "outage", ["branch_id"], postgresql_where=sa.text("ended_at IS NULL"))


CHECKS = {
    "kind_known": "kind IN ('carrier', 'area')",
    "ended_by_known": "ended_by IN ('reported', 'person')",
    "carrier_is_named": "kind <> 'carrier' OR carrier IS NOT NULL",
    "area_has_place": "(kind = 'area') = (lat IS NOT NULL) AND (kind = 'area') = (lon IS NOT NULL)",
    "begins_before_end": "from_at <= to_at",
    "told_is_whole": "num_nulls(told_at, told_words, told_by_id, told_by_name) IN (0, 4)",
    "ended_has_cause": "(ended_at IS NULL) = (ended_by IS NULL)",
    "person_says_why": "(ended_by IS NOT DISTINCT FROM 'person') = (end_reason IS NOT NULL) "
    "AND num_nulls(end_reason, ended_by_id, ended_by_name) IN (0, 3)",
}


def downgrade() -> None:
    op.drop_index("ix_sim_out_of_use", "sim")
    op.drop_index("ix_sim_unit_carrier", "sim")
    op.drop_index("ix_terminal_unit_model", "terminal")
    for table, column in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_constraint("fk_silence_outage", "silence", type_="foreignkey")
    for column in ("outage_id", "skipped_by_name", "skipped_by_id", "skipped_reason", "skipped_at"):
        op.drop_column("silence", column)
    op.drop_table("outage")
