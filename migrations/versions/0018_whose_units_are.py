"""whose each unit is: ours, a customer's, a third party's, and the ledger of it"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KEPT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ownership_entry FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- What belongs to a customer is in no other customer's vehicle, and is never lent.
CREATE FUNCTION unit_owner_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM custody_position p JOIN holder h ON h.id = p.holder_id JOIN vehicle v ON v.id = h.vehicle_id
        WHERE p.unit_id = NEW.id AND v.customer_id <> NEW.owner_customer_id)
    THEN RAISE EXCEPTION 'a unit of one customer is not in a vehicle of another'; END IF;
    IF EXISTS (SELECT FROM loan WHERE unit_id = NEW.id AND state = 'out')
    THEN RAISE EXCEPTION 'what belongs to a customer is not lent'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owner_allowed BEFORE UPDATE OF owner, owner_customer_id ON unit FOR EACH ROW
    WHEN (NEW.owner = 'customer') EXECUTE FUNCTION unit_owner_allowed();

CREATE FUNCTION fitted_owner_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM unit u, holder h JOIN vehicle v ON v.id = h.vehicle_id
        WHERE u.id = NEW.unit_id AND h.id = NEW.holder_id AND u.owner_customer_id <> v.customer_id)
    THEN RAISE EXCEPTION 'a unit of one customer is not in a vehicle of another'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owner_allowed BEFORE INSERT OR UPDATE OF holder_id ON custody_position FOR EACH ROW
    WHEN (NEW.holder_kind = 'slot') EXECUTE FUNCTION fitted_owner_allowed();

CREATE FUNCTION lent_owner_allowed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF EXISTS (SELECT FROM unit WHERE id = NEW.unit_id AND owner = 'customer')
    THEN RAISE EXCEPTION 'what belongs to a customer is not lent'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owner_allowed BEFORE INSERT OR UPDATE OF state ON loan FOR EACH ROW
    WHEN (NEW.state = 'out') EXECUTE FUNCTION lent_owner_allowed();
"""

BACKFILL = """
-- Terminals that are in a vehicle, and not on loan, are the customer's. The hash is that of dispatch.audit.rules.chain_hash.
WITH fitted AS (
    SELECT p.unit_id, v.customer_id, p.since, now() AS at
    FROM custody_position p JOIN holder h ON h.id = p.holder_id JOIN vehicle v ON v.id = h.vehicle_id JOIN unit u ON u.id = p.unit_id
    WHERE p.unit_kind = 'terminal' AND u.owner_seq = 0
        AND NOT EXISTS (SELECT FROM loan WHERE loan.unit_id = p.unit_id AND state = 'out')
), hashed AS (
    SELECT fitted.*, sha256(decode(repeat('00', 32), 'hex') || convert_to(
        '["ownership",' || unit_id || ',1,"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00",null,"backfill",'
        || '{"corrects_id":null,"device_at":"' || to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00",'
        || '"fitting_id":null,"from_customer_id":null,"from_name":null,"from_owner":null,"note":null,"order_id":null,'
        || '"to_customer_id":' || customer_id || ',"to_name":null,"to_owner":"customer","unit_id":' || unit_id || '}]', 'UTF8')) AS hash
    FROM fitted
), written AS (
    INSERT INTO ownership_entry (unit_id, seq, to_owner, to_customer_id, reason, by_name, at, device_at, prev_hash, hash)
    SELECT unit_id, 1, 'customer', customer_id, 'backfill', 'system', at, since, decode(repeat('00', 32), 'hex'), hash
    FROM hashed ORDER BY unit_id RETURNING unit_id, to_customer_id, hash
)
UPDATE unit SET owner = 'customer', owner_customer_id = written.to_customer_id, owner_seq = 1, owner_hash = written.hash
FROM written WHERE unit.id = written.unit_id;
"""


def whole(owner: str, customer_id: str, name: str) -> dict[str, str]:
    """The checks of columns that say whose something is: name -> rule."""
    return {
        f"{owner}_names_customer": f"({owner} IS NOT DISTINCT FROM 'customer') = ({customer_id} IS NOT NULL)",
        f"{owner}_names_third_party": f"({owner} IS NOT DISTINCT FROM 'third_party') = ({name} IS NOT NULL)",
    }


def columns_of_unit() -> None:
    """Whose a unit is now."""
    op.add_column("unit", sa.Column("owner", sa.Text(), server_default="ours", nullable=False))
    op.add_column("unit", sa.Column("owner_customer_id", sa.BigInteger(), nullable=True))
    op.add_column("unit", sa.Column("owner_name", sa.Text(), nullable=True))
    op.add_column("unit", sa.Column("owner_seq", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("unit", sa.Column("owner_hash", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(op.f("fk_unit_owner_customer_id"), "unit", "customer", ["owner_customer_id"], ["id"])
    rules = {
        "owner_known": "owner IN ('ours', 'customer', 'third_party')",
        **whole("owner", "owner_customer_id", "owner_name"),
        "owner_has_entry": "(owner_seq = 0) = (owner_hash IS NULL)",
        "tool_is_no_customers": "kind <> 'tool' OR owner <> 'customer'",
    }
    for name, rule in rules.items():
        op.create_check_constraint(op.f(f"ck_unit_{name}"), "unit", rule)
    not_ours = sa.text("owner <> 'ours'")
    op.create_index("ix_unit_not_ours", "unit", ["owner", "owner_customer_id"], postgresql_where=not_ours)


def ledger() -> None:
    """Whose a unit was."""
    known = "IN ('ours', 'customer', 'third_party')"
    rules = {
        "from_owner_known": f"from_owner {known}",
        "to_owner_known": f"to_owner {known}",
        **whole("from_owner", "from_customer_id", "from_name"),
        **whole("to_owner", "to_customer_id", "to_name"),
        "really_changes": "(from_owner, from_customer_id, from_name) IS DISTINCT FROM (to_owner, to_customer_id, to_name)",
        "only_first_has_no_past": "from_owner IS NOT NULL OR seq = 1",
        "declared_with_reason": "reason <> 'declared' OR btrim(coalesce(note, '')) <> ''",
    }
    points = {
        "unit_id": "unit",
        "from_customer_id": "customer",
        "to_customer_id": "customer",
        "order_id": "work_order",
        "fitting_id": "fitting",
        "by_id": "person",
        "corrects_id": "ownership_entry",
    }
    op.create_table(
        "ownership_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("from_owner", sa.Text(), nullable=True),
        sa.Column("from_customer_id", sa.BigInteger(), nullable=True),
        sa.Column("from_name", sa.Text(), nullable=True),
        sa.Column("to_owner", sa.Text(), nullable=False),
        sa.Column("to_customer_id", sa.BigInteger(), nullable=True),
        sa.Column("to_name", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("fitting_id", sa.BigInteger(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        sa.Column("by_name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_ownership_entry_{name}")) for name, rule in rules.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_ownership_entry_{column}"))
            for column, table in points.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership_entry")),
        sa.UniqueConstraint("unit_id", "seq", name=op.f("uq_ownership_entry_unit_id_seq")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_ownership_entry_corrects_id")),
    )
    for column in ("fitting_id", "order_id"):
        op.create_index(op.f(f"ix_ownership_entry_{column}"), "ownership_entry", [column])


def upgrade() -> None:
    columns_of_unit()
    ledger()
    op.get_bind().exec_driver_sql(BACKFILL)  # its colons are JSON's, and no parameters
    op.execute(KEPT)


def downgrade() -> None:
    for table in ("loan", "custody_position", "unit"):
        op.execute(f"DROP TRIGGER owner_allowed ON {table}")
    for function in ("lent_owner_allowed", "fitted_owner_allowed", "unit_owner_allowed"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("ownership_entry")
    for column in ("owner_hash", "owner_seq", "owner_name", "owner_customer_id", "owner"):
        op.drop_column("unit", column)
