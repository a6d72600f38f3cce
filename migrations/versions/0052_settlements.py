"""contractors' settlements; differences that matching left are settled, and have other owners; a day's cards in one line"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

WAYS = (
    *("number", "reference", "number_late", "several_items", "several_lines", "person", "amount", "ambiguous"),
    *("sum_of_person", "fee", "differs", "explained"),
)
FRESH_WAYS = ("cards_of_day", "cards_ambiguous")
ACCOUNTS = (
    *("cash_in_hand", "cash_desk", "bank", "clearing", "receivable", "on_account", "income", "tax", "difference", "written_off"),
    *("at_channel", "channel_fee", "rounding"),
)
FRESH_ACCOUNTS = ("pay_deduction", "outside_work", "contractor")
KINDS = (
    *("charge", "charge_back", "receipt", "refund", "hand_in", "hand_in_back", "difference_settled", "difference_back"),
    *("account_payment", "account_payment_back", "bank_deposit", "bank_deposit_back", "matched", "match_undone"),
)
FRESH_KINDS = ("contractor_work", "contractor_work_back", "contractor_paid", "contractor_paid_back")
CAUSES = (
    *("charge_id", "receipt_id", "hand_in_id", "hand_in_back_id", "difference_settlement_id", "account_payment_id"),
    *("bank_deposit_id", "match_run_id", "match_undo_id"),
)
FRESH_CAUSES = ("contractor_sheet_id", "contractor_sheet_back_id", "contractor_payment_id")
BACKS = ("hand_in_back", "difference_back", "account_payment_back", "bank_deposit_back")
FRESH_BACKS = ("contractor_work_back", "contractor_paid_back")
SERIES = ("PZ", "JK", "CK", "BJ")
REQUESTS = ("purchase", "goodwill", "refund", "overrule", "quotation")
SOURCES = "receipt_id, account_payment_id, bank_deposit_id"
ITEM_SAYS = "branch_id, channel, number, other, reference, payer, amount, at, by_id, by_name"
OWNERS = (("line_match", "owner_id"), ("hand_in", "difference_owner_id"))
MOMENT = sa.DateTime(timezone=True)
SETTLEMENTS = ("paid", "written_off")
SAID = "branch_id, channel, way, amount, fee, difference, why, payout_channel, words"

LEFT_OVER = """
CREATE OR REPLACE FUNCTION difference_settlement_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE owner bigint; most numeric; settled numeric;
BEGIN
    IF NEW.hand_in_id IS NOT NULL THEN
        SELECT difference_owner_id, abs(coalesce(difference, 0)) INTO owner, most FROM hand_in WHERE id = NEW.hand_in_id FOR UPDATE;
        IF EXISTS (SELECT FROM hand_in_back WHERE hand_in_id = NEW.hand_in_id) THEN most := -1; END IF;
    ELSE
        SELECT owner_id, CASE WHEN state = 'live' AND why = 'owed' THEN abs(difference) ELSE -1 END INTO owner, most
        FROM line_match WHERE id = NEW.match_id FOR UPDATE;
    END IF;
    IF owner = NEW.by_id THEN
        RAISE EXCEPTION 'his own difference' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_his_own';
    END IF;
    IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM difference_settlement WHERE id = NEW.reverses_id
        AND hand_in_id IS NOT DISTINCT FROM NEW.hand_in_id AND match_id IS NOT DISTINCT FROM NEW.match_id
        AND how = NEW.how AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a settlement is taken back as a whole'; END IF;
    SELECT coalesce(sum(amount), 0) + NEW.amount INTO settled FROM difference_settlement
    WHERE hand_in_id = NEW.hand_in_id OR match_id = NEW.match_id;
    IF settled < 0 OR settled > most THEN
        RAISE EXCEPTION 'past zero' USING ERRCODE = 'check_violation', CONSTRAINT = 'difference_not_past_zero';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION match_undo_not_settled() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM FROM line_match WHERE id = NEW.match_id FOR UPDATE;
    IF (SELECT coalesce(sum(amount), 0) FROM difference_settlement WHERE match_id = NEW.match_id) <> 0 THEN
        RAISE EXCEPTION 'settled' USING ERRCODE = 'check_violation', CONSTRAINT = 'match_undo_difference_settled';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_settled BEFORE INSERT ON match_undo FOR EACH ROW EXECUTE FUNCTION match_undo_not_settled();

CREATE OR REPLACE FUNCTION keep_hand_in() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE owner text[] := ARRAY['difference_owner_id', 'difference_owner_name'];
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = 'confirmed' AND OLD.difference <> 0
        AND to_jsonb(NEW) - owner = to_jsonb(OLD) - owner
    THEN RETURN NEW; END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'handed' OR NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id
        OR NEW.declared <> OLD.declared
    THEN RAISE EXCEPTION 'a hand-in stays as it was settled'; END IF;
    RETURN NEW;
END $$;
"""

CONTRACTORS = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF number, branch_id, contractor_id, contractor_name, month, amount, held,
    request_id, by_id, by_name, at ON contractor_sheet FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF sheet_id, nth, offer_id, order_number, worker, accepted_at, price, amount,
    note ON contractor_sheet_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON contractor_sheet_back FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON contractor_payment FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE FUNCTION contractor_payment_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE sheet contractor_sheet%ROWTYPE; paid numeric;
BEGIN
    SELECT * INTO sheet FROM contractor_sheet WHERE id = NEW.sheet_id FOR UPDATE;
    SELECT coalesce(sum(amount), 0) + NEW.amount INTO paid FROM contractor_payment WHERE sheet_id = NEW.sheet_id;
    IF NOT sheet.live OR paid NOT IN (0, sheet.amount)
        OR (SELECT state FROM approval_request WHERE id = sheet.request_id) <> 'approved'
        OR NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT FROM contractor_payment WHERE id = NEW.reverses_id
            AND sheet_id = NEW.sheet_id AND channel = NEW.channel AND amount = -NEW.amount)
    THEN
        RAISE EXCEPTION 'not to be paid' USING ERRCODE = 'check_violation', CONSTRAINT = 'contractor_payment_allowed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON contractor_payment FOR EACH ROW EXECUTE FUNCTION contractor_payment_allowed();

CREATE FUNCTION contractor_sheet_not_paid() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    PERFORM FROM contractor_sheet WHERE id = NEW.sheet_id FOR UPDATE;
    IF (SELECT coalesce(sum(amount), 0) FROM contractor_payment WHERE sheet_id = NEW.sheet_id) <> 0 THEN
        RAISE EXCEPTION 'paid' USING ERRCODE = 'check_violation', CONSTRAINT = 'contractor_sheet_paid';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER not_paid BEFORE INSERT ON contractor_sheet_back FOR EACH ROW EXECUTE FUNCTION contractor_sheet_not_paid();

CREATE FUNCTION contractor_payment_to_match() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.reverses_id IS NOT NULL THEN
        PERFORM match_item_taken_back((SELECT id FROM match_item WHERE contractor_payment_id = NEW.reverses_id));
        RETURN NULL;
    END IF;
    INSERT INTO match_item
        (kind, contractor_payment_id, branch_id, channel, number, reference, payer, amount, at, by_id, by_name)
    SELECT 'contractor_payment', NEW.id, sheet.branch_id, NEW.channel, sheet.number, NEW.reference, sheet.contractor_name,
        -NEW.amount, NEW.paid_on::timestamp AT TIME ZONE branch.zone, NEW.by_id, NEW.by_name
    FROM contractor_sheet sheet JOIN branch ON branch.id = sheet.branch_id WHERE sheet.id = NEW.sheet_id;
    RETURN NULL;
END $$;
CREATE TRIGGER to_match AFTER INSERT ON contractor_payment
    FOR EACH ROW WHEN (NEW.channel <> 'cash') EXECUTE FUNCTION contractor_payment_to_match();
"""

GONE = """
DROP FUNCTION contractor_payment_to_match;
DROP FUNCTION contractor_sheet_not_paid;
DROP FUNCTION contractor_payment_allowed;
DELETE FROM approval_request_link WHERE step_id IN (
    SELECT step.id FROM approval_request_step step JOIN approval_request ask ON ask.id = step.request_id
    WHERE ask.kind = 'settlement'
);
DELETE FROM approval_request_step WHERE request_id IN (SELECT id FROM approval_request WHERE kind = 'settlement');
DELETE FROM approval_request WHERE kind = 'settlement';
DELETE FROM approval_rule WHERE kind = 'settlement';
DELETE FROM series_counter WHERE series = 'JS';
"""

BEFORE = """
DROP TRIGGER not_settled ON match_undo;
DROP FUNCTION match_undo_not_settled;

CREATE OR REPLACE FUNCTION keep_hand_in() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP = 'DELETE' OR OLD.status <> 'handed' OR NEW.number <> OLD.number OR NEW.person_id <> OLD.person_id
        OR NEW.declared <> OLD.declared
    THEN RAISE EXCEPTION 'a hand-in stays as it was settled'; END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION difference_settlement_allowed() RETURNS trigger LANGUAGE plpgsql AS
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
"""


def upgrade() -> None:
    _words((*WAYS, *FRESH_WAYS), (*ACCOUNTS, *FRESH_ACCOUNTS), (*SETTLEMENTS, "deducted"))
    op.alter_column("difference_settlement", "hand_in_id", nullable=True)
    op.add_column("difference_settlement", sa.Column("match_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_difference_settlement_match_id"), "difference_settlement", "line_match", ["match_id"], ["id"])
    op.create_check_constraint(
        op.f("ck_difference_settlement_settles_one"), "difference_settlement", "num_nonnulls(hand_in_id, match_id) = 1"
    )
    there = sa.text("match_id IS NOT NULL")
    op.create_index("ix_difference_settlement_match_id", "difference_settlement", ["match_id"], postgresql_where=there)
    for table, column in OWNERS:
        named = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=named)
    for table in ("statement_line", "match_item"):
        op.add_column(table, sa.Column("owner_id", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("owner_name", sa.Text(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_owner_id"), table, "person", ["owner_id"], ["id"])
    _match_keeps(SAID)
    op.execute(LEFT_OVER)
    _sheets()
    _names((*KINDS, *FRESH_KINDS), (*CAUSES, *FRESH_CAUSES), (*BACKS, *FRESH_BACKS), (*SERIES, "JS"))
    _requests((*REQUESTS, "settlement"), ("purchase", "settlement"))
    _items(f"{SOURCES}, contractor_payment_id", ("receipt", "account_payment", "deposit", "contractor_payment"))
    op.execute(CONTRACTORS)


def _sheets() -> None:
    """The four tables, and what names them."""
    op.create_table(
        "contractor_sheet",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("number", sa.Text(), nullable=False, unique=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("contractor_id", sa.BigInteger(), sa.ForeignKey("holder.id"), nullable=False),
        sa.Column("contractor_name", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("held", sa.Numeric(12, 2), nullable=False),
        sa.Column("request_id", sa.BigInteger(), sa.ForeignKey("approval_request.id"), nullable=False, unique=True),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        *_by(),
        sa.CheckConstraint("amount > 0", name="pays_something"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="is_of_a_month"),
    )
    op.create_index("ix_contractor_sheet_contractor_id_month", "contractor_sheet", ["contractor_id", "month"])
    op.create_index("ix_contractor_sheet_branch_id_id", "contractor_sheet", ["branch_id", "id"])
    words = "offer_id IS NOT NULL OR (amount <> 0 AND btrim(coalesce(note, '')) <> '')"
    op.create_table(
        "contractor_sheet_line",
        sa.Column("sheet_id", sa.BigInteger(), sa.ForeignKey("contractor_sheet.id"), primary_key=True),
        sa.Column("nth", sa.BigInteger(), primary_key=True),
        sa.Column("offer_id", sa.BigInteger(), sa.ForeignKey("outside_offer.id")),
        sa.Column("order_number", sa.Text()),
        sa.Column("worker", sa.Text()),
        sa.Column("accepted_at", MOMENT),
        sa.Column("price", sa.Numeric(12, 2)),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(words, name="is_work_or_words"),
        sa.CheckConstraint("num_nonnulls(offer_id, order_number, worker, accepted_at, price) IN (0, 5)", name="work_is_whole"),
    )
    live = sa.text("live")
    op.create_index("uq_contractor_sheet_line_live", "contractor_sheet_line", ["offer_id"], unique=True, postgresql_where=live)
    op.create_table(
        "contractor_sheet_back",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("sheet_id", sa.BigInteger(), sa.ForeignKey("contractor_sheet.id"), nullable=False, unique=True),
        sa.Column("reason", sa.Text(), nullable=False),
        *_by(),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
    )
    op.create_table(
        "contractor_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("sheet_id", sa.BigInteger(), sa.ForeignKey("contractor_sheet.id"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("request_key", sa.Uuid(), unique=True),
        sa.Column("reverses_id", sa.BigInteger(), sa.ForeignKey("contractor_payment.id"), unique=True),
        *_by(),
        sa.CheckConstraint("channel IN ('transfer', 'wechat', 'alipay', 'cash')", name="channel_known"),
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name="negative_reverses"),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.CheckConstraint("btrim(reference) <> ''", name="has_reference"),
    )
    op.create_index("ix_contractor_payment_sheet_id", "contractor_payment", ["sheet_id"])
    for column in FRESH_CAUSES:
        _add("voucher", column, column.removesuffix("_id"))
        op.create_unique_constraint(op.f(f"uq_voucher_{column}"), "voucher", [column])
    _add("match_item", "contractor_payment_id", "contractor_payment")
    op.create_unique_constraint(op.f("uq_match_item_contractor_payment_id"), "match_item", ["contractor_payment_id"])
    _add("account", "contractor_id", "holder")
    there = sa.text("contractor_id IS NOT NULL")
    op.create_index("ix_account_contractor_id", "account", ["contractor_id"], postgresql_where=there)
    op.create_check_constraint(
        op.f("ck_account_contractor_is_named"), "account", "(kind = 'contractor') = (contractor_id IS NOT NULL)"
    )
    _check("account", "has_one_owner", "num_nonnulls(person_id, branch_id, customer_id, contractor_id) = 1")


def _by() -> tuple[sa.Column[Any], ...]:
    """Who did it, and when."""
    return (
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )


def _add(table: str, column: str, other: str) -> None:
    op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, other, [column], ["id"])


def _drop_sheets() -> None:
    _check("account", "has_one_owner", "num_nonnulls(person_id, branch_id, customer_id) = 1")
    op.drop_constraint(op.f("ck_account_contractor_is_named"), "account")
    op.drop_index("ix_account_contractor_id", "account")
    op.drop_column("account", "contractor_id")
    op.drop_column("match_item", "contractor_payment_id")
    for column in reversed(FRESH_CAUSES):
        op.drop_column("voucher", column)
    for table in ("contractor_payment", "contractor_sheet_back", "contractor_sheet_line", "contractor_sheet"):
        op.drop_table(table)


def _names(kinds: tuple[str, ...], causes: tuple[str, ...], backs: tuple[str, ...], series: tuple[str, ...]) -> None:
    """The words that vouchers know, the causes of which one has one, and the series of numbers."""
    _check("voucher", "kind_known", f"kind IN {kinds}")
    _one_cause(causes)
    _check("voucher", "back_reverses", f"kind NOT IN {backs} OR reverses_id IS NOT NULL")
    _check("series_counter", "series_known", f"series IN {series}")


def _one_cause(causes: tuple[str, ...]) -> None:
    _check("voucher", "has_one_cause", f"num_nonnulls({', '.join(causes)}) = 1")


def _requests(kinds: tuple[str, ...], of_no_order: tuple[str, ...]) -> None:
    """What is asked for, what of it belongs to no order, and of what the manager decides first."""
    _check("approval_request", "kind_known", f"kind IN {kinds}")
    listed = ", ".join(f"'{kind}'" for kind in of_no_order)
    _check("approval_request", "favours_are_of_an_order", f"(kind IN ({listed})) = (order_id IS NULL)")
    _check("approval_rule", "kind_known", f"kind IN {('installation', 'repair', *kinds)}")
    first = ", ".join(f"'{kind}'" for kind in ("installation", "repair", *of_no_order))
    _check("approval_rule", "manager_is_first", f"kind NOT IN ({first}) OR NOT roles @> '[\"manager\"]'")


def _items(sources: str, kinds: tuple[str, ...]) -> None:
    """What money of ours to be matched stands for, which nobody changes."""
    _check("match_item", "kind_known", f"kind IN {kinds}")
    _check("match_item", "stands_for_one", f"num_nonnulls({sources}) = 1")
    op.execute("DROP TRIGGER append_only ON match_item")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF kind, {sources}, {ITEM_SAYS} ON match_item "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    _items(SOURCES, ("receipt", "account_payment", "deposit"))
    _one_cause(CAUSES)  # before its columns go: the rule would go with them
    _drop_sheets()
    op.execute("ALTER TABLE approval_rule DISABLE TRIGGER USER")
    op.execute(GONE)
    op.execute("ALTER TABLE approval_rule ENABLE TRIGGER USER")
    _requests(REQUESTS, ("purchase",))
    _names(KINDS, CAUSES, BACKS, SERIES)
    op.execute(BEFORE)
    _match_keeps(f"{SAID}, owner_id")
    for table in ("match_item", "statement_line"):
        op.drop_constraint(op.f(f"fk_{table}_owner_id"), table)
        op.drop_column(table, "owner_name")
        op.drop_column(table, "owner_id")
    for table, column in OWNERS:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_index("ix_difference_settlement_match_id", "difference_settlement")
    op.drop_constraint(op.f("ck_difference_settlement_settles_one"), "difference_settlement")
    op.drop_constraint(op.f("fk_difference_settlement_match_id"), "difference_settlement")
    op.drop_column("difference_settlement", "match_id")
    op.alter_column("difference_settlement", "hand_in_id", nullable=False)
    _words(WAYS, ACCOUNTS, SETTLEMENTS)


def _match_keeps(columns: str) -> None:
    """What of a match that has counted nobody changes."""
    op.execute("DROP TRIGGER append_only ON line_match")
    op.execute(
        f"CREATE TRIGGER append_only BEFORE UPDATE OF {columns} ON line_match FOR EACH ROW WHEN (OLD.run_id IS NOT NULL) "
        "EXECUTE FUNCTION refuse_change()"
    )


def _words(ways: tuple[str, ...], accounts: tuple[str, ...], settlements: tuple[str, ...]) -> None:
    _check("line_match", "way_known", f"way IN {ways}")
    _check("account", "kind_known", f"kind IN {accounts}")
    _check("difference_settlement", "how_known", f"how IN {settlements}")


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
