"""what the database keeps of money given back and charges taken back, and that one act writes one receipt"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

# The receipt's row is held without its key: whoever hands it in meanwhile only names it, and holds the account that is wanted next.
KEPT = """
CREATE FUNCTION refund_fits() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE first receipt%ROWTYPE; back numeric;
BEGIN
    SELECT * INTO first FROM receipt WHERE id = NEW.refunds_id FOR NO KEY UPDATE;
    SELECT coalesce(sum(amount), 0) INTO back FROM receipt WHERE refunds_id = NEW.refunds_id;
    IF first.refunds_id IS NOT NULL OR (first.order_id, first.channel) <> (NEW.order_id, NEW.channel)
        OR first.amount + back + NEW.amount < 0
    THEN
        RAISE EXCEPTION 'more than was taken' USING ERRCODE = 'check_violation', CONSTRAINT = 'refund_fits_receipt';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_fits BEFORE INSERT ON receipt
    FOR EACH ROW WHEN (NEW.refunds_id IS NOT NULL) EXECUTE FUNCTION refund_fits();

CREATE FUNCTION charge_reverses() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NOT EXISTS (SELECT FROM charge WHERE id = NEW.reverses_id AND reverses_id IS NULL AND order_id = NEW.order_id
        AND code = NEW.code AND tax_rate = NEW.tax_rate AND quantity = -NEW.quantity AND amount = -NEW.amount)
    THEN RAISE EXCEPTION 'a charge is taken back as a whole'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reverses BEFORE INSERT ON charge
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION charge_reverses();
"""


def upgrade() -> None:
    there = sa.text("fact_id IS NOT NULL")
    op.create_index("uq_receipt_fact_id", "receipt", ["fact_id"], unique=True, postgresql_where=there)
    op.execute(KEPT)


def downgrade() -> None:
    op.execute("DROP TRIGGER reverses ON charge")
    op.execute("DROP FUNCTION charge_reverses")
    op.execute("DROP TRIGGER refund_fits ON receipt")
    op.execute("DROP FUNCTION refund_fits")
    op.drop_index("uq_receipt_fact_id", "receipt")
