"""invoices: requests, lines, buyers, tax codes, files, numbers in doubt; the numbers beside receipts become invoices"""

from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON invoice_line FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF request_number, request_key, branch_id, customer_id, origin, red_of_id,
    asked_by_id, asked_by_name, asked_at ON invoice FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON invoice_file FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OF receipt_id, order_id, number, told, by_name, at ON invoice_doubt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
PARTIAL = {
    "ix_charge_taken_back": ("charge", "reverses_id IS NOT NULL"),
    "ix_receipt_without_invoice": ("receipt", "invoice_number IS NULL AND amount > 0"),
    "ix_receipt_given_back": ("receipt", "amount < 0"),
    "ix_receipt_on_account": ("receipt", "channel = 'account'"),
    "ix_invoice_line_red": ("invoice_line", "gross < 0"),
}
NUMBERED = """
SELECT r.id, r.invoice_number, r.order_id, r.by_id, r.by_name, r.at, o.branch_id, o.customer_id, b.code AS branch,
    o.number AS "order", r.number AS receipt,
    r.amount + coalesce((SELECT sum(back.amount) FROM receipt back WHERE back.refunds_id = r.id), 0) AS kept
FROM receipt r JOIN work_order o ON o.id = r.order_id JOIN branch b ON b.id = o.branch_id
WHERE r.invoice_number IS NOT NULL AND r.amount > 0 ORDER BY r.id
"""
CHARGED = """
SELECT order_id, code, unit_price, tax_rate, min(name) AS name, sum(amount) AS standing,
    sum(amount) FILTER (WHERE reverses_id IS NULL) AS most
FROM charge WHERE order_id = ANY(:orders) GROUP BY order_id, code, unit_price, tax_rate ORDER BY order_id, min(id)
"""
TAKEN = {"msgid": "This invoice number is on record already.", "params": {}}
LITTLE = {"msgid": "Nothing is left to be invoiced here.", "params": {}}
Row = sa.Row[Any]


def upgrade() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_number", sa.Text(), nullable=False),
        sa.Column("request_key", sa.Uuid(), nullable=True),
        sa.Column("branch_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("send_to", sa.Text(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("gross", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("net", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("red_of_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_name", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by_name", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_state", sa.Text(), nullable=True),
        sa.Column("provider_tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("provider_next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_told", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("search_text", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind <> 'special' OR uscc IS NOT NULL", name=op.f("ck_invoice_special_has_uscc")),
        sa.CheckConstraint("kind IN ('ordinary', 'special')", name=op.f("ck_invoice_kind_known")),
        sa.CheckConstraint("medium IN ('electronic', 'paper')", name=op.f("ck_invoice_medium_known")),
        sa.CheckConstraint("origin = 'site' OR btrim(coalesce(title, '')) <> ''", name=op.f("ck_invoice_asked_has_title")),
        sa.CheckConstraint("origin IN ('site', 'asked')", name=op.f("ck_invoice_origin_known")),
        sa.CheckConstraint(
            "provider_state IN ('waiting', 'asked', 'failed', 'done')", name=op.f("ck_invoice_provider_state_known")
        ),
        sa.CheckConstraint(
            "red_of_id IS NULL OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_invoice_red_letter_has_reason")
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'issued', 'red_lettered', 'refused', 'withdrawn', 'void')",
            name=op.f("ck_invoice_state_known"),
        ),
        sa.CheckConstraint(
            "state IN ('requested', 'refused', 'withdrawn') OR (number IS NOT NULL AND issued_at IS NOT NULL)",
            name=op.f("ck_invoice_issued_has_number"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'void') OR btrim(coalesce(reason, '')) <> ''", name=op.f("ck_invoice_ended_has_reason")
        ),
        sa.CheckConstraint("(red_of_id IS NOT NULL) = (gross < 0)", name=op.f("ck_invoice_negative_red_letters")),
        sa.CheckConstraint("gross <> 0", name=op.f("ck_invoice_has_amount")),
        sa.CheckConstraint("net + tax = gross", name=op.f("ck_invoice_net_and_tax_are_gross")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_invoice_asked_by_id")),
        sa.ForeignKeyConstraint(["branch_id"], ["branch.id"], name=op.f("fk_invoice_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_invoice_customer_id")),
        sa.ForeignKeyConstraint(["red_of_id"], ["invoice.id"], name=op.f("fk_invoice_red_of_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("request_key", name=op.f("uq_invoice_request_key")),
        sa.UniqueConstraint("request_number", name=op.f("uq_invoice_request_number")),
    )
    op.create_index(op.f("ix_invoice_branch_id_state_asked_at"), "invoice", ["branch_id", "state", "asked_at"], unique=False)
    op.create_index(op.f("ix_invoice_customer_id"), "invoice", ["customer_id"], unique=False)
    op.create_index(op.f("ix_invoice_red_of_id"), "invoice", ["red_of_id"], unique=False)
    op.create_index("uq_invoice_number", "invoice", ["number"], unique=True, postgresql_where=sa.text("state <> 'void'"))
    op.create_table(
        "invoice_buyer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("medium", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("bank", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("send_to", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('ordinary', 'special')", name=op.f("ck_invoice_buyer_kind_known")),
        sa.CheckConstraint("medium IN ('electronic', 'paper')", name=op.f("ck_invoice_buyer_medium_known")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_invoice_buyer_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_buyer")),
        sa.UniqueConstraint("customer_id", "title", name=op.f("uq_invoice_buyer_customer_id_title")),
    )
    op.create_table(
        "invoice_tax_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("tax_code ~ '^[0-9]{19}$'", name=op.f("ck_invoice_tax_code_tax_code_is_digits")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_invoice_tax_code_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_tax_code")),
        sa.UniqueConstraint("subject", "valid_from", name=op.f("uq_invoice_tax_code_subject_valid_from")),
    )
    op.create_table(
        "invoice_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_invoice_file_by_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_file_invoice_id")),
        sa.ForeignKeyConstraint(["sha256"], ["stored_file.sha256"], name=op.f("fk_invoice_file_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_file")),
        sa.UniqueConstraint("invoice_id", "sha256", name=op.f("uq_invoice_file_invoice_id_sha256")),
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=5, scale=4), nullable=False),
        sa.Column("tax_code", sa.Text(), nullable=True),
        sa.Column("gross", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("net", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("tax", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.CheckConstraint("tax_code ~ '^[0-9]{19}$'", name=op.f("ck_invoice_line_tax_code_is_digits")),
        sa.CheckConstraint("gross <> 0", name=op.f("ck_invoice_line_has_amount")),
        sa.CheckConstraint("net + tax = gross", name=op.f("ck_invoice_line_net_and_tax_are_gross")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_invoice_line_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
    )
    op.create_index(op.f("ix_invoice_line_invoice_id"), "invoice_line", ["invoice_id"], unique=False)
    op.create_index(op.f("ix_invoice_line_order_id"), "invoice_line", ["order_id"], unique=False)
    op.create_table(
        "invoice_doubt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("told", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by_name", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by_name IS NULL)", name=op.f("ck_invoice_doubt_settled_by_somebody")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_invoice_doubt_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_invoice_doubt_order_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipt.id"], name=op.f("fk_invoice_doubt_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_doubt")),
    )
    op.create_index(
        "ix_invoice_doubt_open", "invoice_doubt", ["order_id"], unique=False, postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_index(op.f("ix_invoice_doubt_receipt_id"), "invoice_doubt", ["receipt_id"], unique=False)
    op.create_index("ix_invoice_asked", "invoice", ["id"], postgresql_where=sa.text("origin = 'asked'"))
    op.create_index("ix_invoice_search", "invoice", [sa.literal_column("search_grams(search_text)")], postgresql_using="gin")
    for name, (table, rule) in PARTIAL.items():
        op.create_index(name, table, ["order_id"], postgresql_where=sa.text(rule))
    op.execute(KEPT)
    _take_over(op.get_bind())


def downgrade() -> None:
    asked = op.get_bind().scalar(sa.text("SELECT count(*) FROM invoice WHERE origin = 'asked' OR red_of_id IS NOT NULL"))
    if asked:
        raise RuntimeError(
            f"{asked} invoices were asked for or red-lettered, and nothing else keeps them. Restore a backup from before."
        )
    op.execute(
        "UPDATE receipt SET invoice_number = doubt.number FROM invoice_doubt doubt "
        "WHERE doubt.receipt_id = receipt.id AND doubt.settled_at IS NULL AND receipt.invoice_number IS NULL"
    )
    for name, (table, _) in PARTIAL.items():
        op.drop_index(name, table)
    op.drop_table("invoice_doubt")
    op.drop_table("invoice_line")
    op.drop_table("invoice_file")
    op.drop_table("invoice_tax_code")
    op.drop_table("invoice_buyer")
    op.drop_table("invoice")


def _take_over(db: sa.Connection) -> None:
    """Make an invoice of each number that stands beside receipts of one order; what cannot be one is a doubt."""
    rows = db.execute(sa.text(NUMBERED)).all()
    rests = _rests(db, [row.order_id for row in rows])
    made: dict[str, Row] = {}
    for row in rows:
        first = made.get(row.invoice_number)
        if first is None and row.kept > 0 and _write(db, row, [one for one in rows if _same(one, row)], rests[row.order_id]):
            made[row.invoice_number] = row
        elif first is None or first.order_id != row.order_id:
            _doubt(db, row, LITTLE if first is None else TAKEN)


def _same(one: Row, other: Row) -> bool:
    return (one.invoice_number, one.order_id) == (other.invoice_number, other.order_id)


def _rests(db: sa.Connection, orders: list[int]) -> dict[int, list[list[Any]]]:
    """What is charged on each order: its item, what of it stands, and what was taken back since."""
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for row in db.execute(sa.text(CHARGED), {"orders": orders}) if orders else ():
        item = {name: getattr(row, name) for name in ("order_id", "code", "unit_price", "tax_rate", "name")}
        standing = max(row.standing, Decimal(0))
        found[row.order_id].append([item, standing, (row.most or Decimal(0)) - standing])
    return found


def _write(db: sa.Connection, row: Row, same: list[Row], rests: list[list[Any]]) -> bool:
    """One invoice over what was kept of some receipts; False where so much was never charged."""
    wanted = sum((one.kept for one in same), Decimal(0))
    if sum(rest[1] + rest[2] for rest in rests) < wanted:
        return False
    lines = _lines(rests, wanted)
    sums = {name: sum(line[name] for line in lines) for name in ("gross", "net", "tax")}
    id_ = db.execute(sa.text("SELECT nextval(pg_get_serial_sequence('invoice', 'id'))")).scalar_one()
    facts = {"id": id_, "request_number": f"FP{row.branch}{id_:06d}", "branch_id": row.branch_id, "customer_id": row.customer_id}
    asked = {"asked_by_id": row.by_id, "asked_by_name": row.by_name, "asked_at": row.at}
    issued = {"number": row.invoice_number, "issued_by_name": row.by_name, "issued_at": row.at, "state": "issued"}
    found_by = f"fp{row.branch}{id_:06d}|{row.invoice_number}".lower()
    words = {"search_text": found_by, "origin": "site", "kind": "ordinary", "medium": "electronic"}
    _insert(db, "invoice", {**facts, **asked, **issued, **words, **sums})
    for line in lines:
        _insert(db, "invoice_line", {"invoice_id": id_, **line})
    return True


def _lines(rests: list[list[Any]], wanted: Decimal) -> list[dict[str, Any]]:
    """Take an amount off what is charged, what stands first."""
    parts: dict[int, Decimal] = defaultdict(Decimal)
    for which in (1, 2):
        for number, rest in enumerate(rests):
            part = min(rest[which], wanted)
            rest[which], wanted = rest[which] - part, wanted - part
            parts[number] += part
    return [_line(rests[number][0], gross) for number, gross in parts.items() if gross]


def _line(item: dict[str, Any], gross: Decimal) -> dict[str, Any]:
    net = (gross / (1 + item["tax_rate"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
    price = item["unit_price"]
    quantity = int(gross / price) if price and gross % price == 0 else None
    return {**item, "quantity": quantity, "gross": gross, "net": net, "tax": gross - net}


def _doubt(db: sa.Connection, row: Row, why: dict[str, Any]) -> None:
    """A number that cannot be this receipt's stands beside it no more, and is kept as a doubt."""
    db.execute(sa.text("UPDATE receipt SET invoice_number = NULL WHERE id = :id"), {"id": row.id})
    at: datetime = row.at
    facts = {"receipt_id": row.id, "order_id": row.order_id, "number": row.invoice_number, "by_id": row.by_id}
    table = sa.table("invoice_doubt", sa.column("told", postgresql.JSONB), *map(sa.column, (*facts, "by_name", "at")))
    db.execute(sa.insert(table).values(**facts, told=why, by_name=row.by_name, at=at))


def _insert(db: sa.Connection, table: str, values: dict[str, Any]) -> None:
    db.execute(sa.insert(sa.table(table, *map(sa.column, values))).values(**values))
