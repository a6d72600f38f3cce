"""Cash that finance pays from a branch's cash desk into the bank (缴存), and the hand-ins whose cash it is."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.db import Base, constraint_says
from dispatch.fees.settling_models import CounterEntry
from dispatch.words import say


class BankDeposit(CounterEntry, Base):
    """Cash paid into one of the company's bank accounts, below zero where a deposit was taken back.

    `paid_at` is when the bank took it, `slip` the number on the bank's slip; `reason` says why it is not the sum of its hand-ins.
    """

    __tablename__ = "bank_deposit"
    __table_args__ = (
        *CounterEntry.rules(),
        sa.CheckConstraint("amount > 0 OR btrim(coalesce(reason, '')) <> ''", name="has_reason"),
        sa.CheckConstraint("btrim(bank_account) <> '' AND btrim(slip) <> ''", name="names_account_and_slip"),
        sa.Index(None, "branch_id", "paid_at"),
        sa.Index(
            "uq_bank_deposit_slip", "bank_account", "slip", unique=True, postgresql_where=sa.text("live AND reverses_id IS NULL")
        ),
    )

    number: Mapped[str] = mapped_column(unique=True)
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    bank_account: Mapped[str]
    slip: Mapped[str]
    paid_at: Mapped[datetime]
    live: Mapped[bool] = mapped_column(server_default=sa.true())


class DepositedHandIn(Base):
    """A confirmed hand-in whose cash is in a deposit; `live` until the deposit is taken back."""

    __tablename__ = "deposited_hand_in"
    __table_args__ = (sa.Index("uq_deposited_hand_in_live", "hand_in_id", unique=True, postgresql_where=sa.text("live")),)

    deposit_id: Mapped[int] = mapped_column(sa.ForeignKey("bank_deposit.id"), primary_key=True)
    hand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("hand_in.id"), primary_key=True)
    live: Mapped[bool] = mapped_column(server_default=sa.true())


constraint_says("uq_deposited_hand_in_live", say("The cash of one of these hand-ins is in the bank already. Please look again."))
constraint_says("uq_bank_deposit_slip", say("This slip of that bank account is booked already."))
constraint_says("uq_bank_deposit_reverses_id", say("Somebody has taken this deposit back already."))
constraint_says("uq_bank_deposit_request_key", say("This is booked already."))
constraint_says("hand_in_back_deposited", say("Its cash is in the bank: take that deposit back first."))
constraint_says("deposited_hand_in_stands", say("One of these hand-ins does not stand any more. Please look again."))
