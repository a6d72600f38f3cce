"""help from outside: requests, offers to contractors by links, and the workers whom they send"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

OUTSIDE = "NOT outside OR (username IS NULL AND password_hash IS NULL)"

# What goes to or from a contractor is on a paper; but for what his worker fits, and takes out, on an order that he has accepted.
BOTH_SAY_YES = """
CREATE OR REPLACE FUNCTION both_said_yes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF ({which}) AND NOT EXISTS (SELECT FROM hand_over_unit line JOIN hand_over ON hand_over.id = line.hand_over_id
                   WHERE line.unit_id = NEW.unit_id AND line.entry_id IS NULL AND NOT line.left_out
                   AND hand_over.status = 'accepted' AND hand_over.from_holder_id = NEW.from_holder_id
                   AND hand_over.to_holder_id = NEW.to_holder_id) THEN
        RAISE EXCEPTION 'unit % goes over without a paper', NEW.unit_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'custody_entry_both_said_yes';
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = """NEW.reason IN ('issue', 'return', 'hand_over')
    OR EXISTS (SELECT FROM holder giver, holder taker WHERE giver.id = NEW.from_holder_id AND giver.kind = 'bag'
        AND taker.id = NEW.to_holder_id AND taker.kind = 'bench')
    OR NEW.reason IN ('contract_out', 'contract_back')
    OR (EXISTS (SELECT FROM holder WHERE id IN (NEW.from_holder_id, NEW.to_holder_id) AND kind = 'contractor')
        AND NOT EXISTS (SELECT FROM custody_entry wrong WHERE NEW.reason = 'correct' AND wrong.id = NEW.corrects_id
            AND wrong.unit_id = NEW.unit_id AND wrong.from_holder_id = NEW.to_holder_id AND wrong.to_holder_id = NEW.from_holder_id)"""
ON_HIS_ORDER = """
        AND NOT EXISTS (SELECT FROM outside_offer WHERE outside_offer.order_id = NEW.order_id
            AND contractor_id IN (NEW.from_holder_id, NEW.to_holder_id) AND accepted_at IS NOT NULL AND revoked_at IS NULL
            AND EXISTS (SELECT FROM holder WHERE id IN (NEW.from_holder_id, NEW.to_holder_id) AND kind = 'slot'))"""

# The tables of before know nobody from outside: what such people did stays, under their names, as done by people who have left.
WITHOUT_OUTSIDE = "UPDATE person SET active = false WHERE outside"


def _yes(which: str) -> None:
    op.get_bind().connection.cursor().execute(BOTH_SAY_YES.format(which=which))


def upgrade() -> None:
    op.add_column("person", sa.Column("outside", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_unique_constraint(op.f("uq_person_id_outside"), "person", ["id", "outside"])
    op.create_check_constraint(op.f("ck_person_outside_signs_in_nowhere"), "person", OUTSIDE)

    op.create_table(
        "contractor_worker",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("outside", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("contractor_id", sa.BigInteger(), nullable=False),
        sa.Column("contractor_kind", sa.Text(), server_default="contractor", nullable=False),
        sa.CheckConstraint("contractor_kind = 'contractor'", name=op.f("ck_contractor_worker_of_contractor")),
        sa.CheckConstraint("outside", name=op.f("ck_contractor_worker_is_outside")),
        sa.ForeignKeyConstraint(
            ["contractor_id", "contractor_kind"], ["holder.id", "holder.kind"], name="fk_contractor_worker_contractor"
        ),
        sa.ForeignKeyConstraint(["person_id", "outside"], ["person.id", "person.outside"], name="fk_contractor_worker_person"),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_contractor_worker")),
        sa.UniqueConstraint("person_id", "contractor_id", name=op.f("uq_contractor_worker_person_id_contractor_id")),
    )
    op.create_index(op.f("ix_contractor_worker_contractor_id"), "contractor_worker", ["contractor_id"])
    op.create_table(
        "outside_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("whom", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("ceiling", sa.Numeric(precision=12, scale=2)),
        sa.Column("colleague_id", sa.BigInteger()),
        sa.Column("asked_by_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("approved", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision_reason", sa.Text()),
        sa.Column("for_id", sa.BigInteger()),
        sa.Column("given_back_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(whom = 'colleague') = (colleague_id IS NOT NULL)", name=op.f("ck_outside_request_colleague_is_named")
        ),
        sa.CheckConstraint(
            "(whom = 'contractor') = (ceiling IS NOT NULL)", name=op.f("ck_outside_request_contractor_has_ceiling")
        ),
        sa.CheckConstraint(
            "approved = (decision IS NOT NULL AND decision = 'approved')", name=op.f("ck_outside_request_approved_is_decided")
        ),
        sa.CheckConstraint("btrim(reason) <> ''", name=op.f("ck_outside_request_has_reason")),
        sa.CheckConstraint(
            "decision <> 'rejected' OR decision_reason IS NOT NULL", name=op.f("ck_outside_request_rejected_has_reason")
        ),
        sa.CheckConstraint(
            "decision = 'withdrawn' OR decided_by_id <> asked_by_id", name=op.f("ck_outside_request_not_by_himself")
        ),
        sa.CheckConstraint("decision IN ('approved', 'rejected', 'withdrawn')", name=op.f("ck_outside_request_decision_known")),
        sa.CheckConstraint("whom IN ('contractor', 'colleague')", name=op.f("ck_outside_request_whom_known")),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name=op.f("ck_outside_request_decided_is_whole")),
        sa.CheckConstraint("(decision IS NULL) = (decided_by_id IS NULL)", name=op.f("ck_outside_request_decided_by_somebody")),
        sa.CheckConstraint("ceiling > 0", name=op.f("ck_outside_request_ceiling_is_money")),
        sa.CheckConstraint("for_id NOT IN (asked_by_id, decided_by_id)", name=op.f("ck_outside_request_for_somebody_else")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_outside_request_takes_time")),
        sa.CheckConstraint("until > starts_at", name=op.f("ck_outside_request_window_has_length")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_outside_request_asked_by_id")),
        sa.ForeignKeyConstraint(["colleague_id"], ["person.id"], name=op.f("fk_outside_request_colleague_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_outside_request_decided_by_id")),
        sa.ForeignKeyConstraint(["for_id"], ["person.id"], name=op.f("fk_outside_request_for_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_outside_request_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_request")),
        sa.UniqueConstraint("id", "order_id", "approved", name=op.f("uq_outside_request_id_order_id_approved")),
        sa.UniqueConstraint("key", name=op.f("uq_outside_request_key")),
    )
    op.create_index(op.f("ix_outside_request_order_id"), "outside_request", ["order_id"])
    op.create_index(
        "uq_outside_request_open", "outside_request", ["order_id"], unique=True, postgresql_where=sa.text("decision IS NULL")
    )
    op.create_table(
        "outside_offer",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("request_approved", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("contractor_id", sa.BigInteger(), nullable=False),
        sa.Column("contractor_kind", sa.Text(), server_default="contractor", nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("replaced_hash", sa.LargeBinary()),
        sa.Column("pin_hash", sa.LargeBinary(), nullable=False),
        sa.Column("wrong_pins", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ceiling", sa.Numeric(precision=12, scale=2), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True)),
        sa.Column("decline_reason", sa.Text()),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_by_id", sa.BigInteger()),
        sa.Column("revoke_reason", sa.Text()),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("worker_id", sa.BigInteger()),
        sa.Column("visit_id", sa.BigInteger()),
        sa.Column("price", sa.Numeric(precision=12, scale=2)),
        sa.Column("objection", sa.Text()),
        sa.Column("work_at", sa.DateTime(timezone=True)),
        sa.Column("work_by_id", sa.BigInteger()),
        sa.Column("amount", sa.Numeric(precision=12, scale=2)),
        sa.Column("work_note", sa.Text()),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("settled_by_id", sa.BigInteger()),
        sa.Column("settled_reference", sa.Text()),
        sa.CheckConstraint("contractor_kind = 'contractor'", name=op.f("ck_outside_offer_to_contractor")),
        sa.CheckConstraint("accepted_at IS NULL OR declined_at IS NULL", name=op.f("ck_outside_offer_accepted_or_declined")),
        sa.CheckConstraint("amount = price OR work_note IS NOT NULL", name=op.f("ck_outside_offer_less_has_reason")),
        sa.CheckConstraint("amount >= 0 AND amount <= price", name=op.f("ck_outside_offer_amount_within_price")),
        sa.CheckConstraint(
            "declined_at IS NULL OR decline_reason IS NOT NULL", name=op.f("ck_outside_offer_declined_has_reason")
        ),
        sa.CheckConstraint("expires_at > made_at", name=op.f("ck_outside_offer_lasts")),
        sa.CheckConstraint(
            "num_nonnulls(accepted_at, worker_id, visit_id, price) IN (0, 4)", name=op.f("ck_outside_offer_accepted_is_whole")
        ),
        sa.CheckConstraint(
            "num_nonnulls(revoked_at, revoked_by_id, revoke_reason) IN (0, 3)", name=op.f("ck_outside_offer_revoked_is_whole")
        ),
        sa.CheckConstraint(
            "num_nonnulls(settled_at, settled_by_id, settled_reference) IN (0, 3)", name=op.f("ck_outside_offer_settled_is_whole")
        ),
        sa.CheckConstraint("num_nonnulls(work_at, work_by_id, amount) IN (0, 3)", name=op.f("ck_outside_offer_work_is_whole")),
        sa.CheckConstraint("price > 0 AND price <= ceiling", name=op.f("ck_outside_offer_price_within_ceiling")),
        sa.CheckConstraint("request_approved", name=op.f("ck_outside_offer_request_is_approved")),
        sa.CheckConstraint("settled_at IS NULL OR work_at IS NOT NULL", name=op.f("ck_outside_offer_settled_after_work")),
        sa.CheckConstraint("settled_by_id <> work_by_id", name=op.f("ck_outside_offer_settled_by_another")),
        sa.CheckConstraint("work_at IS NULL OR accepted_at IS NOT NULL", name=op.f("ck_outside_offer_work_was_taken")),
        sa.CheckConstraint("work_by_id <> worker_id", name=op.f("ck_outside_offer_work_accepted_by_ours")),
        sa.CheckConstraint("wrong_pins BETWEEN 0 AND 5", name=op.f("ck_outside_offer_tries_are_limited")),
        sa.ForeignKeyConstraint(["contractor_id", "contractor_kind"], ["holder.id", "holder.kind"], name="fk_outside_offer_to"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name=op.f("fk_outside_offer_made_by_id")),
        sa.ForeignKeyConstraint(
            ["request_id", "order_id", "request_approved"],
            ["outside_request.id", "outside_request.order_id", "outside_request.approved"],
            name="fk_outside_offer_request",
        ),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["person.id"], name=op.f("fk_outside_offer_revoked_by_id")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["person.id"], name=op.f("fk_outside_offer_settled_by_id")),
        sa.ForeignKeyConstraint(["visit_id", "order_id"], ["visit.id", "visit.order_id"], name="fk_outside_offer_visit"),
        sa.ForeignKeyConstraint(["work_by_id"], ["person.id"], name=op.f("fk_outside_offer_work_by_id")),
        sa.ForeignKeyConstraint(
            ["worker_id", "contractor_id"],
            ["contractor_worker.person_id", "contractor_worker.contractor_id"],
            name="fk_outside_offer_worker",
        ),
        sa.ForeignKeyConstraint(["worker_id"], ["person.id"], name=op.f("fk_outside_offer_worker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_offer")),
        sa.UniqueConstraint("replaced_hash", name=op.f("uq_outside_offer_replaced_hash")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_outside_offer_token_hash")),
        sa.UniqueConstraint("visit_id", name=op.f("uq_outside_offer_visit_id")),
    )
    op.create_index(op.f("ix_outside_offer_order_id"), "outside_offer", ["order_id"])
    op.create_index(
        "uq_outside_offer_accepted",
        "outside_offer",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NOT NULL AND revoked_at IS NULL AND work_at IS NULL"),
    )
    op.create_index(
        "uq_outside_offer_alive",
        "outside_offer",
        ["request_id", "contractor_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL AND declined_at IS NULL AND work_at IS NULL"),
    )

    _yes(BEFORE + ON_HIS_ORDER + ")")


def downgrade() -> None:
    _yes(BEFORE + ")")
    op.drop_table("outside_offer")
    op.drop_table("outside_request")
    op.drop_table("contractor_worker")
    op.execute(WITHOUT_OUTSIDE)
    op.drop_constraint(op.f("uq_person_id_outside"), "person", type_="unique")
    op.drop_constraint(op.f("ck_person_outside_signs_in_nowhere"), "person", type_="check")
    op.drop_column("person", "outside")
