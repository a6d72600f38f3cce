"""one undo: accepted proposals for running days and orders given away at once are taken back like plans; proposed plans are of runs alone"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0063"
down_revision = "0061"
branch_labels = None
depends_on = None

KINDS_BEFORE = ("plan", "assign", "move", "take_off")


def upgrade() -> None:
    _kinds((*KINDS_BEFORE, "now", "calm"))
    op.alter_column("plan_change", "by_id", nullable=True)
    op.add_column("plan_change", sa.Column("calm_id", sa.BigInteger(), sa.ForeignKey("calm_proposal.id"), nullable=True))
    op.create_check_constraint(op.f("ck_plan_change_calm_is_known"), "plan_change", "(kind = 'calm') = (calm_id IS NOT NULL)")
    op.execute("DELETE FROM proposed_plan WHERE run_id IS NULL")  # nothing has ever written one
    op.drop_constraint(op.f("ck_proposed_plan_of_run_or_event"), "proposed_plan", type_="check")
    op.drop_column("proposed_plan", "about")
    op.alter_column("proposed_plan", "run_id", nullable=False)
    _one_for_each_run(None)


def _kinds(known: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_plan_change_kind_known"), "plan_change", type_="check")
    listed = ", ".join(f"'{one}'" for one in known)
    op.create_check_constraint(op.f("ck_plan_change_kind_known"), "plan_change", f"kind IN ({listed})")


def _one_for_each_run(where: str | None) -> None:
    op.drop_index("uq_proposed_plan_run_id", "proposed_plan")
    clause = sa.text(where) if where else None
    op.create_index("uq_proposed_plan_run_id", "proposed_plan", ["run_id"], unique=True, postgresql_where=clause)


def downgrade() -> None:
    _one_for_each_run("run_id IS NOT NULL")
    op.alter_column("proposed_plan", "run_id", nullable=True)
    op.add_column("proposed_plan", sa.Column("about", postgresql.JSONB(), nullable=True))
    op.create_check_constraint(
        op.f("ck_proposed_plan_of_run_or_event"), "proposed_plan", "(run_id IS NULL) = (about IS NOT NULL)"
    )
    op.execute("DELETE FROM plan_change WHERE kind IN ('now', 'calm')")
    op.drop_constraint(op.f("ck_plan_change_calm_is_known"), "plan_change", type_="check")
    op.drop_column("plan_change", "calm_id")
    op.alter_column("plan_change", "by_id", nullable=False)
    _kinds(KINDS_BEFORE)
