"""what a platform knows of terminals; the firmware and the photos that are asked for"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LOOKS = "'news', 'nothing', 'old', 'ahead', 'unknown_device', 'other_device', 'unreadable', 'refused', 'slow', 'away'"


POINTS = ("online", "identity", "iccid", "fix", "signal", "acc", "power")
MORE_POINTS = ("online", "identity", "firmware", "iccid", "fix", "satellites", "signal", "acc", "power")
PHOTOS = ("condition", "work", "unit", "refusal", "paper")
MORE_PHOTOS = ("condition", "work", "unit", "plate", "imei", "iccid", "wiring", "place", "refusal", "paper")


def upgrade() -> None:
    _platform()
    _points()


def _words(table: str, column: str, values: tuple[str, ...]) -> None:
    name, listed = op.f(f"ck_{table}_{column}_known"), ", ".join(f"'{value}'" for value in values)
    op.drop_constraint(name, table)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def _points() -> None:
    _words("test_result", "item", MORE_POINTS)
    _words("photo", "kind", MORE_PHOTOS)
    # Of what was tested before, seven points were asked: two more are not missed now.
    op.add_column("test_result", sa.Column("of_points", sa.BigInteger(), server_default="7", nullable=False))
    op.alter_column("test_result", "of_points", server_default=None)
    op.create_table(
        "model_requirement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("least_firmware", sa.Text(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_model_requirement_by_id")),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_model_requirement_model")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_requirement")),
    )
    op.create_index(op.f("ix_model_requirement_model_id"), "model_requirement", ["model", "id"])


def _platform() -> None:
    op.add_column("observation", sa.Column("source", sa.Text(), server_default="jt808", nullable=False))
    op.add_column("observation", sa.Column("platform_id", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_observation_source_known"), "observation", "source IN ('jt808', 'traccar')")
    op.create_check_constraint(
        op.f("ck_observation_platform_numbers_its_own"), "observation", "(source = 'jt808') = (platform_id IS NULL)"
    )
    op.create_index(
        "uq_observation_platform",
        "observation",
        ["unit_id", "source", "platform_id"],
        unique=True,
        postgresql_where=sa.text("platform_id IS NOT NULL"),
    )
    op.create_index(op.f("ix_fitting_at"), "fitting", ["at"])
    op.create_table(
        "platform_look",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("device_id", sa.BigInteger(), nullable=True),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"outcome IN ({LOOKS})", name=op.f("ck_platform_look_outcome_known")),
        sa.CheckConstraint("(asked_at IS NULL) = (outcome IS NULL)", name=op.f("ck_platform_look_asked_has_outcome")),
        sa.ForeignKeyConstraint(["unit_id"], ["terminal.unit_id"], name=op.f("fk_platform_look_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_platform_look")),
    )


def downgrade() -> None:
    op.drop_table("model_requirement")
    op.drop_column("test_result", "of_points")
    _words("photo", "kind", PHOTOS)
    _words("test_result", "item", POINTS)
    op.drop_table("platform_look")
    op.drop_index(op.f("ix_fitting_at"), table_name="fitting")
    op.drop_index("uq_observation_platform", table_name="observation")
    op.drop_constraint(op.f("ck_observation_platform_numbers_its_own"), "observation")
    op.drop_constraint(op.f("ck_observation_source_known"), "observation")
    op.drop_column("observation", "platform_id")
    op.drop_column("observation", "source")
