"""matching: what of ours a statement should show, and which of its lines that is"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

ACCOUNTS = (
    "cash_in_hand",
    "cash_desk",
    "bank",
    "clearing",
    "receivable",
    "on_account",
    "income",
    "tax",
    "difference",
    "written_off",
)
FRESH_ACCOUNTS = ("at_channel", "channel_fee", "rounding")
KINDS = (
    *("charge", "charge_back", "receipt", "refund", "hand_in", "hand_in_back", "difference_settled", "difference_back"),
    *("account_payment", "account_payment_back", "bank_deposit", "bank_deposit_back"),
)
FRESH_KINDS = ("matched", "match_undone")
CAUSES = (
    *("charge_id", "receipt_id", "hand_in_id", "hand_in_back_id", "difference_settlement_id", "account_payment_id"),
    "bank_deposit_id",
)
FRESH_CAUSES = ("match_run_id", "match_undo_id")
WAYS = (
    *("number", "reference", "number_late", "several_items", "several_lines", "person", "amount", "ambiguous"),
    *("sum_of_person", "fee", "differs", "explained"),
)
REASONS = ("fee", "rounding", "owed", "written_off", "payout", "cancels", "elsewhere", "underway")
FINDINGS = ("unknown", "differs", "twice", "reversed", "refund_unknown")
MOMENT = sa.DateTime(timezone=True)
SAID = "statement_id, branch_id, row, channel, account, key, kind, at, amount, fee, receipt, reference, party, note"

ITEMS = """
INSERT INTO match_item (kind, receipt_id, branch_id, channel, number, other, reference, payer, amount, at, by_id, by_name)
SELECT 'receipt', r.id, r.branch_id, r.channel, r.number, f.number, r.reference, r.payer, r.amount, r.at, r.by_id, r.by_name
FROM receipt r LEFT JOIN receipt f ON f.id = r.refunds_id WHERE r.channel NOT IN ('cash', 'account') ORDER BY r.id;

INSERT INTO match_item (kind, account_payment_id, branch_id, channel, number, reference, payer, amount, at, by_id, by_name, state)
SELECT 'account_payment', p.id, r.branch_id, p.channel, r.number, p.reference, p.payer, p.amount, p.at, p.by_id, p.by_name,
    CASE WHEN EXISTS (SELECT FROM account_payment b WHERE b.reverses_id = p.id) THEN 'void' ELSE 'open' END
FROM account_payment p JOIN receipt r ON r.id = p.receipt_id
WHERE p.channel <> 'cash' AND p.reverses_id IS NULL ORDER BY p.id;

INSERT INTO match_item (kind, bank_deposit_id, branch_id, channel, number, other, amount, at, by_id, by_name, state)
SELECT 'deposit', id, branch_id, 'cash', number, slip, amount, paid_at, by_id, by_name, CASE WHEN live THEN 'open' ELSE 'void' END
FROM bank_deposit WHERE reverses_id IS NULL ORDER BY id;
"""

KEPT = f"""
CREATE FUNCTION receipt_to_match() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO match_item (kind, receipt_id, branch_id, channel, number, other, reference, payer, amount, at, by_id, by_name)
    VALUES ('receipt', NEW.id, NEW.branch_id, NEW.channel, NEW.number, (SELECT number FROM receipt WHERE id = NEW.refunds_id),
        NEW.reference, NEW.payer, NEW.amount, NEW.at, NEW.by_id, NEW.by_name);
    RETURN NULL;
END $$;
CREATE TRIGGER to_match AFTER INSERT ON receipt
    FOR EACH ROW WHEN (NEW.channel NOT IN ('cash', 'account')) EXECUTE FUNCTION receipt_to_match();

CREATE FUNCTION match_item_taken_back(item bigint) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN
    UPDATE match_item SET state = 'void' WHERE id = item AND state IN ('open', 'underway');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'matched' USING ERRCODE = 'check_violation', CONSTRAINT = 'match_item_matched';
    END IF;
    UPDATE line_match SET state = 'ended' FROM match_part
    WHERE match_part.match_id = line_match.id AND match_part.item_id = item
        AND (line_match.state = 'proposed' OR line_match.state = 'live' AND line_match.why = 'underway');
    UPDATE match_part SET live = false WHERE item_id = item AND live;
END $$;

CREATE FUNCTION account_payment_to_match() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.reverses_id IS NOT NULL THEN
        PERFORM match_item_taken_back((SELECT id FROM match_item WHERE account_payment_id = NEW.reverses_id));
        RETURN NULL;
    END IF;
    INSERT INTO match_item
        (kind, account_payment_id, branch_id, channel, number, reference, payer, amount, at, by_id, by_name)
    SELECT 'account_payment', NEW.id, branch_id, NEW.channel, number, NEW.reference, NEW.payer, NEW.amount, NEW.at, NEW.by_id,
        NEW.by_name
    FROM receipt WHERE id = NEW.receipt_id;
    RETURN NULL;
END $$;
CREATE TRIGGER to_match AFTER INSERT ON account_payment
    FOR EACH ROW WHEN (NEW.channel <> 'cash') EXECUTE FUNCTION account_payment_to_match();

CREATE FUNCTION bank_deposit_to_match() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.reverses_id IS NOT NULL THEN
        PERFORM match_item_taken_back((SELECT id FROM match_item WHERE bank_deposit_id = NEW.reverses_id));
        RETURN NULL;
    END IF;
    INSERT INTO match_item (kind, bank_deposit_id, branch_id, channel, number, other, amount, at, by_id, by_name)
    VALUES ('deposit', NEW.id, NEW.branch_id, 'cash', NEW.number, NEW.slip, NEW.amount, NEW.paid_at, NEW.by_id, NEW.by_name);
    RETURN NULL;
END $$;
CREATE TRIGGER to_match AFTER INSERT ON bank_deposit FOR EACH ROW EXECUTE FUNCTION bank_deposit_to_match();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF kind, receipt_id, account_payment_id, bank_deposit_id, branch_id, channel,
    number, other, reference, payer, amount, at, by_id, by_name ON match_item FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER locked BEFORE UPDATE OF {SAID} ON statement_line
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER locked_for_good BEFORE DELETE ON statement_line
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON match_run FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON match_undo FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OF branch_id, channel, way, amount, fee, difference, why, payout_channel, words, owner_id
    ON line_match FOR EACH ROW WHEN (OLD.run_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER counted BEFORE DELETE ON line_match
    FOR EACH ROW WHEN (OLD.run_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OF match_id, nth, line_id, item_id ON match_part
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    _items()
    _matches()
    op.add_column("statement_line", sa.Column("finding", sa.Text()))
    op.add_column("statement_line", sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id")))
    op.execute("UPDATE statement_line SET branch_id = statement.branch_id FROM statement WHERE statement.id = statement_id")
    op.alter_column("statement_line", "branch_id", nullable=False)
    op.create_check_constraint(op.f("ck_statement_line_finding_known"), "statement_line", f"finding IN {FINDINGS}")
    _check("statement_line", "state_known", "state IN ('open', 'matched', 'explained')")
    still_open = sa.text("state = 'open'")
    op.create_index("ix_statement_line_open", "statement_line", ["branch_id", "at", "id"], postgresql_where=still_open)
    for cause, table in (("match_run_id", "match_run"), ("match_undo_id", "match_undo")):
        op.add_column("voucher", sa.Column(cause, sa.BigInteger()))
        op.create_foreign_key(op.f(f"fk_voucher_{cause}"), "voucher", table, [cause], ["id"])
        op.create_unique_constraint(op.f(f"uq_voucher_{cause}"), "voucher", [cause])
    _say((*ACCOUNTS, *FRESH_ACCOUNTS), (*KINDS, *FRESH_KINDS), (*CAUSES, *FRESH_CAUSES))
    op.execute(ITEMS)
    op.execute(KEPT)


def downgrade() -> None:
    booked = op.get_bind().scalar(sa.text("SELECT count(*) FROM match_run"))
    if booked:
        raise RuntimeError(
            f"{booked} matchings are booked, and what is booked is never taken away. Restore a backup from before."
        )
    for table in ("receipt", "account_payment", "bank_deposit"):
        op.execute(f"DROP TRIGGER to_match ON {table}")
        op.execute(f"DROP FUNCTION {table}_to_match")
    op.execute("DROP FUNCTION match_item_taken_back")
    op.execute("DROP TRIGGER locked ON statement_line")
    op.execute("DROP TRIGGER locked_for_good ON statement_line")
    _say(ACCOUNTS, KINDS, CAUSES)
    for cause in FRESH_CAUSES:
        op.drop_column("voucher", cause)
    for table in ("match_undo", "match_part", "line_match", "match_run", "match_item"):
        op.drop_table(table)
    op.drop_index("ix_statement_line_open", "statement_line")
    op.drop_column("statement_line", "finding")
    op.drop_column("statement_line", "branch_id")
    _check("statement_line", "state_known", "state IN ('open')")


def _items() -> None:
    op.create_table(
        "match_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), sa.ForeignKey("receipt.id"), unique=True),
        sa.Column("account_payment_id", sa.BigInteger(), sa.ForeignKey("account_payment.id"), unique=True),
        sa.Column("bank_deposit_id", sa.BigInteger(), sa.ForeignKey("bank_deposit.id"), unique=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("other", sa.Text()),
        sa.Column("reference", sa.Text()),
        sa.Column("payer", sa.Text()),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.CheckConstraint("kind IN ('receipt', 'account_payment', 'deposit')", name="kind_known"),
        sa.CheckConstraint("channel IN ('wechat', 'alipay', 'transfer', 'pos', 'cash')", name="channel_known"),
        sa.CheckConstraint("state IN ('open', 'underway', 'matched', 'void')", name="state_known"),
        sa.CheckConstraint("num_nonnulls(receipt_id, account_payment_id, bank_deposit_id) = 1", name="stands_for_one"),
    )
    op.create_index("ix_match_item_branch_id_at", "match_item", ["branch_id", "at"])
    op.create_index("ix_match_item_number", "match_item", ["number"])
    op.create_index("ix_match_item_open", "match_item", ["branch_id", "at", "id"], postgresql_where=sa.text("state = 'open'"))


def _matches() -> None:
    op.create_table(
        "match_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id")),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("how IN ('automatic', 'accepted', 'explained')", name="how_known"),
    )
    op.create_index("ix_match_run_branch_id_at", "match_run", ["branch_id", "at"])
    op.create_table(
        "line_match",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("branch_id", sa.BigInteger(), sa.ForeignKey("branch.id"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("confidence", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), sa.ForeignKey("match_run.id")),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("amount", sa.Numeric(12, 2), nullable=False),
        sa.Column("fee", sa.Numeric(12, 2), nullable=False),
        sa.Column("difference", sa.Numeric(12, 2), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("payout_channel", sa.Text()),
        sa.Column("words", sa.Text()),
        sa.Column("owner_id", sa.BigInteger(), sa.ForeignKey("person.id")),
        sa.Column("owner_name", sa.Text()),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id")),
        sa.Column("by_name", sa.Text()),
        sa.Column("decided_at", MOMENT),
        sa.CheckConstraint("channel IN ('wechat', 'alipay', 'bank')", name="channel_known"),
        sa.CheckConstraint("state IN ('proposed', 'live', 'undone', 'declined', 'ended')", name="state_known"),
        sa.CheckConstraint(f"way IN {WAYS}", name="way_known"),
        sa.CheckConstraint(f"why IN {REASONS}", name="why_known"),
        sa.CheckConstraint("confidence BETWEEN 0 AND 100", name="confidence_is_a_share"),
        sa.CheckConstraint("state NOT IN ('live', 'undone') OR run_id IS NOT NULL", name="counts_by_a_run"),
        sa.CheckConstraint("state NOT IN ('proposed', 'declined') OR run_id IS NULL", name="proposed_does_not_count"),
        sa.CheckConstraint("difference = 0 OR why IS NOT NULL OR run_id IS NULL", name="difference_is_explained"),
        sa.CheckConstraint("(why = 'owed') = (owner_id IS NOT NULL)", name="owed_has_owner"),
        sa.CheckConstraint("(why = 'payout') = (payout_channel IS NOT NULL)", name="payout_has_channel"),
        sa.CheckConstraint("way <> 'explained' OR btrim(coalesce(words, '')) <> ''", name="explained_in_words"),
    )
    op.create_index("ix_line_match_run_id", "line_match", ["run_id"])
    proposed, explained = sa.text("state = 'proposed'"), sa.text("why IS NOT NULL")
    op.create_index("ix_line_match_proposed", "line_match", ["branch_id", "confidence", "id"], postgresql_where=proposed)
    op.create_index("ix_line_match_explained", "line_match", ["branch_id", "at", "id"], postgresql_where=explained)
    op.create_table(
        "match_part",
        sa.Column("match_id", sa.BigInteger(), sa.ForeignKey("line_match.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("nth", sa.BigInteger(), primary_key=True),
        sa.Column("line_id", sa.BigInteger(), sa.ForeignKey("statement_line.id")),
        sa.Column("item_id", sa.BigInteger(), sa.ForeignKey("match_item.id")),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("num_nonnulls(line_id, item_id) = 1", name="is_line_or_item"),
    )
    for column in ("line_id", "item_id"):
        there = f"{column} IS NOT NULL"
        op.create_index(f"ix_match_part_{column}", "match_part", [column], postgresql_where=sa.text(there))
        once = f"uq_match_part_{column.removesuffix('_id')}_live"
        op.create_index(once, "match_part", [column], unique=True, postgresql_where=sa.text(f"live AND {there}"))
    op.create_table(
        "match_undo",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("match_id", sa.BigInteger(), sa.ForeignKey("line_match.id"), nullable=False, unique=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
    )


def _say(accounts: tuple[str, ...], kinds: tuple[str, ...], causes: tuple[str, ...]) -> None:
    """The words that accounts and vouchers know, and the causes of which a voucher has one."""
    _check("account", "kind_known", f"kind IN {accounts}")
    _check("voucher", "kind_known", f"kind IN {kinds}")
    _check("voucher", "has_one_cause", f"num_nonnulls({', '.join(causes)}) = 1")


def _check(table: str, name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, rule)
