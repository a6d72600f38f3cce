"""how people work a day, and whom customers prefer or do not let in"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

ENDS = {
    "pace_in_range": "pace BETWEEN 50 AND 200",
    "overtime_in_range": "overtime_minutes BETWEEN 0 AND 240",
    "max_vehicles_in_range": "max_vehicles BETWEEN 1 AND 60",
    "max_travel_in_range": "max_travel_minutes BETWEEN 10 AND 900",
}


def upgrade() -> None:
    op.add_column("person", sa.Column("pace", sa.BigInteger(), nullable=False, server_default="100"))
    op.add_column("person", sa.Column("overtime_minutes", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("person", sa.Column("max_vehicles", sa.BigInteger()))
    op.add_column("person", sa.Column("max_travel_minutes", sa.BigInteger()))
    op.add_column("person", sa.Column("open_end", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name, rule in ENDS.items():
        op.create_check_constraint(op.f(f"ck_person_{name}"), "person", rule)
    op.add_column("customer", sa.Column("same_technician", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_unique_constraint(op.f("uq_site_id_customer_id"), "site", ["id", "customer_id"])
    op.create_table(
        "technician_wish",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customer.id"), nullable=False),
        sa.Column("site_id", sa.BigInteger()),
        sa.Column("person_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('preferred', 'forbidden')", name=op.f("ck_technician_wish_kind_known")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_technician_wish_has_reason")),
        sa.UniqueConstraint("customer_id", "site_id", "person_id", postgresql_nulls_not_distinct=True),
        sa.ForeignKeyConstraint(["site_id", "customer_id"], ["site.id", "site.customer_id"], name="fk_technician_wish_site"),
    )
    op.create_index("ix_technician_wish_person_id", "technician_wish", ["person_id"])


def downgrade() -> None:
    op.drop_table("technician_wish")
    op.drop_constraint(op.f("uq_site_id_customer_id"), "site", type_="unique")
    op.drop_column("customer", "same_technician")
    for name in ENDS:
        op.drop_constraint(op.f(f"ck_person_{name}"), "person", type_="check")
    for column in ("pace", "overtime_minutes", "max_vehicles", "max_travel_minutes", "open_end"):
        op.drop_column("person", column)
