"""Money that comes after the fact: how a difference is settled, what is paid of what went on account.

Rows are never changed; the database keeps the sum of those that settle or pay one thing between nothing and what is open.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.settling_rules import PAYING_CHANNELS, SETTLEMENTS
from dispatch.words import say


class CounterEntry:
    """What both have: a row books an amount, and another one of the opposite amount, which names it, may take it back once.

    `request_key` is the form's, by which a second press finds the first; what is taken back has none.
    """

    __tablename__: str

    id: Mapped[Key]
    amount: Mapped[Decimal]
    reason: Mapped[str | None]
    request_key: Mapped[uuid.UUID | None] = mapped_column(sa.Uuid, unique=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    by_name: Mapped[str]
    at: Mapped[datetime]

    @declared_attr
    @classmethod
    def reverses_id(cls) -> Mapped[int | None]:
        """The row that this one takes back."""
        return mapped_column(sa.ForeignKey(f"{cls.__tablename__}.id"), unique=True)

    @staticmethod
    def rules() -> tuple[sa.CheckConstraint, ...]:
        """What the database holds about them."""
        return (
            sa.CheckConstraint("amount <> 0", name="has_amount"),
            sa.CheckConstraint("(reverses_id IS NOT NULL) = (amount < 0)", name="negative_reverses"),
        )


class DifferenceSettlement(CounterEntry, Base):
    """So much of a difference is settled, of a hand-in's or of what matching left to somebody: in cash at the desk, out of pay,
    or written off.

    `amount` is above zero whichever way the money went, below where a settlement was taken back. Nobody settles his own.
    """

    __tablename__ = "difference_settlement"
    __table_args__ = (
        *CounterEntry.rules(),
        words_of("how", tuple(SETTLEMENTS)),
        sa.CheckConstraint("(how = 'paid' AND amount > 0) OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.CheckConstraint("num_nonnulls(hand_in_id, match_id) = 1", name="settles_one"),
        sa.Index(None, "hand_in_id"),
        sa.Index("ix_difference_settlement_match_id", "match_id", postgresql_where=sa.text("match_id IS NOT NULL")),
    )

    hand_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("hand_in.id"))
    match_id: Mapped[int | None] = mapped_column(sa.ForeignKey("line_match.id"))
    how: Mapped[str]

    hand_in: Mapped[HandIn | None] = relationship()


class AccountPayment(CounterEntry, Base):
    """Money a customer has paid at finance for a receipt on account; below zero where a payment was taken back.

    What is paid of a receipt and given back of it is never more than it took.
    """

    __tablename__ = "account_payment"
    __table_args__ = (
        *CounterEntry.rules(),
        words_of("channel", PAYING_CHANNELS),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.Index(None, "receipt_id"),
    )

    receipt_id: Mapped[int] = mapped_column(sa.ForeignKey("receipt.id"))
    channel: Mapped[str]
    payer: Mapped[str | None]
    reference: Mapped[str | None]


constraint_says("account_not_past_zero", say("Not so much of this receipt is open any more. Please look again."))
constraint_says("uq_account_payment_reverses_id", say("Somebody has taken this payment back already."))
constraint_says("uq_account_payment_request_key", say("This is booked already."))
constraint_says("difference_not_past_zero", say("Not so much of this difference is open any more. Please look again."))
constraint_says("difference_not_his_own", say("Nobody settles his own difference."))
MATCHED = say("It is matched with a statement: undo that first.")
SETTLED = say("Its difference is settled: take that back first.")
constraint_says("hand_in_back_difference_settled", SETTLED)
constraint_says("match_undo_difference_settled", SETTLED)
constraint_says("uq_difference_settlement_reverses_id", say("Somebody has taken this settlement back already."))
constraint_says("uq_difference_settlement_request_key", say("This is booked already."))
