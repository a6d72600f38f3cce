"""what terminals told over JT/T 808, and which of it proved a point of a test-run"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


# Evidence is not changed; when it is old it may go.
AS_TOLD = """
CREATE TRIGGER as_told BEFORE UPDATE ON observation FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table(
        "observation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("positioned", sa.Boolean(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("speed_kmh", sa.Double(), nullable=True),
        sa.Column("acc", sa.Boolean(), nullable=True),
        sa.Column("satellites", sa.BigInteger(), nullable=True),
        sa.Column("signal", sa.BigInteger(), nullable=True),
        sa.Column("mileage_km", sa.Double(), nullable=True),
        sa.Column("power_cut", sa.Boolean(), nullable=True),
        sa.Column("power_low", sa.Boolean(), nullable=True),
        sa.Column("iccid", sa.Text(), nullable=True),
        sa.Column("imei", sa.Text(), nullable=True),
        sa.Column("terminal_id", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("hardware", sa.Text(), nullable=True),
        sa.Column("firmware", sa.Text(), nullable=True),
        sa.Column("plate", sa.Text(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('registered', 'online', 'heartbeat', 'position', 'properties', 'left')",
            name=op.f("ck_observation_kind_known"),
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["terminal.unit_id"], name=op.f("fk_observation_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
    )
    op.create_index("ix_observation_unit", "observation", ["unit_id", "kind", sa.text("received_at DESC")], unique=False)
    op.create_index("ix_observation_received", "observation", ["received_at"], unique=False, postgresql_using="brin")
    op.execute(AS_TOLD)
    op.add_column("test_result", sa.Column("observation_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_test_result_observation_id"), "test_result", "observation", ["observation_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_test_result_only_passed_is_proven"), "test_result", "observation_id IS NULL OR result = 'passed'"
    )
    op.create_index(
        "ix_test_result_observation_id",
        "test_result",
        ["observation_id"],
        unique=False,
        postgresql_where=sa.text("observation_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_test_result_observation_id", table_name="test_result")
    op.drop_constraint(op.f("ck_test_result_only_passed_is_proven"), "test_result", type_="check")
    op.drop_constraint(op.f("fk_test_result_observation_id"), "test_result", type_="foreignkey")
    op.drop_column("test_result", "observation_id")
    op.drop_table("observation")
