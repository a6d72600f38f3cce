"""proposed plans: what a planning run found so far, and what changed a day, so that it can be taken back"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0056"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _states(("asked", "running", "proposed", "done", "dropped", "failed"))
    op.add_column("plan_run", sa.Column("writes", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("plan_run", sa.Column("hurried", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("plan_run", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    _proposed_plans()
    _plan_changes()


def _states(known: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_plan_run_state_known"), "plan_run", type_="check")
    listed = ", ".join(f"'{one}'" for one in known)
    op.create_check_constraint(op.f("ck_plan_run_state_known"), "plan_run", f"state IN ({listed})")


def _proposed_plans() -> None:
    op.create_table(
        "proposed_plan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("plan_run.id"), nullable=True),
        sa.Column("about", postgresql.JSONB(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("rounds", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("routes", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.Column("standing", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined')", name=op.f("ck_proposed_plan_state_known")),
        sa.CheckConstraint("(run_id IS NULL) = (about IS NOT NULL)", name=op.f("ck_proposed_plan_of_run_or_event")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_proposed_plan_decided_has_time")),
    )
    op.create_index(op.f("ix_proposed_plan_branch_id_day_id"), "proposed_plan", ["branch_id", "day", "id"])
    where = sa.text("run_id IS NOT NULL")
    op.create_index("uq_proposed_plan_run_id", "proposed_plan", ["run_id"], unique=True, postgresql_where=where)


def _plan_changes() -> None:
    op.create_table(
        "plan_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("went", postgresql.JSONB(), nullable=False),
        sa.Column("came", postgresql.JSONB(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint("kind IN ('plan', 'assign', 'move', 'take_off')", name=op.f("ck_plan_change_kind_known")),
        sa.CheckConstraint("(undone_at IS NULL) = (undone_by_id IS NULL)", name=op.f("ck_plan_change_undone_by_somebody")),
    )
    op.create_index(op.f("ix_plan_change_branch_id_day_id"), "plan_change", ["branch_id", "day", "id"])


def downgrade() -> None:
    op.drop_table("plan_change")
    op.drop_table("proposed_plan")
    op.execute("DELETE FROM plan_run WHERE state IN ('proposed', 'dropped')")
    for column in ("begun_at", "hurried", "writes"):
        op.drop_column("plan_run", column)
    _states(("asked", "running", "done", "failed"))
