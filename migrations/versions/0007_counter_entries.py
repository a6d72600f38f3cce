"""counter-entries: hand-ins taken back, differences settled; payments of what was on account"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CAUSES = ("charge", "receipt", "hand_in")
BACKS = ("hand_in_back", "difference_settlement", "account_payment")
KINDS = ("charge", "charge_back", "receipt", "refund", "hand_in")

FRESH = ("hand_in_back", "difference_settled", "difference_back", "account_payment", "account_payment_back")
REVERSES = "kind NOT IN ('hand_in_back', 'difference_back', 'account_payment_back') OR reverses_id IS NOT NULL"
ACCOUNTS = ("cash_in_hand", "cash_desk", "clearing", "receivable", "on_account", "income", "tax", "difference")

KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON hand_in_back FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION hand_in_back_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE handed hand_in%ROWTYPE;
BEGIN
    SELECT * INTO handed FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
    IF handed.status <> 'confirmed' THEN
        RAISE EXCEPTION 'only a confirmed hand-in is taken back';
    END IF;
    IF handed.person_id = NEW.by_id THEN
        RAISE EXCEPTION 'his own hand-in' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_in_back_not_his_own';
    END IF;
    IF (SELECT coalesce(sum(amount), 0) FROM difference_settlement WHERE hand_in_id = NEW.hand_in_id) <> 0 THEN
        RAISE EXCEPTION 'settled' USING ERRCODE = 'check_violation', CONSTRAINT = 'hand_in_back_difference_settled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON hand_in_back FOR EACH ROW EXECUTE FUNCTION hand_in_back_allowed();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON difference_settlement FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION difference_settlement_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE handed hand_in%ROWTYPE; settled numeric;
BEGIN
    SELECT * INTO handed FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
    IF handed.difference_owner_id = NEW.by_id THEN
        RAISE EXCEPTION 'his own difference' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_his_own';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM difference_settlement WHERE id = NEW.reverses_id
        AND hand_in_id = NEW.hand_in_id AND how = NEW.how AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a settlement is taken back as a whole'; END IF;
    SELECT coalesce(sum(amount), 0) + NEW.amount INTO settled FROM difference_settlement WHERE hand_in_id = NEW.hand_in_id;
    IF settled < 0 OR settled > abs(coalesce(handed.difference, 0))
        OR EXISTS (SELECT FROM hand_in_back WHERE hand_in_id = NEW.hand_in_id)
    THEN
        RAISE EXCEPTION 'past zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_past_zero';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON difference_settlement FOR EACH ROW EXECUTE FUNCTION difference_settlement_allowed();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON account_payment FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What is paid of a receipt on account and given back of it, counted after either: both wait for the receipt's row.
CREATE FUNCTION account_stays_above_zero() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE first receipt%ROWTYPE; paid numeric; back numeric;
BEGIN
    SELECT * INTO first FROM receipt WHERE id = (to_jsonb(NEW) ->> TG_ARGV[0])::bigint FOR UPDATE;
    SELECT coalesce(sum(amount), 0) INTO paid FROM account_payment WHERE receipt_id = first.id;
    SELECT coalesce(sum(amount), 0) INTO back FROM receipt WHERE refunds_id = first.id;
    IF first.channel <> 'account' OR first.amount < 0 OR paid < 0 OR paid > first.amount + back THEN
        RAISE EXCEPTION 'past zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'account_not_past_zero';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER not_past_zero AFTER INSERT ON account_payment
    FOR EACH ROW EXECUTE FUNCTION account_stays_above_zero('receipt_id');
CREATE TRIGGER account_not_past_zero AFTER INSERT ON receipt
    FOR EACH ROW WHEN (NEW.refunds_id IS NOT NULL AND NEW.channel = 'account')
    EXECUTE FUNCTION account_stays_above_zero('refunds_id');

CREATE FUNCTION account_payment_reverses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM account_payment WHERE id = NEW.reverses_id
        AND receipt_id = NEW.receipt_id AND channel = NEW.channel AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a payment is taken back as a whole'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reverses BEFORE INSERT ON account_payment
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION account_payment_reverses();
"""


def upgrade() -> None:
    op.create_table(
        "hand_in_back",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_hand_in_back_has_reason")),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_hand_in_back_hand_in_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_hand_in_back_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_in_back")),
        sa.UniqueConstraint("hand_in_id", name=op.f("uq_hand_in_back_hand_in_id")),
    )
    op.create_table(
        "difference_settlement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("hand_in_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("how IN ('paid', 'written_off')", name=op.f("ck_difference_settlement_how_known")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_difference_settlement_has_amount")),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name=op.f("ck_difference_settlement_negative_reverses")),
        sa.CheckConstraint(
            "(how = 'paid' AND amount > 0) OR btrim(coalesce(reason, '')) <> ''",
            name=op.f("ck_difference_settlement_has_reason"),
        ),
        sa.ForeignKeyConstraint(["hand_in_id"], ["hand_in.id"], name=op.f("fk_difference_settlement_hand_in_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["difference_settlement.id"], name=op.f("fk_difference_settlement_reverses_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_difference_settlement_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference_settlement")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_difference_settlement_reverses_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_difference_settlement_request_key")),
    )
    op.create_index(op.f("ix_difference_settlement_hand_in_id"), "difference_settlement", ["hand_in_id"], unique=False)
    op.create_table(
        "account_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("channel IN ('transfer', 'wechat', 'alipay', 'cash')", name=op.f("ck_account_payment_channel_known")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_account_payment_has_amount")),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name=op.f("ck_account_payment_negative_reverses")),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_account_payment_has_reason")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_account_payment_receipt_id")),
        sa.ForeignKeyConstraint(["reverses_id"], ["account_payment.id"], name=op.f("fk_account_payment_reverses_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_account_payment_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_payment")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_account_payment_reverses_id")),
        sa.UniqueConstraint("request_key", name=op.f("uq_account_payment_request_key")),
    )
    op.create_index(op.f("ix_account_payment_receipt_id"), "account_payment", ["receipt_id"], unique=False)
    op.create_check_constraint(op.f("ck_account_on_account_not_below_zero"), "account", "kind <> 'on_account' OR balance >= 0")
    _accounts((*ACCOUNTS, "written_off"))
    _causes(CAUSES + BACKS, (*KINDS, *FRESH))
    op.get_bind().connection.cursor().execute(KEPT)


def _causes(causes: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    """Vouchers may be written for these rows, and be of these kinds."""
    for cause in causes[len(CAUSES) :]:
        op.add_column("voucher", sa.Column(f"{cause}_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_voucher_{cause}_id"), "voucher", cause, [f"{cause}_id"], ["id"])
        op.create_unique_constraint(op.f(f"uq_voucher_{cause}_id"), "voucher", [f"{cause}_id"])
    columns, words = ", ".join(f"{cause}_id" for cause in causes), ", ".join(f"'{kind}'" for kind in kinds)
    _check_anew("has_one_cause", f"num_nonnulls({columns}) = 1")
    _check_anew("kind_known", f"kind IN ({words})")
    op.create_check_constraint(op.f("ck_voucher_back_reverses"), "voucher", REVERSES)


def _accounts(kinds: tuple[str, ...]) -> None:
    words = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f("ck_account_kind_known"), "account", type_="check")
    op.create_check_constraint(op.f("ck_account_kind_known"), "account", f"kind IN ({words})")


def _check_anew(name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_voucher_{name}"), "voucher", type_="check")
    op.create_check_constraint(op.f(f"ck_voucher_{name}"), "voucher", rule)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_voucher_back_reverses"), "voucher", type_="check")
    _check_anew("has_one_cause", "num_nonnulls(charge_id, receipt_id, hand_in_id) = 1")
    _check_anew("kind_known", f"kind IN ({', '.join(repr(kind) for kind in KINDS)})")
    _accounts(ACCOUNTS)
    op.drop_constraint(op.f("ck_account_on_account_not_below_zero"), "account", type_="check")
    op.execute("DROP TRIGGER account_not_past_zero ON receipt")
    for cause in BACKS:
        op.drop_column("voucher", f"{cause}_id")
        op.drop_table(cause)
    op.execute("DROP FUNCTION hand_in_back_allowed")
    op.execute("DROP FUNCTION difference_settlement_allowed")
    op.execute("DROP FUNCTION account_stays_above_zero")
    op.execute("DROP FUNCTION account_payment_reverses")
