"""withdrawn photos, and test results that name the one they correct"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


KEPT = "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON photo_withdrawal FOR EACH ROW EXECUTE FUNCTION refuse_change()"


def upgrade() -> None:
    op.create_table(
        "photo_withdrawal",
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_photo_withdrawal_by_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photo.id"], name=op.f("fk_photo_withdrawal_photo_id")),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_photo_withdrawal")),
    )
    op.execute(KEPT)
    op.add_column("test_result", sa.Column("corrects_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_test_result_corrects_id"), "test_result", "test_result", ["corrects_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_test_result_correction_has_reason"), "test_result", "corrects_id IS NULL OR reason IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_test_result_correction_has_reason"), "test_result", type_="check")
    op.drop_constraint(op.f("fk_test_result_corrects_id"), "test_result", type_="foreignkey")
    op.drop_column("test_result", "corrects_id")
    op.drop_table("photo_withdrawal")
