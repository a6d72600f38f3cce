"""what a test-run asks for after each kind of work, how long customers may take to pay, who owes is not proposed"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FIRST = ("online", "identity", "iccid", "fix", "signal", "acc", "power")
ITEMS = ("online", "identity", "firmware", "iccid", "fix", "satellites", "signal", "acc", "power")
SERVICES = ("installation", "repair", "terminal", "sim", "move")
FROM_NOW_ON = {
    "installation": (ITEMS, ()),
    "repair": (ITEMS, ()),
    "terminal": (ITEMS, ()),
    "sim": (("online", "identity", "iccid", "signal"), ("fix",)),
    "move": (ITEMS, ()),
}
KEPT = "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON point_list FOR EACH ROW EXECUTE FUNCTION refuse_change();"
BEGINNING = sa.text("timestamptz '1970-01-01 00:00+00'")
AFTER_SEVEN = sa.text("(SELECT max(at) + interval '1 microsecond' FROM test_result WHERE of_points = 7)")
NOW = sa.text("now()")


def upgrade() -> None:
    known = f"ARRAY[{', '.join(repr(item) for item in ITEMS)}]"
    op.create_table(
        "point_list",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("must", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("may", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"service IN ({_listed(SERVICES)})", name=op.f("ck_point_list_service_known")),
        sa.CheckConstraint(f"must <@ {known} AND may <@ {known}", name=op.f("ck_point_list_points_are_known")),
        sa.CheckConstraint("NOT must && may", name=op.f("ck_point_list_point_is_one_or_the_other")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_point_list_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_list")),
    )
    op.create_index(op.f("ix_point_list_service_at"), "point_list", ["service", "at"])
    _what_was_asked()
    op.execute(KEPT)
    op.drop_column("test_result", "of_points")
    op.drop_constraint(op.f("fk_test_result_visit_id"), "test_result", type_="foreignkey")
    op.create_foreign_key("fk_test_result_visit", "test_result", "visit", ["visit_id", "order_id"], ["id", "order_id"])
    op.add_column("customer", sa.Column("payment_days", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_customer_payment_days_in_a_year"), "customer", "payment_days BETWEEN 0 AND 365")
    _ends("reported", "removed", "owes", "not_watched")


def downgrade() -> None:
    op.execute("UPDATE silence SET ended_by = 'not_watched' WHERE ended_by = 'owes'")
    _ends("reported", "removed", "not_watched")
    op.drop_column("customer", "payment_days")
    op.drop_constraint("fk_test_result_visit", "test_result", type_="foreignkey")
    op.create_foreign_key(op.f("fk_test_result_visit_id"), "test_result", "visit", ["visit_id"], ["id"])
    op.add_column("test_result", sa.Column("of_points", sa.BigInteger(), server_default="9", nullable=False))
    op.alter_column("test_result", "of_points", server_default=None)
    op.drop_table("point_list")


def _ends(*causes: str) -> None:
    op.drop_constraint(op.f("ck_silence_ended_by_known"), "silence", type_="check")
    op.create_check_constraint(op.f("ck_silence_ended_by_known"), "silence", f"ended_by IN ({_listed(causes)})")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _what_was_asked() -> None:
    """Until now every vehicle was asked for all points, in the beginning for seven: what was done by then is not asked for more."""
    found = op.get_bind()
    if found.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM visit WHERE arrived_at IS NOT NULL)")) is not True:
        return
    seven = found.scalar(sa.text("SELECT EXISTS (SELECT 1 FROM test_result WHERE of_points = 7)"))
    _ask(dict.fromkeys(SERVICES, (FIRST if seven else ITEMS, ())), BEGINNING)
    if seven:
        _ask(dict.fromkeys(SERVICES, (ITEMS, ())), AFTER_SEVEN)
    _ask(FROM_NOW_ON, NOW)


def _ask(lists: dict[str, tuple[tuple[str, ...], tuple[str, ...]]], since: sa.TextClause) -> None:
    add = "INSERT INTO point_list (service, must, may, by_name, at) VALUES (:service, :must, :may, 'system', {})"
    for service, (must, may) in lists.items():
        op.get_bind().execute(sa.text(add.format(since.text)), {"service": service, "must": list(must), "may": list(may)})
