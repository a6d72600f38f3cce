"""Money that comes after the fact: how the difference of a hand-in is settled, what is paid of what went on account.

Rows are never changed. A wrong one is taken back by a row of the opposite amount that names it; the database keeps their sum
between nothing and what is open.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.settling_rules import PAYING_CHANNELS, SETTLEMENTS
from dispatch.words import say


class DifferenceSettlement(Base):
    """So much of a hand-in's difference is settled: in cash between its owner and the desk, or written off.

    `amount` is above zero whichever way the money went, below where a settlement was taken back. Nobody settles his own.
    """

    __tablename__ = "difference_settlement"
    __table_args__ = (
        words_of("how", tuple(SETTLEMENTS)),
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name="negative_reverses"),
        sa.CheckConstraint("(how = 'paid' AND amount > 0) OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.UniqueConstraint("reverses_id"),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "hand_in_id"),
    )

    id: Mapped[Key]
    hand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_in.id"))
    how: Mapped[str]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("difference_settlement.id"))
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

    hand_in: Mapped[HandIn] = relationship()


class AccountPayment(Base):
    """Money a customer has paid at finance for a receipt on account; below zero where a payment was taken back.

    What is paid of a receipt and given back of it is never more than it took.
    """

    __tablename__ = "account_payment"
    __table_args__ = (
        words_of("channel", PAYING_CHANNELS),
        sa.CheckConstraint("amount <> 0", name="has_amount"),
        sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name="negative_reverses"),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.UniqueConstraint("reverses_id"),
        sa.UniqueConstraint("request_key"),
        sa.Index(None, "receipt_id"),
    )

    id: Mapped[Key]
    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt.id"))
    channel: Mapped[str]
    amount: Mapped[Decimal]
    payer: Mapped[str | None]
    reference: Mapped[str | None]
    reason: Mapped[str | None]
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account_payment.id"))
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]


constraint_says("account_not_past_zero", say("Not so much of this receipt is open any more. Please look again."))
constraint_says("uq_account_payment_reverses_id", say("Somebody has taken this payment back already."))
constraint_says("uq_account_payment_request_key", say("This is booked already."))
constraint_says("difference_not_past_zero", say("Not so much of this difference is open any more. Please look again."))
constraint_says("difference_not_his_own", say("Nobody settles his own difference."))
constraint_says("hand_in_back_difference_settled", say("Its difference is settled: take that back first."))
constraint_says("uq_difference_settlement_reverses_id", say("Somebody has taken this settlement back already."))
constraint_says("uq_difference_settlement_request_key", say("This is booked already."))
