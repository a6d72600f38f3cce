"""hand-overs from bag to bag"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


# What has left a bag otherwise, into a vehicle or to the store, is promised to nobody any more.
LET_GO = """
CREATE FUNCTION let_go_of_promise() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE hand_over_unit SET open = false WHERE unit_id = NEW.unit_id AND open;
    RETURN NULL;
END $$;
CREATE TRIGGER let_go AFTER UPDATE OF holder_id ON custody_position FOR EACH ROW
    WHEN (OLD.holder_id IS DISTINCT FROM NEW.holder_id) EXECUTE FUNCTION let_go_of_promise();
"""


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("from_holder_id", sa.BigInteger(), nullable=False),
        sa.Column("to_holder_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("offered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("offered_by_name", sa.Text(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('offered', 'accepted', 'declined', 'withdrawn')", name=op.f("ck_hand_over_status_known")),
        sa.CheckConstraint("from_holder_id <> to_holder_id", name=op.f("ck_hand_over_has_two_sides")),
        sa.CheckConstraint("(status = 'offered') = (settled_at IS NULL)", name=op.f("ck_hand_over_settled_has_a_moment")),
        sa.CheckConstraint("status <> 'declined' OR reason IS NOT NULL", name=op.f("ck_hand_over_declined_has_reason")),
        sa.ForeignKeyConstraint(["from_holder_id"], ["holder.id"], name=op.f("fk_hand_over_from_holder_id")),
        sa.ForeignKeyConstraint(["to_holder_id"], ["holder.id"], name=op.f("fk_hand_over_to_holder_id")),
        sa.ForeignKeyConstraint(["offered_by_id"], ["person.id"], name=op.f("fk_hand_over_offered_by_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_hand_over_settled_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
        sa.UniqueConstraint("key", name=op.f("uq_hand_over_key")),
    )
    for side in ("to", "from"):
        column = f"{side}_holder_id"
        offered = sa.text("status = 'offered'")
        op.create_index(op.f(f"ix_hand_over_{column}"), "hand_over", [column], unique=False, postgresql_where=offered)
    op.create_table(
        "hand_over_unit",
        sa.Column("hand_over_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_unit_hand_over_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_hand_over_unit_unit_id")),
        sa.PrimaryKeyConstraint("hand_over_id", "unit_id", name=op.f("pk_hand_over_unit")),
    )
    promised = {"unique": True, "postgresql_where": sa.text("open")}
    op.create_index("uq_hand_over_unit_open", "hand_over_unit", ["unit_id"], **promised)
    op.execute(LET_GO)


def downgrade() -> None:
    op.execute("DROP TRIGGER let_go ON custody_position")
    op.execute("DROP FUNCTION let_go_of_promise")
    op.drop_table("hand_over_unit")
    op.drop_table("hand_over")
