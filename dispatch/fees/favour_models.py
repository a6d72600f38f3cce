"""What is given away on an order, once a ladder of people has said yes: money given back, or a charge let off."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.approvals.models import Request
from dispatch.db import Base, constraint_says
from dispatch.words import say


class Favour(Base):
    """What a request is about: the receipt of which something is given back (`refund_id`, once it was), or the charge.

    `alive` while it may still come to something; a receipt or charge has one at most.
    """

    __tablename__ = "favour"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(receipt_id, charge_id) = 1", name="is_about_one"),
        sa.CheckConstraint("refund_id IS NULL OR receipt_id IS NOT NULL", name="refund_has_receipt"),
        sa.CheckConstraint("refund_id IS NULL OR NOT alive", name="given_back_is_over"),
        sa.UniqueConstraint("refund_id"),
        sa.Index("uq_favour_alive_receipt", "receipt_id", unique=True, postgresql_where=sa.text("alive")),
        sa.Index("uq_favour_alive_charge", "charge_id", unique=True, postgresql_where=sa.text("alive")),
    )

    request_id: Mapped[int] = mapped_column(sa.ForeignKey("approval_request.id"), primary_key=True, autoincrement=False)
    receipt_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"))
    charge_id: Mapped[int | None] = mapped_column(sa.ForeignKey("charge.id"))
    refund_id: Mapped[int | None] = mapped_column(sa.ForeignKey("receipt.id"))
    alive: Mapped[bool] = mapped_column(server_default=sa.true(), default=True)

    request: Mapped[Request] = relationship()


ASKED_ALREADY = say("This was asked for already and waits. Please look again.")

constraint_says("uq_favour_alive_receipt", ASKED_ALREADY)
constraint_says("uq_favour_alive_charge", ASKED_ALREADY)
