"""one ladder: levels by amount for goodwill, refunds, charges let off and purchases, in the table of who approves what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

# Goodwill that waits has its request from now on: decided by supervisor or manager, since nobody asked for more when it was sent in.
WAITING = """
INSERT INTO approval_request (key, kind, branch_id, order_id, about, trail, reason, asked_by_id, asked_at)
SELECT goodwill.key, 'goodwill', work_order.branch_id, goodwill.order_id,
    jsonb_build_object(
        'msgid', '%(vehicle)s: this repair is treated as in warranty',
        'params', jsonb_build_object('vehicle', coalesce(vehicle.plate, vehicle.vin, '—'))
    ),
    jsonb_build_object('line', goodwill.line_id), goodwill.reason, goodwill.asked_by_id, goodwill.asked_at
FROM goodwill JOIN work_order ON work_order.id = goodwill.order_id
JOIN order_line ON order_line.id = goodwill.line_id JOIN vehicle ON vehicle.id = order_line.vehicle_id
WHERE goodwill.state = 'open' ORDER BY goodwill.id;
INSERT INTO approval_request_step (request_id, step, permission, following, requested_by_id, requested_at)
SELECT id, 1, 'favour.approve', '[]', asked_by_id, asked_at FROM approval_request ORDER BY id;
UPDATE goodwill SET request_id = approval_request.id FROM approval_request WHERE approval_request.key = goodwill.key;
"""

# The tables of before know no goodwill that was taken back: the history of the order still tells it.
FEWER_ENDS = "DELETE FROM goodwill WHERE state = 'withdrawn'"

NEW_KINDS = "'purchase', 'goodwill', 'refund', 'overrule'"


def upgrade() -> None:
    _rules()
    _requests()
    _favours()
    _goodwill()
    _purchases()


def _rules() -> None:
    for name in ("kind_known", "names_somebody", "roles_known"):
        op.drop_constraint(op.f(f"ck_approval_rule_{name}"), "approval_rule", type_="check")
    checks = {
        "kind_known": f"kind IN ('installation', 'repair', {NEW_KINDS})",
        "names_few": "jsonb_array_length(roles) <= 3",
        "names_somebody": "jsonb_array_length(roles) > 0 OR kind IN ('purchase')",
        "roles_known": 'roles <@ \'["manager", "supervisor", "director", "finance"]\'',
        "manager_is_first": "kind NOT IN ('installation', 'repair', 'purchase') OR NOT roles @> '[\"manager\"]'",
    }
    for name, check in checks.items():
        op.create_check_constraint(op.f(f"ck_approval_rule_{name}"), "approval_rule", check)


def _requests() -> None:
    op.create_table(
        "approval_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(12, 2), nullable=True),
        sa.Column("about", JSONB(), nullable=False),
        sa.Column("trail", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"kind IN ({NEW_KINDS})", name=op.f("ck_approval_request_kind_known")),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'rejected', 'withdrawn', 'done')", name=op.f("ck_approval_request_state_known")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_approval_request_amount_not_negative")),
        sa.CheckConstraint("amount IS NOT NULL OR kind = 'goodwill'", name=op.f("ck_approval_request_amount_known")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_approval_request_has_reason")),
        sa.CheckConstraint("(kind = 'purchase') = (order_id IS NULL)", name=op.f("ck_approval_request_favours_are_of_an_order")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_approval_request_branch_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_approval_request_order_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_approval_request_asked_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_approval_request_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_request")),
        sa.UniqueConstraint("key", name=op.f("uq_approval_request_key")),
    )
    op.create_index(op.f("ix_approval_request_order_id"), "approval_request", ["order_id"])
    op.create_index(op.f("ix_approval_request_branch_id_state_id"), "approval_request", ["branch_id", "state", "id"])
    _steps()


def _steps() -> None:
    op.create_table(
        "approval_request_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.Column("following", JSONB(), nullable=True),
        sa.Column("requested_by_id", sa.BigInteger(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("for_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('approved', 'rejected', 'withdrawn')", name=op.f("ck_approval_request_step_decision_known")
        ),
        sa.CheckConstraint("decided_by_id <> requested_by_id", name=op.f("ck_approval_request_step_not_by_himself")),
        sa.CheckConstraint("for_id <> decided_by_id", name=op.f("ck_approval_request_step_for_somebody_else")),
        sa.CheckConstraint("for_id <> requested_by_id", name=op.f("ck_approval_request_step_not_for_who_asked")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_approval_request_step_decided_is_whole")),
        sa.CheckConstraint(
            "decision <> 'rejected' OR reason IS NOT NULL", name=op.f("ck_approval_request_step_rejected_has_reason")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_approval_request_step_request_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_approval_request_step_requested_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_approval_request_step_decided_by_id")),
        sa.ForeignKeyConstraint(["for_id"], ["person.id"], name=op.f("fk_approval_request_step_for_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_request_step")),
        sa.UniqueConstraint("request_id", "round", "step", name=op.f("uq_approval_request_step_request_id_round_step")),
    )
    table, still_open = "approval_request_step", sa.text("decision IS NULL")
    op.create_index("uq_approval_request_step_open", table, ["request_id"], unique=True, postgresql_where=still_open)
    op.create_index(
        "uq_approval_request_step_one_each",
        table,
        ["request_id", "round", "decided_by_id"],
        unique=True,
        postgresql_where=sa.text("decided_by_id IS NOT NULL"),
    )
    op.create_index("ix_approval_request_step_waiting", table, ["permission", "id"], postgresql_where=still_open)


def _favours() -> None:
    op.create_table(
        "favour",
        sa.Column("request_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=True),
        sa.Column("charge_id", sa.BigInteger(), nullable=True),
        sa.Column("refund_id", sa.BigInteger(), nullable=True),
        sa.Column("alive", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint("num_nonnulls(receipt_id, charge_id) = 1", name=op.f("ck_favour_is_about_one")),
        sa.CheckConstraint("refund_id IS NULL OR receipt_id IS NOT NULL", name=op.f("ck_favour_refund_has_receipt")),
        sa.CheckConstraint("refund_id IS NULL OR NOT alive", name=op.f("ck_favour_given_back_is_over")),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_favour_request_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_favour_receipt_id")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_favour_charge_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["receipt.id"], name=op.f("fk_favour_refund_id")),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_favour")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_favour_refund_id")),
    )
    for what in ("receipt", "charge"):
        op.create_index(f"uq_favour_alive_{what}", "favour", [f"{what}_id"], unique=True, postgresql_where=sa.text("alive"))


def _goodwill() -> None:
    op.add_column("goodwill", sa.Column("request_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_goodwill_request_id"), "goodwill", "approval_request", ["request_id"], ["id"])
    op.create_unique_constraint(op.f("uq_goodwill_request_id"), "goodwill", ["request_id"])
    op.get_bind().connection.cursor().execute(WAITING)
    op.create_check_constraint(op.f("ck_goodwill_open_has_request"), "goodwill", "state <> 'open' OR request_id IS NOT NULL")
    _ends("'open', 'approved', 'refused', 'withdrawn'", "decided_by_id <> asked_by_id OR state = 'withdrawn'")
    _one_of_a_line("state NOT IN ('refused', 'withdrawn')")


def _ends(states: str, two: str) -> None:
    for name, check in (("state_known", f"state IN ({states})"), ("two_decide", two)):
        op.drop_constraint(op.f(f"ck_goodwill_{name}"), "goodwill", type_="check")
        op.create_check_constraint(op.f(f"ck_goodwill_{name}"), "goodwill", check)


def _one_of_a_line(which: str) -> None:
    op.drop_index("uq_goodwill_line", "goodwill")
    op.create_index("uq_goodwill_line", "goodwill", ["line_id"], unique=True, postgresql_where=sa.text(which))


def _purchases() -> None:
    _series("'DB', 'PD', 'CG'")
    op.create_table(
        "purchase",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("unit_price", sa.Numeric(12, 2), nullable=False),
        sa.Column("supplier", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.Column("store_id", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('terminal', 'sim', 'part', 'other')", name=op.f("ck_purchase_kind_known")),
        sa.CheckConstraint("count > 0", name=op.f("ck_purchase_buys_something")),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_purchase_price_not_negative")),
        sa.CheckConstraint("btrim(supplier) <> '' AND (btrim(name) <> '' OR kind = 'sim')", name=op.f("ck_purchase_has_words")),
        sa.CheckConstraint("received > 0", name=op.f("ck_purchase_received_counts")),
        sa.CheckConstraint(
            "(received IS NULL) = (delivery IS NULL) AND (received IS NULL) = (store_id IS NULL)",
            name=op.f("ck_purchase_received_is_whole"),
        ),
        sa.CheckConstraint(
            "entry_id IS NULL OR (kind = 'part' AND received IS NOT NULL)", name=op.f("ck_purchase_parts_are_entered")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["approval_request.id"], name=op.f("fk_purchase_request_id")),
        sa.ForeignKeyConstraint(["store_id"], ["holder.id"], name=op.f("fk_purchase_store_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["part_entry.id"], name=op.f("fk_purchase_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_number")),
        sa.UniqueConstraint("request_id", name=op.f("uq_purchase_request_id")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_purchase_entry_id")),
    )


def _series(known: str) -> None:
    op.drop_constraint(op.f("ck_store_series_series_known"), "store_series", type_="check")
    op.create_check_constraint(op.f("ck_store_series_series_known"), "store_series", f"series IN ({known})")


def downgrade() -> None:
    op.drop_table("purchase")
    op.execute("DELETE FROM store_series WHERE series = 'CG'")
    _series("'DB', 'PD'")
    op.execute(FEWER_ENDS)
    _one_of_a_line("state <> 'refused'")
    _ends("'open', 'approved', 'refused'", "decided_by_id <> asked_by_id")
    op.drop_constraint(op.f("ck_goodwill_open_has_request"), "goodwill", type_="check")
    op.drop_column("goodwill", "request_id")
    op.drop_table("favour")
    op.drop_table("approval_request_step")
    op.drop_table("approval_request")
    # Rules of the new kinds go with the requests that they were for; a trigger keeps rules from any other hand.
    op.execute("ALTER TABLE approval_rule DISABLE TRIGGER as_added")
    op.execute(f"DELETE FROM approval_rule WHERE kind IN ({NEW_KINDS})")
    op.execute("ALTER TABLE approval_rule ENABLE TRIGGER as_added")
    for name in ("kind_known", "names_few", "names_somebody", "roles_known", "manager_is_first"):
        op.drop_constraint(op.f(f"ck_approval_rule_{name}"), "approval_rule", type_="check")
    checks = {
        "kind_known": "kind IN ('installation', 'repair')",
        "names_somebody": "jsonb_array_length(roles) BETWEEN 1 AND 3",
        "roles_known": 'roles <@ \'["supervisor", "director", "finance"]\'',
    }
    for name, check in checks.items():
        op.create_check_constraint(op.f(f"ck_approval_rule_{name}"), "approval_rule", check)
