"""tools with their calibrations, papers of people that end, the company's name"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KIND = "ck_unit_kind_known"
KEPT = "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON calibration FOR EACH ROW EXECUTE FUNCTION refuse_change();"


def upgrade() -> None:
    _know("terminal", "sim", "tool")
    op.create_table(
        "tool",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_tool_has_name")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_tool_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_tool")),
        sa.UniqueConstraint("serial", name=op.f("uq_tool_serial")),
    )
    op.create_table(
        "calibration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until > done_on", name=op.f("ck_calibration_holds_for_a_while")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_calibration_by_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["tool.unit_id"], name=op.f("fk_calibration_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration")),
        sa.UniqueConstraint("key", name=op.f("uq_calibration_key")),
    )
    op.create_index(op.f("ix_calibration_unit_id"), "calibration", ["unit_id"])
    op.create_table(
        "person_paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_person_paper_has_name")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_person_paper_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_paper")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_person_paper_person_id_name")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_company_has_name")),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_is_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    held = op.f("ck_custody_position_tool_is_not_fitted")
    op.create_check_constraint(held, "custody_position", "holder_kind <> 'slot' OR unit_kind <> 'tool'")
    op.execute(KEPT)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_custody_position_tool_is_not_fitted"), "custody_position", type_="check")
    for table in ("company", "person_paper", "calibration", "tool"):
        op.drop_table(table)
    _know("terminal", "sim")


def _know(*kinds: str) -> None:
    op.drop_constraint(op.f(KIND), "unit", type_="check")
    op.create_check_constraint(op.f(KIND), "unit", f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
