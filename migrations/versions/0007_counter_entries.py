"""confirmed hand-ins that are taken back"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None

CAUSES = ("charge", "receipt", "hand_in")
BACKS = ("hand_in_back",)
KINDS = ("charge", "charge_back", "receipt", "refund", "hand_in")

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
    RETURN NEW;
END $$;
CREATE TRIGGER allowed BEFORE INSERT ON hand_in_back FOR EACH ROW EXECUTE FUNCTION hand_in_back_allowed();
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
    _causes(CAUSES + BACKS, (*KINDS, "hand_in_back"))
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
    op.create_check_constraint(op.f("ck_voucher_back_reverses"), "voucher", "hand_in_back_id IS NULL OR reverses_id IS NOT NULL")


def _check_anew(name: str, rule: str) -> None:
    op.drop_constraint(op.f(f"ck_voucher_{name}"), "voucher", type_="check")
    op.create_check_constraint(op.f(f"ck_voucher_{name}"), "voucher", rule)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_voucher_back_reverses"), "voucher", type_="check")
    _check_anew("has_one_cause", "num_nonnulls(charge_id, receipt_id, hand_in_id) = 1")
    _check_anew("kind_known", f"kind IN ({', '.join(repr(kind) for kind in KINDS)})")
    for cause in BACKS:
        op.drop_column("voucher", f"{cause}_id")
        op.drop_table(cause)
    op.execute("DROP FUNCTION hand_in_back_allowed")
