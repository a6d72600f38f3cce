"""calm proposals: what happens in the middle of a day, and what is proposed about it; visits may change places within a transaction"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

LIVE = "status IN ('planned', 'dispatched', 'on_the_way', 'on_site')"


def upgrade() -> None:
    _no_overlap(deferrable=True)
    _day_events()
    _calm_proposals()


def _no_overlap(*, deferrable: bool) -> None:
    """Two visits that change places overlap between two statements: then it is asked at the end."""
    op.drop_constraint("ex_visit_no_overlap", "visit")
    what = f"EXCLUDE USING gist (technician_id WITH =, tstzrange(starts_at, ends_at) WITH &&) WHERE ({LIVE})"
    when = " DEFERRABLE INITIALLY IMMEDIATE" if deferrable else ""
    op.execute(f"ALTER TABLE visit ADD CONSTRAINT ex_visit_no_overlap {what}{when}")


def _day_events() -> None:
    op.create_table(
        "day_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("technician_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("percent", sa.BigInteger(), nullable=True),
        sa.Column("area", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('ill', 'late', 'traffic')", name=op.f("ck_day_event_kind_known")),
        sa.CheckConstraint("(kind = 'traffic') = (technician_id IS NULL)", name=op.f("ck_day_event_of_somebody")),
        sa.CheckConstraint("(kind = 'late') = (minutes IS NOT NULL)", name=op.f("ck_day_event_late_by_minutes")),
        sa.CheckConstraint("(kind = 'traffic') = (percent IS NOT NULL)", name=op.f("ck_day_event_traffic_by_percent")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 720 AND percent BETWEEN 101 AND 500", name=op.f("ck_day_event_within_reason")),
    )
    op.create_index(op.f("ix_day_event_branch_id_day"), "day_event", ["branch_id", "day"])


def _calm_proposals() -> None:
    op.create_table(
        "calm_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("moves", postgresql.JSONB(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("standing", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'accepted', 'declined', 'replaced', 'lapsed', 'none')", name=op.f("ck_calm_proposal_state_known")
        ),
        sa.CheckConstraint("(state IN ('open', 'none')) = (decided_at IS NULL)", name=op.f("ck_calm_proposal_decided_has_time")),
    )
    where = sa.text("state = 'open'")
    op.create_index("uq_calm_proposal_open", "calm_proposal", ["branch_id", "day"], unique=True, postgresql_where=where)
    op.create_index(op.f("ix_calm_proposal_branch_id_day_id"), "calm_proposal", ["branch_id", "day", "id"])


def downgrade() -> None:
    op.drop_table("calm_proposal")
    op.drop_table("day_event")
    _no_overlap(deferrable=False)
