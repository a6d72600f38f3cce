"""deposits at the bank: cash from the desk, by hand-ins"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

ACCOUNTS = ("cash_in_hand", "cash_desk", "clearing", "receivable", "on_account", "income", "tax", "difference", "written_off")
KINDS = (
    "charge",
    "charge_back",
    "receipt",
    "refund",
    "hand_in",
    "hand_in_back",
    "difference_settled",
    "difference_back",
    "account_payment",
    "account_payment_back",
)
CAUSES = ("charge_id", "receipt_id", "hand_in_id", "hand_in_back_id", "difference_settlement_id", "account_payment_id")
BACKS = ("hand_in_back", "difference_back", "account_payment_back")

KEPT = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF number, branch_id, amount, bank_account, slip, paid_at, reason,
    reverses_id, request_key, by_id, by_name, at ON bank_deposit FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION bank_deposit_reverses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM bank_deposit WHERE id = NEW.reverses_id AND branch_id = NEW.branch_id
        AND bank_account = NEW.bank_account AND slip = NEW.slip AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a deposit is taken back as a whole'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reverses BEFORE INSERT ON bank_deposit
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION bank_deposit_reverses();

CREATE FUNCTION deposited_hand_in_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE handed hand_in%ROWTYPE;
BEGIN
    SELECT * INTO handed FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
    IF handed.status <> 'confirmed' OR EXISTS (SELECT FROM hand_in_back WHERE hand_in_id = NEW.hand_in_id)
        OR handed.branch_id <> (SELECT branch_id FROM bank_deposit WHERE id = NEW.deposit_id)
    THEN
        RAISE EXCEPTION 'does not stand' USING ERRCODE = 'check_violation', CONSTRAINT = 'deposited_hand_in_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON deposited_hand_in FOR EACH ROW EXECUTE FUNCTION deposited_hand_in_allowed();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF deposit_id, hand_in_id ON deposited_hand_in
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION hand_in_back_not_deposited() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM deposited_hand_in WHERE hand_in_id = NEW.hand_in_id AND live) THEN
        RAISE EXCEPTION 'deposited' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_in_back_deposited';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_deposited BEFORE INSERT ON hand_in_back FOR EACH ROW EXECUTE FUNCTION hand_in_back_not_deposited();
"""


def upgrade() -> None:
    op.create_table(
        "bank_deposit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("bank_account", sa.Text(), nullable=False),
        sa.Column("slip", sa.Text(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_bank_deposit_has_amount")),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name=op.f("ck_bank_deposit_negative_reverses")),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_bank_deposit_has_reason")),
        sa.CheckConstraint(
            "btrim(bank_account) <> '' AND btrim(slip) <> ''", name=op.f("ck_bank_deposit_names_account_and_slip")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_bank_deposit_branch_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["bank_deposit.id"], name=op.f("fk_bank_deposit_reverses_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_bank_deposit_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_deposit")),
        sa.UniqueConstraint("number", name=op.f("uq_bank_deposit_number")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_bank_deposit_reverses_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_bank_deposit_request_key")),
    )
    op.create_index(op.f("ix_bank_deposit_branch_id_paid_at"), "bank_deposit", ["branch_id", "paid_at"])
    slips = sa.text("live AND reverses_id IS NULL")
    op.create_index("uq_bank_deposit_slip", "bank_deposit", ["bank_account", "slip"], unique=True, postgresql_where=slips)
    op.create_table(
        "deposited_hand_in",
        sa.Column("deposit_id", sa.BigInteger(), nullable=False),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["deposit_id"], ["bank_deposit.id"], name=op.f("fk_deposited_hand_in_deposit_id")),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_deposited_hand_in_hand_in_id")),
        sa.PrimaryKeyConstraint("deposit_id", "hand_in_id", name=op.f("pk_deposited_hand_in")),
    )
    live = sa.text("live")
    op.create_index("uq_deposited_hand_in_live", "deposited_hand_in", ["hand_in_id"], unique=True, postgresql_where=live)
    op.add_column("voucher", sa.Column("bank_deposit_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_voucher_bank_deposit_id"), "voucher", "bank_deposit", ["bank_deposit_id"], ["id"])
    op.create_unique_constraint(op.f("uq_voucher_bank_deposit_id"), "voucher", ["bank_deposit_id"])
    _say((*ACCOUNTS[:2], "bank", *ACCOUNTS[2:]), (*KINDS, "bank_deposit", "bank_deposit_back"), (*CAUSES, "bank_deposit_id"))
    _backs((*BACKS, "bank_deposit_back"), ("PZ", "JK", "CK"))
    op.execute(KEPT)


def downgrade() -> None:
    booked = op.get_bind().scalar(sa.text("SELECT count(*) FROM bank_deposit"))
    if booked:
        raise RuntimeError(f"{booked} deposits are booked, and what is booked is never taken away. Restore a backup from before.")
    op.execute("DROP TRIGGER not_deposited ON hand_in_back")
    op.execute("DROP FUNCTION hand_in_back_not_deposited")
    _backs(BACKS, ("PZ", "JK"))
    _say(ACCOUNTS, KINDS, CAUSES)
    op.drop_constraint(op.f("uq_voucher_bank_deposit_id"), "voucher")
    op.drop_constraint(op.f("fk_voucher_bank_deposit_id"), "voucher")
    op.drop_column("voucher", "bank_deposit_id")
    op.drop_table("deposited_hand_in")
    op.drop_table("bank_deposit")
    op.execute("DROP FUNCTION deposited_hand_in_allowed")
    op.execute("DROP FUNCTION bank_deposit_reverses")


def _say(accounts: tuple[str, ...], kinds: tuple[str, ...], causes: tuple[str, ...]) -> None:
    """The words that accounts and vouchers know, and the causes of which a voucher has one."""
    _check("account", "kind_known", f"kind IN {accounts}")
    _check("voucher", "kind_known", f"kind IN {kinds}")
    _check("voucher", "has_one_cause", f"num_nonnulls({', '.join(causes)}) = 1")


def _backs(backs: tuple[str, ...], series: tuple[str, ...]) -> None:
    _check("voucher", "back_reverses", f"kind NOT IN {backs} OR reverses_id IS NOT NULL")
    _check("series_counter", "series_known", f"series IN {series}")


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
