"""ladders of approval: who else approves by kind, size and branch; deputies; links for one decision"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

LEVELS = "'order.approve', 'order.approve_director'"
ALL_LEVELS = "'order.approve', 'order.approve_supervisor', 'order.approve_director', 'order.approve_finance'"

# A rule is added and ended, never changed.
KEPT = """
CREATE FUNCTION keep_approval_rule() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a rule of approval stays on record'; END IF;
    IF OLD.ended_at IS NOT NULL OR
       to_jsonb(NEW) - ARRAY['ended_at', 'ended_by_id'] <> to_jsonb(OLD) - ARRAY['ended_at', 'ended_by_id'] THEN
        RAISE EXCEPTION 'a rule of approval stays as it was added';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER as_added BEFORE UPDATE OR DELETE ON approval_rule FOR EACH ROW EXECUTE FUNCTION keep_approval_rule();
"""

ROUNDS = """
UPDATE approval SET round = (
    SELECT count(*) FROM approval other WHERE other.order_id = approval.order_id AND other.step = 1 AND other.id <= approval.id
)
"""

TWICE = """
SELECT DISTINCT number FROM work_order JOIN approval ON approval.order_id = work_order.id
WHERE decided_by_id IS NOT NULL GROUP BY number, round, decided_by_id HAVING count(*) > 1 ORDER BY number
"""

# What was recorded by word stays as it was, except that the tables of before know fewer levels.
FEWER_LEVELS = """
ALTER TABLE verbal_approval DISABLE TRIGGER as_decided;
UPDATE verbal_approval SET permission = 'order.approve' WHERE permission ~ '(supervisor|finance)';
ALTER TABLE verbal_approval ENABLE TRIGGER as_decided;
"""


def _known_levels(known: str) -> None:
    op.drop_constraint(op.f("ck_verbal_approval_permission_known"), "verbal_approval", type_="check")
    op.create_check_constraint(op.f("ck_verbal_approval_permission_known"), "verbal_approval", f"permission IN ({known})")


def upgrade() -> None:
    _known_levels(ALL_LEVELS)
    _rounds()
    _rules()
    _deputies()
    _links()
    op.get_bind().connection.cursor().execute(KEPT)


def _rounds() -> None:
    op.add_column("approval", sa.Column("round", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("approval", sa.Column("following", JSONB(), nullable=True))  # unknown for what was sent in before
    op.add_column("approval", sa.Column("for_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_approval_for_id"), "approval", "person", ["for_id"], ["id"])
    op.create_check_constraint(op.f("ck_approval_for_somebody_else"), "approval", "for_id <> decided_by_id")
    op.create_check_constraint(op.f("ck_approval_not_for_who_asked"), "approval", "for_id <> requested_by_id")
    op.add_column("approval", sa.Column("link_by_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_approval_link_by_id"), "approval", "person", ["link_by_id"], ["id"])
    op.execute(ROUNDS)
    _check_two_people()
    op.create_unique_constraint(op.f("uq_approval_order_id_round_step"), "approval", ["order_id", "round", "step"])
    op.create_check_constraint(op.f("ck_approval_manager_is_first"), "approval", "(step = 1) = (permission = 'order.approve')")
    op.create_check_constraint(
        op.f("ck_approval_manager_is_not_asked_twice"), "approval", "NOT following @> '[\"order.approve\"]'"
    )
    op.drop_index("uq_approval_open_step", "approval")
    op.create_index("uq_approval_open_step", "approval", ["order_id"], unique=True, postgresql_where=sa.text("decision IS NULL"))
    op.create_index(
        "uq_approval_one_each",
        "approval",
        ["order_id", "round", "decided_by_id"],
        unique=True,
        postgresql_where=sa.text("decided_by_id IS NOT NULL"),
    )


def _check_two_people() -> None:
    twice = op.get_bind().execute(sa.text(TWICE)).scalars().all()
    if twice:
        raise RuntimeError(
            f"One person has decided two levels of approval of {', '.join(twice)}. From this version on each level is decided by "
            "somebody else: the tables stay as they were until it is settled who decided what."
        )


def _rules() -> None:
    op.create_table(
        "approval_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=True),
        sa.Column("least", sa.Numeric(12, 2), nullable=False),
        sa.Column("most", sa.Numeric(12, 2), nullable=True),
        sa.Column("roles", JSONB(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('installation', 'repair')", name=op.f("ck_approval_rule_kind_known")),
        sa.CheckConstraint("least >= 0", name=op.f("ck_approval_rule_least_is_a_size")),
        sa.CheckConstraint("most >= least", name=op.f("ck_approval_rule_has_a_span")),
        sa.CheckConstraint("jsonb_array_length(roles) BETWEEN 1 AND 3", name=op.f("ck_approval_rule_names_somebody")),
        sa.CheckConstraint('roles <@ \'["supervisor", "director", "finance"]\'', name=op.f("ck_approval_rule_roles_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_approval_rule_ended_is_whole")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_approval_rule_branch_id")),
        sa.ForeignKeyConstraint(["added_by_id"], ["person.id"], name=op.f("fk_approval_rule_added_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_approval_rule_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_rule")),
        sa.UniqueConstraint("key", name=op.f("uq_approval_rule_key")),
    )


def _deputies() -> None:
    op.create_table(
        "deputy",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("deputy_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("person_id <> deputy_id", name=op.f("ck_deputy_is_somebody_else")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_deputy_has_length")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_deputy_has_reason")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name=op.f("ck_deputy_revoked_is_whole")),
        ExcludeConstraint(
            (sa.column("person_id"), "="),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_deputy_one_at_a_time",
            using="gist",
            where=sa.text("revoked_at IS NULL"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_deputy_person_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name=op.f("fk_deputy_deputy_id")),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["person.id"], name=op.f("fk_deputy_revoked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputy")),
        sa.UniqueConstraint("key", name=op.f("uq_deputy_key")),
    )
    op.create_index(op.f("ix_deputy_deputy_id_ends_at"), "deputy", ["deputy_id", "ends_at"])


def _links() -> None:
    op.create_table(
        "approval_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("approval_id", sa.BigInteger(), nullable=False),
        sa.Column("approver_id", sa.BigInteger(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_approval_link_lasts")),
        sa.CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name=op.f("ck_approval_link_used_or_revoked")),
        sa.CheckConstraint("used_at <= expires_at", name=op.f("ck_approval_link_used_in_time")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by_id IS NULL)", name=op.f("ck_approval_link_revoked_is_whole")),
        sa.ForeignKeyConstraint(
            ["approval_id", "order_id"], ["approval.id", "approval.order_id"], name=op.f("fk_approval_link_step")
        ),
        sa.ForeignKeyConstraint(["approver_id"], ["person.id"], name=op.f("fk_approval_link_approver_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_approval_link_made_by_id")),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["person.id"], name=op.f("fk_approval_link_revoked_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_approval_link_token_hash")),
    )
    op.create_index(
        "uq_approval_link_alive",
        "approval_link",
        ["approval_id", "approver_id"],
        unique=True,
        postgresql_where=sa.text("used_at IS NULL AND revoked_at IS NULL"),
    )


def downgrade() -> None:
    op.get_bind().connection.cursor().execute("DROP FUNCTION IF EXISTS keep_approval_rule() CASCADE")
    op.drop_table("approval_link")
    op.drop_table("deputy")
    op.drop_table("approval_rule")
    op.drop_column("approval", "link_by_id")
    op.drop_column("approval", "for_id")
    op.drop_index("uq_approval_one_each", "approval")
    op.drop_index("uq_approval_open_step", "approval")
    op.create_index(
        "uq_approval_open_step", "approval", ["order_id", "step"], unique=True, postgresql_where=sa.text("decision IS NULL")
    )
    for name in ("manager_is_first", "manager_is_not_asked_twice"):
        op.drop_constraint(op.f(f"ck_approval_{name}"), "approval", type_="check")
    op.drop_constraint(op.f("uq_approval_order_id_round_step"), "approval", type_="unique")
    op.drop_column("approval", "following")
    op.drop_column("approval", "round")
    op.get_bind().connection.cursor().execute(FEWER_LEVELS)
    _known_levels(LEVELS)
