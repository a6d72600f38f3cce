"""travel: how fast a branch gets about by distance and hour, what its drives taught; sites that were looked for in vain"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

BANDS = "band IN ('street', 'town', 'suburb', 'country')"
PARTS = "part IN ('morning', 'day', 'evening', 'night')"
SOURCES = "source IN ('usual', 'osrm', 'valhalla')"


def upgrade() -> None:
    op.create_table(
        "travel_speed",
        _branch(),
        sa.Column("band", sa.Text(), primary_key=True),
        sa.Column("factor", sa.Double()),
        sa.Column("speed_kmh", sa.Double()),
        sa.CheckConstraint(BANDS, name="ck_travel_speed_band_known"),
        sa.CheckConstraint("factor BETWEEN 1 AND 5", name="ck_travel_speed_factor_is_a_detour"),
        sa.CheckConstraint("speed_kmh BETWEEN 1 AND 200", name="ck_travel_speed_speed_is_driven"),
    )
    op.create_table(
        "travel_hour",
        _branch(),
        sa.Column("part", sa.Text(), primary_key=True),
        sa.Column("percent", sa.Double(), nullable=False),
        sa.CheckConstraint(PARTS, name="ck_travel_hour_part_known"),
        sa.CheckConstraint("percent BETWEEN 10 AND 300", name="ck_travel_hour_percent_is_driven"),
    )
    op.create_table(
        "travel_correction",
        _branch(),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("band", sa.Text(), primary_key=True),
        sa.Column("part", sa.Text(), primary_key=True),
        sa.Column("factor", sa.Double(), nullable=False),
        sa.Column("drives", sa.BigInteger(), nullable=False),
        sa.Column("off_before", sa.Double(), nullable=False),
        sa.Column("off_after", sa.Double(), nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(SOURCES, name="ck_travel_correction_source_known"),
        sa.CheckConstraint(BANDS, name="ck_travel_correction_band_known"),
        sa.CheckConstraint(PARTS, name="ck_travel_correction_part_known"),
        sa.CheckConstraint("factor BETWEEN 0.5 AND 2.5", name="ck_travel_correction_factor_is_bounded"),
        sa.CheckConstraint("drives > 0", name="ck_travel_correction_drives_taught_it"),
    )
    op.create_table(
        "travel_use",
        _branch(),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.CheckConstraint(SOURCES, name="ck_travel_use_source_known"),
    )
    op.create_table(
        "site_search",
        sa.Column("site_id", sa.BigInteger(), sa.ForeignKey("site.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("places", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("why IN ('several', 'coarse', 'unknown', 'away')", name="ck_site_search_why_known"),
    )
    op.create_index("ix_site_search_at", "site_search", ["at"])
    op.create_index("ix_site_nowhere", "site", ["id"], postgresql_where=sa.text("lat IS NULL"))
    op.add_column("branch", sa.Column("travel", postgresql.JSONB()))


def downgrade() -> None:
    op.drop_column("branch", "travel")
    op.drop_index("ix_site_nowhere", "site")
    for table in ("site_search", "travel_use", "travel_correction", "travel_hour", "travel_speed"):
        op.drop_table(table)


def _branch() -> sa.Column[int]:
    return sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), primary_key=True)
