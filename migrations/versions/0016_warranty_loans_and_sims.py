"""terms of warranties, goodwill, loans, moves between vehicles, the states and top-ups of SIMs"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TERMS_KEPT = """
-- A term is never changed and never deleted; it can be withdrawn, once.
CREATE FUNCTION warranty_term_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.withdrawn_at IS NOT NULL OR (to_jsonb(NEW) - '{withdrawn_at,withdrawn_by_id,withdrawn_by_name,withdrawn_reason}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{withdrawn_at,withdrawn_by_id,withdrawn_by_name,withdrawn_reason}'::text[])
    THEN RAISE EXCEPTION 'a warranty term is never changed'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON warranty_term FOR EACH ROW EXECUTE FUNCTION warranty_term_kept();
CREATE TRIGGER append_only BEFORE DELETE ON warranty_term FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What was decided about goodwill stays decided.
CREATE FUNCTION goodwill_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF OLD.state <> 'open' OR (OLD.order_id, OLD.line_id, OLD.reason, OLD.asked_by_id) IS DISTINCT FROM
        (NEW.order_id, NEW.line_id, NEW.reason, NEW.asked_by_id)
    THEN RAISE EXCEPTION 'goodwill is decided once'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER kept BEFORE UPDATE ON goodwill FOR EACH ROW EXECUTE FUNCTION goodwill_kept();
CREATE TRIGGER append_only BEFORE DELETE ON goodwill FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

CHARGE_RULES = ("own_service_free", "in_warranty", "goodwill", "own_unit", "part_out_of_warranty", "listed_price")


def known(table: str, column: str, words: tuple[str, ...]) -> None:
    """Let a column know these words."""
    name = f"ck_{table}_{column}_known"
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")


FITTING_KINDS = ("install", "swap", "remove", "move_out", "move_in", "undo")

MOVES_KEPT = """
-- Both halves of a move are about the same unit and customer, and go from one vehicle to another.
CREATE FUNCTION move_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM fitting gone JOIN vehicle there ON there.id = gone.vehicle_id
        JOIN vehicle here ON here.id = NEW.vehicle_id
        WHERE gone.id = NEW.moved_from_id AND gone.kind = 'move_out' AND gone.old_unit_id = NEW.new_unit_id
        AND gone.order_id = NEW.order_id AND there.id <> here.id AND there.customer_id = here.customer_id)
    THEN RAISE EXCEPTION 'a move goes from one vehicle of a customer to another'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER move_allowed BEFORE INSERT ON fitting FOR EACH ROW
    WHEN (NEW.kind = 'move_in') EXECUTE FUNCTION move_allowed();

-- Only a terminal is lent, by the fitting that puts it in.
CREATE FUNCTION loan_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM fitting WHERE id = NEW.fitting_id AND new_unit_id = NEW.unit_id AND unit_kind = 'terminal'
        AND kind IN ('install', 'swap'))
    THEN RAISE EXCEPTION 'a loan is of a terminal that is put in'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON loan FOR EACH ROW EXECUTE FUNCTION loan_allowed();
CREATE TRIGGER append_only BEFORE DELETE ON loan FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def loans_and_moves() -> None:
    """Loaners, and moves from one vehicle to another."""
    op.add_column("fitting", sa.Column("moved_from_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_fitting_moved_from_id"), "fitting", "fitting", ["moved_from_id"], ["id"])
    op.create_unique_constraint(op.f("uq_fitting_moved_from_id"), "fitting", ["moved_from_id"])
    known("fitting", "kind", FITTING_KINDS)
    checks = {
        "install_names_new": "kind NOT IN ('install', 'move_in') OR (old_unit_id IS NULL AND new_unit_id IS NOT NULL)",
        "remove_names_old": "kind NOT IN ('remove', 'move_out') OR (old_unit_id IS NOT NULL AND new_unit_id IS NULL)",
    }
    for name, rule in checks.items():
        op.drop_constraint(f"ck_fitting_{name}", "fitting")
        op.create_check_constraint(op.f(f"ck_fitting_{name}"), "fitting", rule)
    op.create_check_constraint(
        op.f("ck_fitting_move_names_its_other_half"), "fitting", "(kind = 'move_in') = (moved_from_id IS NOT NULL)"
    )
    op.create_table(
        "loan",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("fitting_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("own_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("vehicle_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_fitting_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_by_name", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sold_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('out', 'returned', 'sold', 'void')", name=op.f("ck_loan_state_known")),
        sa.CheckConstraint("own_unit_id <> unit_id", name=op.f("ck_loan_stands_for_another")),
        sa.CheckConstraint("(state = 'out') = (ended_at IS NULL)", name=op.f("ck_loan_ended_has_time")),
        sa.CheckConstraint("(state = 'returned') = (ended_fitting_id IS NOT NULL)", name=op.f("ck_loan_returned_by_fitting")),
        sa.CheckConstraint("(state = 'sold') = (sold_reason IS NOT NULL)", name=op.f("ck_loan_sold_has_reason")),
        sa.ForeignKeyConstraint(["fitting_id"], ["fitting.id"], name=op.f("fk_loan_fitting_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_loan_unit_id")),
        sa.ForeignKeyConstraint(["own_unit_id"], ["unit.id"], name=op.f("fk_loan_own_unit_id")),
        sa.ForeignKeyConstraint(["vehicle_id"], ["vehicle.id"], name=op.f("fk_loan_vehicle_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_loan_order_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_loan_branch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_loan_by_id")),
        sa.ForeignKeyConstraint(["ended_fitting_id"], ["fitting.id"], name=op.f("fk_loan_ended_fitting_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name=op.f("fk_loan_ended_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
        sa.UniqueConstraint("fitting_id", name=op.f("uq_loan_fitting_id")),
    )
    op.create_index("uq_loan_out", "loan", ["unit_id"], unique=True, postgresql_where=sa.text("state = 'out'"))
    op.create_index("ix_loan_due", "loan", ["branch_id", "due_on"], postgresql_where=sa.text("state = 'out'"))
    op.create_index(op.f("ix_loan_ended_fitting_id"), "loan", ["ended_fitting_id"])
    op.execute(MOVES_KEPT)


SIMS_KEPT = """
UPDATE sim SET state = 'active' FROM custody_position WHERE custody_position.unit_id = sim.unit_id AND holder_kind = 'slot';

-- The table of devices/sim_rules.py: what is closed stays closed, and back to the inventory goes only what was in use.
CREATE FUNCTION sim_state_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF (OLD.state, NEW.state) NOT IN (('inventory', 'active'), ('active', 'suspended'), ('suspended', 'active'),
        ('inventory', 'closed'), ('active', 'closed'), ('suspended', 'closed'), ('active', 'inventory'))
    THEN RAISE EXCEPTION 'a SIM does not go from % to %', OLD.state, NEW.state; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER state_allowed BEFORE UPDATE OF state ON sim FOR EACH ROW
    WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION sim_state_allowed();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sim_top_up FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A correction takes back a whole top-up of the same SIM.
CREATE FUNCTION sim_top_up_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM sim_top_up WHERE id = NEW.corrects_id AND unit_id = NEW.unit_id AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a correction takes back a whole top-up of the same SIM'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON sim_top_up FOR EACH ROW
    WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION sim_top_up_allowed();
"""


def states_of_sims() -> None:
    """The state of a SIM at its carrier, its balance and its top-ups."""
    op.add_column("sim", sa.Column("state", sa.Text(), server_default="inventory", nullable=False))
    op.add_column("sim", sa.Column("balance", sa.Numeric(12, 2), nullable=True))
    op.add_column("sim", sa.Column("balance_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_sim_state_known"), "sim", "state IN ('inventory', 'active', 'suspended', 'closed')")
    op.create_check_constraint(op.f("ck_sim_balance_has_day"), "sim", "(balance IS NULL) = (balance_at IS NULL)")
    op.create_table(
        "sim_top_up",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("until_before", sa.Date(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_sim_top_up_has_amount")),
        sa.CheckConstraint("(corrects_id IS NOT NULL) = (amount < 0)", name=op.f("ck_sim_top_up_negative_corrects")),
        sa.CheckConstraint("corrects_id IS NULL OR reason IS NOT NULL", name=op.f("ck_sim_top_up_correction_has_reason")),
        sa.CheckConstraint("btrim(receipt) <> ''", name=op.f("ck_sim_top_up_has_receipt")),
        sa.ForeignKeyConstraint(["unit_id"], ["sim.unit_id"], name=op.f("fk_sim_top_up_unit_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["sim_top_up.id"], name=op.f("fk_sim_top_up_corrects_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sim_top_up_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sim_top_up")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_sim_top_up_corrects_id")),
        sa.UniqueConstraint("key", name=op.f("uq_sim_top_up_key")),
    )
    op.create_index(op.f("ix_sim_top_up_unit_id"), "sim_top_up", ["unit_id"])
    op.execute(SIMS_KEPT)


def upgrade() -> None:
    op.create_table(
        "warranty_term",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("contract_number", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("months", sa.BigInteger(), nullable=False),
        sa.Column("starts_with", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_id", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by_name", sa.Text(), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "starts_with IN ('installation', 'delivery', 'purchase')", name=op.f("ck_warranty_term_starts_with_known")
        ),
        sa.CheckConstraint(
            "(customer_id IS NULL) = (contract_number IS NULL)", name=op.f("ck_warranty_term_contract_has_customer")
        ),
        sa.CheckConstraint("valid_to IS NULL OR customer_id IS NOT NULL", name=op.f("ck_warranty_term_only_contracts_end")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_warranty_term_ends_after_beginning")),
        sa.CheckConstraint("months BETWEEN 1 AND 240", name=op.f("ck_warranty_term_months_in_range")),
        sa.CheckConstraint(
            "num_nulls(withdrawn_at, withdrawn_by_name, withdrawn_reason) IN (0, 3)",
            name=op.f("ck_warranty_term_withdrawal_is_whole"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_warranty_term_customer_id")),
        sa.ForeignKeyConstraint(["model"], ["terminal_model.name"], name=op.f("fk_warranty_term_model")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_warranty_term_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_warranty_term_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warranty_term")),
        sa.UniqueConstraint("key", name=op.f("uq_warranty_term_key")),
    )
    op.create_index(
        "uq_warranty_term_day",
        "warranty_term",
        ["customer_id", "contract_number", "model", "valid_from"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "goodwill",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_by_name", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'approved', 'refused')", name=op.f("ck_goodwill_state_known")),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_goodwill_has_reason")),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name=op.f("ck_goodwill_decided_has_time")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_goodwill_decided_has_person")),
        sa.CheckConstraint("decided_by_id <> asked_by_id", name=op.f("ck_goodwill_two_decide")),
        sa.CheckConstraint("state <> 'refused' OR decision_reason IS NOT NULL", name=op.f("ck_goodwill_refused_has_reason")),
        sa.ForeignKeyConstraint(["line_id", "order_id"], ["order_line.id", "order_line.order_id"], name="fk_goodwill_line"),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_goodwill_order_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_goodwill_asked_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_goodwill_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goodwill")),
        sa.UniqueConstraint("key", name=op.f("uq_goodwill_key")),
    )
    op.create_index("uq_goodwill_line", "goodwill", ["line_id"], unique=True, postgresql_where=sa.text("state <> 'refused'"))
    op.create_index(op.f("ix_goodwill_order_id"), "goodwill", ["order_id"])
    known("charge", "rule", CHARGE_RULES)
    loans_and_moves()
    states_of_sims()
    op.execute(TERMS_KEPT)


def downgrade() -> None:
    op.drop_table("sim_top_up")
    op.execute("DROP TRIGGER state_allowed ON sim")
    for column in ("state", "balance", "balance_at"):
        op.drop_column("sim", column)
    op.drop_table("loan")
    op.execute("DROP TRIGGER move_allowed ON fitting")
    op.drop_constraint("ck_fitting_move_names_its_other_half", "fitting")
    for name, kind, rule in (
        ("install_names_new", "install", "old_unit_id IS NULL AND new_unit_id IS NOT NULL"),
        ("remove_names_old", "remove", "old_unit_id IS NOT NULL AND new_unit_id IS NULL"),
    ):
        op.drop_constraint(f"ck_fitting_{name}", "fitting")
        op.create_check_constraint(op.f(f"ck_fitting_{name}"), "fitting", f"kind <> '{kind}' OR ({rule})")
    known("fitting", "kind", ("install", "swap", "remove", "undo"))
    op.drop_column("fitting", "moved_from_id")
    known("charge", "rule", ("own_service_free", "in_warranty", "part_out_of_warranty", "listed_price"))
    op.drop_table("goodwill")
    op.drop_table("warranty_term")
    for function in (
        "sim_top_up_allowed",
        "sim_state_allowed",
        "loan_allowed",
        "move_allowed",
        "goodwill_kept",
        "warranty_term_kept",
    ):
        op.execute(f"DROP FUNCTION {function}")
