"""When nobody is free (P14): asking for help from outside, offers to contractors, and what became of them."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.devices.models import Holder
from dispatch.orders.models import Order, Visit
from dispatch.outside.rules import MOST_TRIES, WHOM
from dispatch.staff.models import Person
from dispatch.words import say


class OutsideRequest(Base):
    """Somebody asks that an order goes to a contractor, or to a colleague of another branch; a manager decides (P14).

    `starts_at` and `until` are when work may begin there, `minutes` how long it takes. `ceiling` is the most that a contractor
    may ask for it. `approved` is what offers refer to: the database lets none exist that nobody has approved. `for_id` is in
    whose place it was decided. `given_back_at`: no contractor accepted in time, and the dispatcher was told.
    """

    __tablename__ = "outside_request"
    __table_args__ = (
        words_of("whom", tuple(WHOM)),
        words_of("decision", ("approved", "rejected", "withdrawn")),
        sa.CheckConstraint("btrim(reason) <> ''", name="has_reason"),
        sa.CheckConstraint("until > starts_at", name="window_has_length"),
        sa.CheckConstraint("minutes > 0", name="takes_time"),
        sa.CheckConstraint("(whom = 'contractor') = (ceiling IS NOT NULL)", name="contractor_has_ceiling"),
        sa.CheckConstraint("ceiling > 0", name="ceiling_is_money"),
        sa.CheckConstraint("(whom = 'colleague') = (colleague_id IS NOT NULL)", name="colleague_is_named"),
        sa.CheckConstraint("(decision IS NULL) = (decided_at IS NULL)", name="decided_is_whole"),
        sa.CheckConstraint("(decision IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"),
        sa.CheckConstraint("decision = 'withdrawn' OR decided_by_id <> asked_by_id", name="not_by_himself"),
        sa.CheckConstraint("for_id NOT IN (asked_by_id, decided_by_id)", name="for_somebody_else"),
        sa.CheckConstraint("decision <> 'rejected' OR decision_reason IS NOT NULL", name="rejected_has_reason"),
        sa.CheckConstraint("approved = (decision IS NOT NULL AND decision = 'approved')", name="approved_is_decided"),
        sa.UniqueConstraint("key"),
        sa.UniqueConstraint("id", "order_id", "approved"),
        sa.Index("uq_outside_request_open", "order_id", unique=True, postgresql_where=sa.text("decision IS NULL")),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    key: Mapped[uuid.UUID] = mapped_column(sa.Uuid)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("work_order.id"))
    whom: Mapped[str]
    reason: Mapped[str]
    starts_at: Mapped[datetime]
    until: Mapped[datetime]
    minutes: Mapped[int]
    ceiling: Mapped[Decimal | None]
    colleague_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    decision: Mapped[str | None]
    approved: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    given_back_at: Mapped[datetime | None]

    order: Mapped[Order] = relationship()
    colleague: Mapped[Person | None] = relationship(foreign_keys=[colleague_id])
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(foreign_keys=[decided_by_id])
    decided_for: Mapped[Person | None] = relationship(foreign_keys=[for_id])
    offers: Mapped[list[OutsideOffer]] = relationship(viewonly=True, order_by="OutsideOffer.id")


class OutsideOffer(Base):
    """One order offered to one contractor by a link with a PIN; first to accept has it.

    Of the token and the PIN only hashes are stored, the PIN's together with the token, so that a stolen table opens nothing;
    `replaced_hash` is that of the link before, where a new one was made for whoever has the order.
    `expires_at`: until when it can be accepted, and once it was, until when the link works. Accepted, it names the worker who
    comes, his visit and the price agreed. `work_at`: somebody of ours has accepted the work, `amount` is what it is worth;
    `objection` is what he found wrong with it before.
    """

    __tablename__ = "outside_offer"
    __table_args__ = (
        sa.CheckConstraint("request_approved", name="request_is_approved"),
        sa.CheckConstraint("contractor_kind = 'contractor'", name="to_contractor"),
        sa.CheckConstraint("expires_at > made_at", name="lasts"),
        sa.CheckConstraint(f"wrong_pins BETWEEN 0 AND {MOST_TRIES}", name="tries_are_limited"),
        sa.CheckConstraint("accepted_at IS NULL OR declined_at IS NULL", name="accepted_or_declined"),
        sa.CheckConstraint("declined_at IS NULL OR decline_reason IS NOT NULL", name="declined_has_reason"),
        sa.CheckConstraint(
            "num_nonnulls(accepted_at, worker_id, visit_id, price) IN (0, 4)",
            name="accepted_is_whole",
        ),
        sa.CheckConstraint("price > 0 AND price <= ceiling", name="price_within_ceiling"),
        sa.CheckConstraint("num_nonnulls(revoked_at, revoked_by_id, revoke_reason) IN (0, 3)", name="revoked_is_whole"),
        sa.CheckConstraint("num_nonnulls(work_at, work_by_id, amount) IN (0, 3)", name="work_is_whole"),
        sa.CheckConstraint("work_at IS NULL OR accepted_at IS NOT NULL", name="work_was_taken"),
        sa.CheckConstraint("work_by_id <> worker_id", name="work_accepted_by_ours"),
        sa.CheckConstraint("amount >= 0 AND amount <= price", name="amount_within_price"),
        sa.CheckConstraint("amount = price OR work_note IS NOT NULL", name="less_has_reason"),
        sa.CheckConstraint("num_nonnulls(settled_at, settled_by_id, settled_reference) IN (0, 3)", name="settled_is_whole"),
        sa.CheckConstraint("settled_at IS NULL OR work_at IS NOT NULL", name="settled_after_work"),
        sa.CheckConstraint("settled_by_id <> work_by_id", name="settled_by_another"),
        sa.ForeignKeyConstraint(
            ["request_id", "order_id", "request_approved"],
            ["outside_request.id", "outside_request.order_id", "outside_request.approved"],
            name="fk_outside_offer_request",
        ),
        sa.ForeignKeyConstraint(["contractor_id", "contractor_kind"], ["holder.id", "holder.kind"], name="fk_outside_offer_to"),
        sa.ForeignKeyConstraint(["visit_id", "order_id"], ["visit.id", "visit.order_id"], name="fk_outside_offer_visit"),
        sa.ForeignKeyConstraint(
            ["worker_id", "contractor_id"],
            ["contractor_worker.person_id", "contractor_worker.contractor_id"],
            name="fk_outside_offer_worker",
        ),
        sa.UniqueConstraint("token_hash"),
        sa.UniqueConstraint("replaced_hash"),
        sa.UniqueConstraint("visit_id"),
        sa.Index(
            "uq_outside_offer_accepted",
            "order_id",
            unique=True,
            postgresql_where=sa.text("accepted_at IS NOT NULL AND revoked_at IS NULL AND work_at IS NULL"),
        ),
        sa.Index(
            "uq_outside_offer_alive",
            "request_id",
            "contractor_id",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL AND declined_at IS NULL AND work_at IS NULL"),
        ),
        sa.Index(None, "order_id"),
    )

    id: Mapped[Key]
    request_id: Mapped[int]
    order_id: Mapped[int]
    request_approved: Mapped[bool] = mapped_column(server_default=sa.true(), default=True)
    contractor_id: Mapped[int]
    contractor_kind: Mapped[str] = mapped_column(server_default="contractor", default="contractor")
    token_hash: Mapped[bytes]
    replaced_hash: Mapped[bytes | None]
    pin_hash: Mapped[bytes]
    wrong_pins: Mapped[int] = mapped_column(server_default="0", default=0)
    ceiling: Mapped[Decimal]
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    revoke_reason: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    worker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    visit_id: Mapped[int | None]
    price: Mapped[Decimal | None]
    objection: Mapped[str | None]
    work_at: Mapped[datetime | None]
    work_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    amount: Mapped[Decimal | None]
    work_note: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_reference: Mapped[str | None]

    request: Mapped[OutsideRequest] = relationship(viewonly=True)
    contractor: Mapped[Holder] = relationship(viewonly=True)
    made_by: Mapped[Person] = relationship(foreign_keys=[made_by_id])
    worker: Mapped[Person | None] = relationship(foreign_keys=[worker_id])
    work_by: Mapped[Person | None] = relationship(foreign_keys=[work_by_id])
    settled_by: Mapped[Person | None] = relationship(foreign_keys=[settled_by_id])
    visit: Mapped[Visit | None] = relationship(viewonly=True)

    @property
    def standing(self) -> bool:
        """Whether the contractor has the order: accepted, not taken back, and his work not accepted yet."""
        return self.accepted_at is not None and self.revoked_at is None and self.work_at is None


TAKEN = say("Somebody else has accepted this order before you. Thank you all the same.")
ASKED = say("Somebody has asked for help with this order already.")
constraint_says("uq_outside_request_open", ASKED)
constraint_says("uq_outside_request_key", say("This was sent already."))
constraint_says("uq_outside_offer_accepted", TAKEN)
constraint_says("uq_outside_offer_alive", say("This order is offered to this contractor already."))
